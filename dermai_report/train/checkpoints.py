"""Models on disk: whole files or none, without pickled code."""

from __future__ import annotations

import copy
import io
import pickle
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from dermai_report.errors import DermaiError
from dermai_report.files import write_atomically
from dermai_report.run_directory import RunWriter
from dermai_report.train.ema import Average
from dermai_report.train.history import History

BEST, LAST, STATE = "model/dermai_model.pth", "model/dermai_model.pt", "model/last.ckpt"
MEMBER = "model/epoch-{:04d}.pth"


def save_best(run: RunWriter, net: nn.Module, epoch: int, by: str) -> None:
    """The state_dict of the best epoch so far, on the processor and in torch's usual memory format."""
    _save_weights(run.path / BEST, net)
    run.log_checkpoint("best", BEST, epoch=epoch, by=by)


def keep_members(run: RunWriter, net: nn.Module, history: History, size: int) -> None:
    """The state_dicts of the `size` best epochs so far, for an ensemble; those that fell behind are removed."""
    best = history.best_epochs(size)
    if history.epochs in best:
        _save_weights(run.path / MEMBER.format(history.epochs), net)
    for epoch in range(1, history.epochs):
        if epoch not in best:
            (run.path / MEMBER.format(epoch)).unlink(missing_ok=True)


def _save_weights(path: Path, net: nn.Module) -> None:
    state = {key: value.detach().cpu().contiguous() for key, value in net.state_dict().items()}
    buffer = io.BytesIO()  # a file's own name would get into the archive, and equal models would differ
    torch.save(state, buffer)
    write_atomically(path, buffer.getvalue())


def load_weights(run: RunWriter, file: str, net: nn.Module) -> None:
    """Put saved weights back into the network, from the very file that is shipped."""
    net.load_state_dict(torch.load(run.path / file, map_location="cpu", weights_only=True))


def save_state(run: RunWriter, net: nn.Module, optimizer: Optimizer, average: Average | None, history: History) -> None:
    """All that resuming needs beyond the configuration: schedules and random numbers follow from it (see `machine`)."""
    state = {
        "losses": history.losses,
        "scores": history.scores,
        "net": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "average": {"net": average.net.state_dict(), "updates": average.updates} if average else None,
    }
    write_atomically(run.path / STATE, lambda temporary: torch.save(state, temporary))


def load_state(path: Path, net: nn.Module, optimizer: Optimizer, average: Average | None, history: History) -> None:
    """Continue from the last whole epoch of the run at `path`; without one nothing changes. Raises DermaiError."""
    file = path / STATE
    if not file.is_file():
        return
    try:
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
        net.load_state_dict(state["net"])
        optimizer.load_state_dict(state["optimizer"])
        if average:
            average.net.load_state_dict(state["average"]["net"])
            average.updates = state["average"]["updates"]
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, TypeError, pickle.UnpicklingError) as error:
        raise DermaiError(f"cannot resume from {file}: {str(error).partition(chr(10))[0]}", "start a new run") from error
    history.losses, history.scores = list(state["losses"]), list(state["scores"])


def export_last(run: RunWriter, net: nn.Module, side: int, epoch: int) -> None:
    """The final model as a torch.export program for batches of any size; torch alone loads it."""
    plain = copy.deepcopy(net).cpu().to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    example = torch.zeros(2, 3, side, side)  # 2: a batch of 1 would be taken for a constant
    program = torch.export.export(plain, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    write_atomically(run.path / LAST, buffer.getvalue())
    run.log_checkpoint("last", LAST, epoch=epoch)

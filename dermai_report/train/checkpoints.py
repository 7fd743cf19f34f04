"""Models on disk: whole files or none, without pickled code."""

from __future__ import annotations

import copy
import io
import pickle
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from dermai_report.errors import DermaiError
from dermai_report.files import write_atomically
from dermai_report.storage.run_directory import RunWriter, read_manifest
from dermai_report.train import distributed
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import DataSet
from dermai_report.train.ema import Average
from dermai_report.train.history import History
from dermai_report.train.swa import EpochAverage

BEST, LAST, STATE = "model/dermai_model.pth", "model/dermai_model.pt", "model/last.ckpt"
MEMBER = "model/epoch-{:04d}.pth"


@dataclass(frozen=True)
class Snapshot:
    """The end of an epoch, copied, so that training goes on while it is written.

    shipped: the state_dict that is evaluated; state: all that resuming needs beyond the configuration (schedules and random
    numbers follow from it, see `machine`); best: the epochs so far, the best one first.
    """

    epoch: int
    shipped: dict[str, Tensor]
    state: dict[str, Any]
    best: tuple[int, ...]


def snapshot(net: nn.Module, optimizer: Optimizer, average: Average | EpochAverage | None, history: History) -> Snapshot:
    """Copies on the processor."""
    averaged = _copied(average.net.state_dict()) if average else None
    state = {
        "losses": list(history.losses),
        "scores": list(history.scores),
        "net": _copied(net.state_dict()),
        "optimizer": _copied(optimizer.state_dict()),
        "average": {"net": averaged, "updates": average.updates} if average else None,
    }
    return Snapshot(history.epochs, averaged or state["net"], state, tuple(history.best_epochs(history.epochs)))


def save(run: RunWriter, ended: Snapshot, config: TrainConfig) -> None:
    """The epoch's weights where they are the best so far, or among those of an ensemble; last what resuming starts from."""
    if ended.best[:1] == (ended.epoch,):
        save_best(run, ended, config.best_by)
    if config.ensemble > 1:
        keep_members(run, ended, ended.best[: config.ensemble])
    save_state(run, ended)


def save_best(run: RunWriter, ended: Snapshot, by: str) -> None:
    """The state_dict of the best epoch so far, on the processor and in torch's usual memory format."""
    _save_weights(run.path / BEST, ended.shipped)
    run.log_checkpoint("best", BEST, epoch=ended.epoch, by=by)


def keep_members(run: RunWriter, ended: Snapshot, best: tuple[int, ...]) -> None:
    """The state_dicts of the best epochs so far, for an ensemble; those that fell behind are removed."""
    if ended.epoch in best:
        _save_weights(run.path / MEMBER.format(ended.epoch), ended.shipped)
    for epoch in range(1, ended.epoch):
        if epoch not in best:
            (run.path / MEMBER.format(epoch)).unlink(missing_ok=True)


def save_state(run: RunWriter, ended: Snapshot) -> None:
    """What resuming starts from."""
    write_atomically(run.path / STATE, partial(_stream, ended.state))
    run.changed()


def _stream(state: dict[str, Any], path: Path) -> None:
    """torch.save, with a full disk as the OSError it is: torch closes its archive after a failed write, and reports only that."""
    with path.open("wb") as file:
        try:
            torch.save(state, file)
        except RuntimeError as error:
            reason: BaseException | None = error
            while reason is not None and not isinstance(reason, OSError):
                reason = reason.__context__
            raise reason or error from None


def _save_weights(path: Path, weights: dict[str, Tensor]) -> None:
    state = {key: value.contiguous() for key, value in weights.items()}
    buffer = io.BytesIO()  # a file's own name would get into the archive, and equal models would differ
    torch.save(state, buffer)
    write_atomically(path, buffer.getvalue())


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def load_weights(run: RunWriter | None, file: str, net: nn.Module) -> None:
    """Put saved weights back into the network, from the very file that is shipped. run: None where another process writes it."""
    if run is not None:
        net.load_state_dict(torch.load(run.path / file, map_location="cpu", weights_only=True))
    distributed.as_first(net)


def check_same_data(resume: Path, data: DataSet) -> None:
    """Raise DermaiError unless a run was made from these very pictures: on others it could not end the same."""
    recorded = read_manifest(resume).data.fingerprint
    if recorded != data.facts.fingerprint:
        raise DermaiError(
            f"the pictures in {data.facts.source} are not the ones that {resume} was trained on", "start a new run"
        )


def load_state(
    path: Path | None, net: nn.Module, optimizer: Optimizer, average: Average | EpochAverage | None, history: History
) -> None:
    """Continue from the last whole epoch of the run at `path`; without one nothing changes. Raises DermaiError.

    path: None in a process that takes over what the first one has read.
    """
    file = path / STATE if path else None
    try:
        read = torch.load(file, map_location="cpu", weights_only=True) if file and file.is_file() else None
        state: dict[str, Any] | None = distributed.agreed(read)
        if state is None:
            return
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

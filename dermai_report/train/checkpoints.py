"""Models on disk: whole files or none, without pickled code."""

from __future__ import annotations

import copy
import io

import torch
from torch import nn

from dermai_report.files import write_atomically
from dermai_report.run_directory import RunWriter

BEST, LAST = "model/dermai_model.pth", "model/dermai_model.pt"


def save_best(run: RunWriter, net: nn.Module, epoch: int, by: str) -> None:
    """The state_dict of the best epoch so far, on the processor and in torch's usual memory format."""
    state = {key: value.detach().cpu().contiguous() for key, value in net.state_dict().items()}
    buffer = io.BytesIO()  # a file's own name would get into the archive, and equal models would differ
    torch.save(state, buffer)
    write_atomically(run.path / BEST, buffer.getvalue())
    run.log_checkpoint("best", BEST, epoch=epoch, by=by)


def load_best(run: RunWriter, net: nn.Module) -> None:
    """Put the best epoch's weights back into the network, from the very file that is shipped."""
    net.load_state_dict(torch.load(run.path / BEST, map_location="cpu", weights_only=True))


def export_last(run: RunWriter, net: nn.Module, side: int, epoch: int) -> None:
    """The final model as a torch.export program for batches of any size; torch alone loads it."""
    plain = copy.deepcopy(net).cpu().to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    example = torch.zeros(2, 3, side, side)  # 2: a batch of 1 would be taken for a constant
    program = torch.export.export(plain, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    write_atomically(run.path / LAST, buffer.getvalue())
    run.log_checkpoint("last", LAST, epoch=epoch)

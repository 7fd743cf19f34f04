"""One training on several processes: torchrun starts them, DistributedDataParallel averages gradients; here is who does what.

    torchrun --nproc-per-node 2 -m dermai_report.cli.train --data photos

Every process draws the same order of pictures and takes its own pieces of each batch, so a step sees the same pictures as with
one process. Sums, not means, are exchanged: scores are of all pictures, whatever the shares. The first process alone writes.
What torch.distributed knows is asked for where it is needed; without it there is one process, and nothing here costs anything.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

T = TypeVar("T")
TIMEOUT = datetime.timedelta(minutes=30)  # of one exchange; the export of the last model is the longest wait


def size() -> int:
    """Processes."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is, from 0."""
    return dist.get_rank() if size() > 1 else 0


def is_first() -> bool:
    """Whether this process is the one that writes."""
    return rank() == 0


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Join the processes that torchrun started, if it did."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or size() > 1:
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=TIMEOUT)
    try:
        yield
    finally:
        dist.destroy_process_group()


def local_device(device: torch.device) -> torch.device:
    """The GPU of this process on its machine; any other device is shared."""
    if "LOCAL_RANK" in os.environ and device == torch.device("cuda"):
        return torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    return device


@contextmanager
def first_alone() -> Iterator[None]:
    """The first process goes in alone, the others after it: they find what it has left on the disk."""
    turns = (lambda: None, meet) if is_first() else (meet, lambda: None)
    turns[0]()
    yield
    turns[1]()


def meet() -> None:
    """Wait until all processes have come here."""
    if size() > 1:
        dist.barrier()


def share(n: int) -> slice:
    """The part of n things in a row that is this process's own."""
    return slice(n * rank() // size(), n * (rank() + 1) // size())


def together(module: nn.Module, device: torch.device) -> nn.Module:
    """The module with gradients averaged over all processes after each backward pass."""
    if size() == 1:
        return module
    return nn.parallel.DistributedDataParallel(module, device_ids=[device] if device.type == "cuda" else None)


def mean_loss(loss: Tensor, weight: Tensor) -> tuple[Tensor, float]:
    """What this process minimises, and the mean over all processes.

    loss: the weighted mean over this process's pictures, of total weight `weight`. Averaged gradients of unequal shares would
    weigh pictures of the smaller share more; so each share counts by its weight.
    """
    if size() == 1:
        return loss, loss.item()  # waits for the device
    sums = torch.stack([loss.detach().double() * weight.double(), weight.double()])
    dist.all_reduce(sums)
    return loss * (weight * size() / sums[1]).float(), float(sums[0] / sums[1])


def agreed(value: T) -> T:
    """The first process's value, whatever it is made of."""
    if size() == 1:
        return value
    values = [value]
    dist.broadcast_object_list(values, src=0)
    return values[0]


def total(values: Tensor) -> Tensor:
    """The sum over all processes."""
    if size() > 1:
        values = values.to(_exchanged())
        dist.all_reduce(values)
    return values


def highest(value: int) -> int:
    """The largest of all processes' values."""
    if size() == 1:
        return value
    number = torch.tensor(value, device=_exchanged())
    dist.all_reduce(number, op=dist.ReduceOp.MAX)
    return int(number)


def gathered(rows: Tensor, n: int) -> Tensor:
    """The rows of all processes in order; rows: those of this process's `share` of n."""
    if size() == 1:
        return rows
    shares = [slice(n * r // size(), n * (r + 1) // size()) for r in range(size())]
    longest = max(s.stop - s.start for s in shares)
    padded = rows.new_zeros(longest, *rows.shape[1:])
    padded[: len(rows)] = rows
    parts = [torch.empty_like(padded) for _ in shares]
    dist.all_gather(parts, padded)
    return torch.cat([part[: s.stop - s.start] for part, s in zip(parts, shares, strict=True)])


def as_first(net: nn.Module, *, buffers_only: bool = False) -> None:
    """Take over what the first process's network holds."""
    if size() == 1:
        return
    for tensor in (*net.buffers(), *(() if buffers_only else net.parameters())):
        dist.broadcast(tensor.detach(), src=0)


def _exchanged() -> torch.device:
    """Where tensors must lie to be exchanged."""
    return torch.device("cuda" if dist.get_backend() == "nccl" else "cpu")

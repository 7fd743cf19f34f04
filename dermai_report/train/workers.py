"""Small pieces of a batch on workers of one thread each.

A piece of four images stays in a core's own cache through a whole chain of operations, where a batch would travel to main
memory and back after each; and a worker that computes alone never waits for another inside an operation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch
from torch import Tensor

PIECE = 4  # images; measured on two cores: 2 and 8 are within 2 % of it either way, whole batches slower by a third


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """So many workers, each with one thread of torch's."""
    ready = threading.Barrier(threads + 1)

    def begin() -> None:
        torch.set_num_threads(1)
        ready.wait()

    pool = ThreadPoolExecutor(threads, thread_name_prefix="piece")
    for _ in range(threads):
        pool.submit(begin)
    ready.wait()
    torch.set_num_threads(threads)  # the workers' setting became the default of threads that start later
    return pool


def in_pieces(work: Callable[..., Tensor], batch: Tensor, *others: Sequence[object]) -> Tensor:
    """`work` on pieces of the batch (with the matching entry of each of `others`), put together again in order.

    On a processor the pieces are of PIECE images; any other device takes the batch whole.
    """
    pieces = torch.split(batch, piece_of(len(batch), batch.device))
    if len(pieces) == 1 or batch.device.type != "cpu":
        return torch.cat([work(*each) for each in zip(pieces, *others, strict=True)])
    return torch.cat(list(_pool(torch.get_num_threads()).map(work, pieces, *others)))


def piece_of(n: int, device: torch.device) -> int:
    """Images a piece of a batch of n."""
    return PIECE if device.type == "cpu" else max(n, 1)


def count_pieces(batch: Tensor) -> int:
    """Pieces that a batch is divided into."""
    return -(-len(batch) // piece_of(len(batch), batch.device))

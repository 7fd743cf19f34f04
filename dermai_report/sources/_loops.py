"""The loops of batches that a training prints without a name: over the training set first, over the validation set then.

A progress bar says `Loss: 0.5 | Acc: 81%` and `390/391`, and says the same again, up to 100/100, of the other set. Where each
epoch has two such loops, their order tells which is which; the last line of each holds its running mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dermai_report.sources._columns import meaning

SPLITS = ("train", "val")


@dataclass(frozen=True)
class Bar:
    """A line that a progress bar printed. epoch: the one it stands in; done, total: batches; values: as printed, by name."""

    epoch: int | None
    done: int
    total: int
    values: Mapping[str, str]


def named(bars: Sequence[Bar], notes: list[str]) -> list[dict[str, str] | None] | None:
    """The values of each bar, its last line's alone, with the split of its loop before each name; None of every other line.

    None where the order tells nothing: an epoch has one loop, or more than two, or a name says a split already.
    """
    if any(meaning(name).split for bar in bars for name in bar.values):
        return None
    loops = _loops(bars)
    every = {bar.epoch for bar in bars}
    second = {bar.epoch for bar, loop in zip(bars, loops, strict=True) if loop == 1}
    if max(loops, default=0) != 1 or len(second) < max(1, len(every) - 1):  # the last epoch may have been cut off
        return None
    first, then = (next(bar.total for bar, loop in zip(bars, loops, strict=True) if loop == k) for k in (0, 1))
    notes.append(
        f"Each epoch prints two loops without a name, of {first} and of {then} batches: the first was taken as training, the second "
        "as validation. The values are those that the progress bar showed last; its training loss is a running mean."
    )
    last = {(bar.epoch, loop): i for i, (bar, loop) in enumerate(zip(bars, loops, strict=True))}
    return [
        {_with_split(name, SPLITS[loop]): value for name, value in bar.values.items()} if last[bar.epoch, loop] == i else None
        for i, (bar, loop) in enumerate(zip(bars, loops, strict=True))
    ]


def _with_split(name: str, split: str) -> str:
    return f"{split} {name}" if meaning(name).role == "metric" else name


def _loops(bars: Sequence[Bar]) -> list[int]:
    """Of each line how many loops of its epoch were over before it: a loop begins where the count of batches falls back."""
    found: list[int] = []
    before: Bar | None = None
    for bar in bars:
        if before is None or bar.epoch != before.epoch:
            found.append(0)
        else:
            again = bar.done == before.done and bar.values != before.values
            found.append(found[-1] + (bar.total != before.total or bar.done < before.done or again))
        before = bar
    return found

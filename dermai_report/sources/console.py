"""What a training loop of one's own prints: any line that names an epoch, a loss or an accuracy.

An epoch's values may stand in one line or in several below its number. Lines of batches count as training by steps. Progress bars, clocks,
colours, and lines about checkpoints and best values are passed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._columns import meaning
from dermai_report.sources._log import NO, NOT_JSON, PERHAPS, Log
from dermai_report.sources._loops import Bar, named
from dermai_report.sources._spoken import LONGEST, WORTH, Said, of_split, said
from dermai_report.sources._table import table_of_rows

ENOUGH = 4000  # lines that are looked at to recognise a log
FEW = 2  # lines with an epoch and a metric that make a log
SELDOM = 0.3  # a kind of line without an epoch's number that stands below fewer of the epochs is no part of the log


@dataclass(frozen=True)
class Line:
    """A line that says a metric: its number, and the epoch it belongs to as printed."""

    number: int
    epoch: int | None
    said: Said


def recognises(log: Log) -> int:
    """Text of which some lines name epochs and, there or below, metrics."""
    if not log.is_text or log.json_lines or log.json is not NOT_JSON:
        return NO
    found = _lines(log.head_text.split("\n")[:ENOUGH])
    return PERHAPS if sum(line.epoch is not None for line in found) >= FEW else NO


def read(log: Log) -> Run:
    """Read it; raises DermaiError where no line says a metric of an epoch."""
    notes: list[str] = []
    lines = _of_epochs(_lines(log.lines), log.name, notes)
    if not lines:
        raise DermaiError(
            f"{log.path} names no loss or accuracy of an epoch", "print a line an epoch: Epoch 3: train loss 0.5, val loss 0.6"
        )
    lines = _bare_losses(_summaries(_of_loops(lines, notes)), notes)
    return assemble(log, [table_of_rows(_rows(lines), log.name)], source="console", notes=notes)


def _lines(texts: Sequence[str]) -> list[Line]:
    """The lines with metrics, each with the epoch it names or that was named above it."""
    heard = [(i, said(text)) for i, text in enumerate(texts, 1) if WORTH.search(text, 0, LONGEST)]
    by_word = any(line.epoch is not None and not line.aside for _, line in heard)
    found: list[Line] = []
    epoch: int | None = None
    split: str | None = None
    for number, line in heard:
        told = line.epoch if by_word else line.count
        if told is not None and not line.aside:
            split = split if told == epoch else None
            epoch = told
        if not any(meaning(n).role == "metric" for n in line.values):
            split = line.split or split
            continue
        values = line.values if line.split else {of_split(name, split): value for name, value in line.values.items()}
        batch = line.batch or (by_word and line.count is not None)
        done = line.done if by_word else None  # without the word, what is counted are epochs
        found.append(Line(number, epoch, replace(line, epoch=told, values=values, batch=batch, done=done)))
    return found


def _of_epochs(lines: list[Line], file: str, notes: list[str]) -> list[Line]:
    """Without values of progress bars where others are printed, asides, and lines that only stand near the log."""
    lines = [line for line in lines if line.epoch is not None]
    if any(not line.said.running and not line.said.aside for line in lines):
        lines = [line for line in lines if not line.said.running]
    elif lines:
        notes.append("The values are those that the progress bar showed last; its training loss is a running mean.")
    full = {line.epoch for line in lines if not line.said.aside}
    lines = [line for line in lines if not line.said.aside or line.epoch not in full]
    epochs = len({line.epoch for line in lines})
    below: dict[tuple[str, ...], set[int | None]] = defaultdict(set)
    for line in lines:
        if line.said.epoch is None:
            below[tuple(line.said.values)].add(line.epoch)
    stray = [
        n
        for n in lines
        if n.said.epoch is None and epochs > 3 and len(below[tuple(n.said.values)]) < SELDOM * epochs and not _tests(n)
    ]
    if stray:
        notes.append(f"{len(stray)} lines that name a metric and belong to no epoch were left out ({file}:{stray[0].number}).")
    return [line for line in lines if not any(line is s for s in stray)]


def _of_loops(lines: list[Line], notes: list[str]) -> list[Line]:
    """Where bars without a name print two loops an epoch, the last line of each, told apart."""
    bars = [n for n in lines if n.said.done is not None]
    values = named([Bar(n.epoch, *n.said.done, n.said.values) for n in bars if n.said.done is not None], notes)
    if values is None:
        return lines
    last = {n.number: replace(n, said=replace(n.said, values=v, batch=False)) for n, v in zip(bars, values, strict=True) if v}
    return [last.get(n.number, n) for n in lines if n.said.done is None or n.number in last]


def _tests(line: Line) -> bool:
    return any(meaning(name).split == "test" for name in line.said.values)


def _summaries(lines: list[Line]) -> list[Line]:
    """Lines of batches give way to those of the whole epoch; of an evaluation's batches the last stands for all."""
    said_of_all = {_key(name) for line in lines if not line.said.batch for name in line.said.values}
    last: dict[tuple[int | None, tuple[str, str]], int] = {}
    for i, line in enumerate(lines):
        for name in line.said.values:
            last[line.epoch, _key(name)] = i
    kept = []
    for i, line in enumerate(lines):
        values = line.said.values
        if line.said.batch:
            values = {
                name if meaning(name).split or meaning(name).role != "metric" else f"train {name}": value
                for name, value in values.items()
                if _key(name) not in said_of_all and (_key(name)[0] == "train" or last[line.epoch, _key(name)] == i)
            }
        if any(meaning(name).role == "metric" for name in values):
            kept.append(replace(line, said=replace(line.said, values=values)))
    return kept


def _bare_losses(lines: list[Line], notes: list[str]) -> list[Line]:
    """A loss without a split is that of training where no other is: what a loop prints while it trains."""
    senses = {name: meaning(name) for line in lines for name in line.said.values}
    if any(s.split == "train" and s.metric == "loss" for s in senses.values()):
        return lines
    bare = {n: f"train {n}" for n, s in senses.items() if s.role == "metric" and s.split is None and s.name == "loss"}
    if bare and any(s.split for s in senses.values()):
        notes.append(f"{next(iter(bare))!r} was taken as the training loss.")
        return [replace(n, said=replace(n.said, values={bare.get(k, k): v for k, v in n.said.values.items()})) for n in lines]
    return lines


def _key(name: str) -> tuple[str, str]:
    sense = meaning(name)
    return sense.split or "train", sense.name


def _rows(lines: list[Line]) -> list[tuple[int, dict[str, Any]]]:
    """A row a line: its epoch and values, and where batches were printed their count as the step."""
    step = 0
    rows: list[tuple[int, dict[str, Any]]] = []
    counted = any(line.said.batch for line in lines)
    for line in lines:
        step += line.said.batch
        rows.append((line.number, {"epoch": line.epoch, **({"step": step} if counted else {}), **line.said.values}))
    return rows

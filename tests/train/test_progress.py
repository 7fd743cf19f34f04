"""Live bars on a terminal, plain lines anywhere else."""

from __future__ import annotations

import io
import re
import time

import pytest
from rich.console import Console

from dermai_report.train.progress import Progress

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def shown(terminal: bool, first: int = 1) -> str:
    """Two epochs of four, two batches each."""
    file = io.StringIO()
    with Progress(Console(file=file, force_terminal=terminal, width=150, highlight=False)) as progress:
        for number in (first, first + 1):
            advance = progress.epoch(number, 4, 2)
            for done in (1, 2):
                time.sleep(0.01)
                advance(32 * done, 0.5, 0.75, 1e-3)
            progress._bars.refresh()
            progress.status("validating")
            values = {"loss": 0.5, "accuracy": 0.75}
            progress.epoch_line(number, 4, values, values, 1e-3, 1.5, best=True)
    return ESCAPES.sub("", file.getvalue())


def test_a_terminal_has_bars_of_the_run_and_of_the_epoch() -> None:
    text = shown(terminal=True)
    for expected in (
        r"all epochs .* 1/4",
        r"epoch 2/4 .* 2/2",
        r"loss 0\.5000  acc 75\.00%  lr 0\.001  \d+ images/s",
        r"\d:\d\d left",
    ):
        assert re.search(expected, text), expected


def test_elsewhere_there_is_a_line_an_epoch_and_nothing_else() -> None:
    line = "epoch {}/4  train loss 0.5000 acc 75.00%  val loss 0.5000 acc 75.00%  lr 0.001  1.5 s  best"
    assert shown(terminal=False).splitlines() == [line.format(1), line.format(2)]


def test_the_time_left_of_a_resumed_run_follows_from_its_own_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter((100.0, 110.0))  # the start, and after the one batch of epoch 3 of 4
    monkeypatch.setattr("dermai_report.train.progress.time.perf_counter", lambda: next(now))
    progress = Progress(Console(file=io.StringIO()))
    progress.epoch(3, 4, 1)(8, 0.5, 0.75, 1e-3)
    assert "0:10 left" in {task.fields["text"] for task in progress._bars.tasks}

"""Work beside the training: in order, and no failure is lost."""

from __future__ import annotations

import threading

import pytest

from dermai_report.train.background import Background


def fail() -> None:
    raise OSError("full")


def test_one_piece_at_a_time_in_order() -> None:
    done: list[int] = []
    go = threading.Event()
    with Background() as files:
        files.start(lambda: (go.wait(10), done.append(1))[-1])
        assert done == []
        go.set()
        files.start(lambda: done.append(2))
        files.wait()
        assert done == [1, 2]
        files.start(lambda: done.append(3))
    assert done == [1, 2, 3]


def test_what_goes_wrong_is_raised_by_the_next_call_once() -> None:
    with Background() as files:
        files.start(fail)
        with pytest.raises(OSError, match="full"):
            files.start(lambda: None)
        files.wait()


def test_what_goes_wrong_last_is_raised_at_the_end() -> None:
    with pytest.raises(OSError, match="full"), Background() as files:
        files.start(fail)


def test_an_interruption_waits_for_the_files() -> None:
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt), Background() as files:
        files.start(lambda: done.append(1))
        raise KeyboardInterrupt
    assert done == [1]

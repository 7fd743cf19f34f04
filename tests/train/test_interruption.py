"""No signal is lost, whenever it comes."""

from __future__ import annotations

import signal

import pytest

from dermai_report.train import distributed
from dermai_report.train.interruption import Interruption


def test_a_signal_during_the_exchange_between_processes_stops_the_next_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    interruption = Interruption()

    def exchange(value: int) -> int:
        if interruption.signal is None:
            interruption.ask(signal.SIGTERM, None)
        return value

    monkeypatch.setattr(distributed, "highest", exchange)
    interruption.check()
    with pytest.raises(KeyboardInterrupt):
        interruption.check()
    assert interruption.signal == signal.SIGTERM


def test_one_process_is_asked_and_all_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    interruption = Interruption()
    monkeypatch.setattr(distributed, "highest", lambda value: max(value, signal.SIGTERM))
    with pytest.raises(KeyboardInterrupt):
        interruption.check()
    assert interruption.signal == signal.SIGTERM


def test_a_second_signal_stops_at_once() -> None:
    interruption = Interruption()
    interruption.ask(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt):
        interruption.ask(signal.SIGINT, None)

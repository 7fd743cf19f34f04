"""Numbers in words."""

import math

import pytest

from dermai_report import wording


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "unknown"), (math.nan, "unknown"), (math.inf, "unknown"), (4.26, "4.3 s"), (59.4, "59 s"), (3725, "1 h 2 min")],
)
def test_durations(seconds: float | None, words: str) -> None:
    assert wording.duration(seconds) == words

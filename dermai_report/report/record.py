"""What every part of a report is made of: a struct that reads like a row, and the words that its fields are in."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Severity = Literal["info", "warning", "error"]
Verdict = Literal["none", "provisional", "likely", "certain", "unknown"]
# What a confidence rests on. counted: the finding is a count or was read, certain if the log is right; calibrated: of findings with
# this confidence about as large a share was right in simulations, or more; judged: nobody measured how often it is right.
Basis = Literal["counted", "calibrated", "judged"]
Tone = Literal["good", "warning", "bad", "neutral", "unknown"]
Unit = Literal["percent", "points", "nats", "count", "epoch", "seconds", "plain", "text"]
Role = Literal["train", "val", "test", "reference", "neutral"]
Interval = tuple[float, float]


class Record(msgspec.Struct, frozen=True):
    """A struct that also reads like a row: `record["epoch"]` and `record.get("epoch")`."""

    def __getitem__(self, key: str) -> Any:
        if key not in self.__struct_fields__:
            raise KeyError(key)
        return getattr(self, key)

    def get(self, key: str, default: Any = None) -> Any:
        """The field of that name, or `default` when there is none."""
        return getattr(self, key) if key in self.__struct_fields__ else default

    def keys(self) -> tuple[str, ...]:
        """The field names, so that `dict(record)` works."""
        return self.__struct_fields__

"""What a training loop logs of an epoch, as a line of epochs.jsonl: nothing is written that the reader would refuse."""

from __future__ import annotations

import json
import operator
from collections.abc import Mapping
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.plain import plain, text
from dermai_report.storage.run_files import LAST_EPOCH, accuracies, is_fraction, parse_epoch


def epoch_line(number: int, *, train: Any, val: Any, lr: Any, seconds: Any, phase: Any, extra: Mapping[str, Any]) -> bytes:
    """The line, newline included; raises DermaiError that names the value that does not fit."""
    values = {
        "epoch": number,
        "train": _metrics("train", train),
        "val": _metrics("val", val),
        "lr": _rates(lr),
        "seconds": as_number("seconds", seconds),
        "phase": None if phase is None else text(phase),
        **extra,
    }
    kept = {k: v for k, v in plain(values).items() if v is not None and v != {}}
    line = json.dumps(kept, allow_nan=False).encode()
    try:
        logged = parse_epoch(line)
    except ValueError as error:
        raise DermaiError(f"epoch {number} does not fit into the log: {error}", "its schema is in docs/run-format.md") from None
    for what, value in accuracies(logged):
        if not is_fraction(value):
            raise DermaiError(f"{what} {value:g} is not a fraction between 0 and 1", "log 0.8243 for 82.43 percent")
    return line + b"\n"


def epoch_number(value: Any) -> int:
    """A number of an epoch, from 1; raises DermaiError for anything else."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise DermaiError(f"epoch {value!r:.60} is not a whole number", "epochs are numbered 1, 2, 3, …") from None
    if number < 1:
        raise DermaiError(f"epoch {number}: epochs are numbered from 1", "log epoch + 1 where the loop counts from 0")
    if number > LAST_EPOCH:
        raise DermaiError(f"epoch {number} is past {LAST_EPOCH:,}", "number the epochs, not the steps")
    return number


def as_number(what: str, value: Any) -> float | None:
    """A Python, numpy or torch scalar as a number, None as it is; raises DermaiError for anything else."""
    try:
        item = value.item() if hasattr(value, "item") else value
        if item is None:
            return None
        if isinstance(item, int | float) and not isinstance(item, bool):
            return float(item)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        pass  # several values, a tensor without data, or a number that no float holds
    raise DermaiError(
        f"{what} is {value!r:.60}, not a number",
        "metrics are numbers; log anything else, such as a list, by a keyword of its own: log_epoch(…, per_class=[…])",
    )


def _metrics(split: str, metrics: Any) -> dict[str, float]:
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping):
        raise DermaiError(f"{split} is {metrics!r:.60}, not metrics by name", f'log {split}={{"loss": …, "accuracy": …}}')
    numbers = {text(name): as_number(f"{split} metric {name!r}", value) for name, value in metrics.items()}
    return {name: value for name, value in numbers.items() if value is not None}


def _rates(lr: Any) -> list[float] | None:
    """One learning rate, or one a parameter group."""
    if lr is None:
        return None
    given = lr.tolist() if hasattr(lr, "tolist") else lr
    rates = [as_number("lr", rate) for rate in (given if isinstance(given, list | tuple) else [given])]
    if None in rates:
        raise DermaiError(f"lr is {lr!r:.60}: a learning rate is missing", "log one number, or one a parameter group")
    return [rate for rate in rates if rate is not None]

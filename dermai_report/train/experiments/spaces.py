"""What --over names: keys whose values are searched, each with its range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from dermai_report.errors import DermaiError, unknown_name
from dermai_report.storage.experiment_files import Space
from dermai_report.train import config as configuration
from dermai_report.train.config import TrainConfig

End = Literal["low", "high"]


def spaces_of(wish: str, config: TrainConfig) -> dict[str, Space]:
    """From `KEY[:LOW:HIGH],…` to the space of each key. Raises DermaiError for a name, a range or a combination that is wrong."""
    spaces: dict[str, Space] = {}
    for item in wish.split(","):
        name, *ends = item.strip().split(":")
        key = name.replace("-", "_")
        if key in spaces:
            raise DermaiError(f"{key} is named twice in --over", "leave one out")
        spaces[key] = _within(key, _known(key), ends)
    for end in ("low", "high"):  # such as a learning rate of an averaging that is off
        TrainConfig.from_mapping({**config.record(), **{key: getattr(s, end) for key, s in spaces.items()}})
    return spaces


def _known(key: str) -> Space:
    usual = configuration.searchable()
    if key in usual:
        return usual[key]
    if key in configuration.fields():
        raise DermaiError(f"{key} cannot be searched: no range of continuous values", f"these can: {', '.join(usual)}")
    raise unknown_name("value to search", key, usual)


def _within(key: str, usual: Space, ends: list[str]) -> Space:
    low, high = usual.low, usual.high
    if ends:
        try:
            low, high = map(float, ends)
        except ValueError:
            raise DermaiError(f"--over {':'.join((key, *ends))} is no range", f"write {key}:{low:g}:{high:g}") from None
        TrainConfig.checked({key: low})
        TrainConfig.checked({key: high})
        if not low < high < float("inf"):
            raise DermaiError(f"{key} from {low:g} to {high:g} is no range", "the lower end comes first")
        if usual.log and low <= 0:
            raise DermaiError(f"{key} from {low:g}: it is searched on a logarithmic scale", "start above 0")
    further: Mapping[End, float] = {
        "low": low / 2 if usual.log else low - (high - low) / 100,
        "high": high * 2 if usual.log else high + (high - low) / 100,
    }
    beyond = tuple(end for end, value in further.items() if _is_valid(key, value))
    return msgspec.structs.replace(usual, low=low, high=high, beyond=beyond)


def _is_valid(key: str, value: float) -> bool:
    try:
        TrainConfig.checked({key: value})
    except DermaiError:
        return False
    return True

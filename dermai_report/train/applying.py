"""From a report to the next run: the configuration that was reported on, with the patches of its recommendations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from dermai_report.errors import DermaiError, unknown_name
from dermai_report.run import Parent
from dermai_report.train.config import TrainConfig


class Suggestion(msgspec.Struct, frozen=True):
    """A recommendation, as report.json has it."""

    action: str
    status: str
    patch: dict[str, Any]
    reason: str = ""


class _Run(msgspec.Struct, frozen=True):
    id: str
    path: str
    name: str = ""
    config: dict[str, Any] = {}


class Reported(msgspec.Struct, frozen=True):
    """What of a report.json a further run needs; recommendations stand strongest first."""

    run: _Run
    recommendations: list[Suggestion]

    def suggested(self) -> list[Suggestion]:
        """Those that a configuration can carry out and this run has not."""
        return [s for s in self.recommendations if s.status == "suggested" and s.patch]

    def named(self, name: str) -> Suggestion:
        """The one of that action. Raises DermaiError where there is none, or a configuration cannot carry it out."""
        found = next((s for s in self.recommendations if s.action == name), None)
        if found is None:
            raise unknown_name("action", name, [s.action for s in self.recommendations], f" in the report on {self.run.id}")
        if found.status != "suggested":
            raise DermaiError(f"{name} is {found.status.replace('_', ' ')}: {found.reason}", "choose another action")
        if not found.patch:
            raise DermaiError(f"{name} is something to do, not a configuration", "choose an action that has a patch")
        return found


@dataclass(frozen=True)
class Applied:
    """The values of the next configuration, the run it comes from, and the actions left out, each with why."""

    values: Mapping[str, Any]
    parent: Parent
    left_out: tuple[str, ...] = ()


def read_report(path: Path) -> Reported:
    """The report in a JSON file. Raises DermaiError where it is none, or holds no configuration of dermai-train."""
    try:
        reported = msgspec.json.decode(path.read_bytes(), type=Reported)
    except OSError as error:
        raise DermaiError(
            f"cannot read {path}: {error.strerror or error}", "dermai-report RUN --format json writes one"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DermaiError(f"{path} is no report.json: {error}", "dermai-report RUN --format json writes one") from None
    if "data" not in reported.run.config:
        raise DermaiError(
            f"the run that {path} reports on has no configuration of dermai-train",
            "take over the patches by hand, or start from a run that dermai-train made",
        )
    return reported


def split_wish(wish: str) -> tuple[Path, list[str]]:
    """REPORT.json, or REPORT.json:ACTION,…: the file and the actions, none for all of them."""
    if Path(wish).is_file():
        return Path(wish), []
    path, colon, actions = wish.rpartition(":")
    if not colon:
        return Path(wish), []
    return Path(path), [word.strip() for word in actions.split(",") if word.strip()]


def apply(reported: Reported, actions: Sequence[str] = ()) -> Applied:
    """The run's configuration with the patches of these actions; without any, of all that are suggested, strongest first.

    Two named actions that set one key differently are an error; among all that are suggested the stronger one wins. Raises
    DermaiError for an action that the report does not have, or that a configuration cannot carry out.
    """
    chosen = [reported.named(name) for name in dict.fromkeys(actions)] or reported.suggested()
    if not chosen:
        raise DermaiError(
            f"the report on {reported.run.id} suggests nothing that a configuration can carry out",
            "its recommendations say what else to do",
        )
    patch: dict[str, Any] = {}
    by: dict[str, str] = {}
    taken, left_out = [], []
    for suggestion in chosen:
        against = next((k for k, v in suggestion.patch.items() if k in patch and patch[k] != v), None)
        if against is None:
            taken.append(suggestion.action)
            patch |= suggestion.patch
            by |= dict.fromkeys(suggestion.patch, suggestion.action)
        elif actions:
            raise DermaiError(
                f"{suggestion.action} and {by[against]} both set {against}", "apply them one at a time, and compare the runs"
            )
        else:
            left_out.append(f"{suggestion.action}: {by[against]} sets {against} already")
    name = reported.run.config.get("name") or reported.run.name
    return Applied(
        values={**TrainConfig.checked({**reported.run.config, **patch}), "name": f"{name}+{'+'.join(taken)}"[:100]},
        parent=Parent(id=reported.run.id, path=reported.run.path, actions=taken),
        left_out=tuple(left_out),
    )

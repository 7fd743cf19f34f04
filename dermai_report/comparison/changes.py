"""What was set differently from one run to another, and whether that is what the first one's report recommends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from dermai_report.recommend import status
from dermai_report.report import Action, Change, Report, Setting
from dermai_report.run import Run

Made = Literal["yes", "partly", "no", "unknown"]
NO_CHOICE = {"name", "runs"}  # configuration keys that say what a run is called and where it lies
FACTS = ("device", "torch", "torchvision", "precision", "tensorflow", "keras")  # of the environment, those that move numbers


def settings_changed(baseline: Run, run: Run) -> list[Setting]:
    """Every configuration key with another value, then what else bears on the numbers: seed, code, data, environment."""
    before, after = dict(_flat("", baseline.config)), dict(_flat("", run.config))
    keys = [key for key in (*before, *(key for key in after if key not in before)) if key not in NO_CHOICE]
    found = [
        Setting(key, before.get(key), after.get(key), alone=(key in before) != (key in after))
        for key in keys
        if before.get(key) != after.get(key)
    ]
    if "seed" not in (*before, *after) and baseline.seed != run.seed:
        found.append(Setting("seed", baseline.seed, run.seed))
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("data fingerprint", baseline.data.fingerprint, run.data.fingerprint),
        ("classes set aside", sorted(baseline.data.excluded) or None, sorted(run.data.excluded) or None),
        ("classes", list(baseline.classes), list(run.classes)),
    )
    found += [Setting(key, a, b, "data") for key, a, b in pairs if a != b]
    found += [
        Setting(key, baseline.environment.get(key), run.environment.get(key), "environment")
        for key in FACTS
        if baseline.environment.get(key) != run.environment.get(key)
    ]
    revisions = (baseline.git.get("revision"), run.git.get("revision"))
    return found + ([Setting("code revision", *revisions, "environment")] if revisions[0] != revisions[1] else [])


def changes(advised: Report, baseline: Run, run: Run, changed: list[Setting]) -> list[Change]:
    """The suggestions of the baseline's report that a configuration can hold, in their order, and whether the run has them.

    What a run that was made from the baseline says it took over counts as made. A key that only one of the two logged is no other
    setting that changed: an older version had fewer of them. Where nothing of the baseline was logged, nobody knows what has changed.
    """
    taken = run.parent.actions if run.parent and run.parent.id == advised.run.id else []
    actions = {advice.action.id: advice.action for finding in advised.findings for advice in finding.advice}
    keys = {setting.key for setting in changed if setting.of == "configuration"}
    in_both = {s.key for s in changed if s.of == "configuration" and not s.alone}
    found = []
    for one in advised.recommendations:
        if one.status != "suggested" or not one.patch or one.priority is None:
            continue
        made: Made = "yes" if one.action in taken else _made(actions[one.action], run, keys) if baseline.config else "unknown"
        others = len(in_both - set(one.patch) - {"seed"}) if made in ("yes", "partly") else 0
        found.append(Change(one.action, one.title, one.priority, one.patch, made, others))
    return found


def _made(action: Action, run: Run, changed: set[str]) -> Made:
    """A change that was suggested and that the run's configuration now has was made; so was part of one, where only some of it moved."""
    if not changed & {*action.patch, *action.on, action.decided_by}:
        return "no"
    if status(run, action)[0] == "already_on":
        return "yes"
    return "partly" if any(key in changed and run.config.get(key) == value for key, value in action.patch.items()) else "no"


def _flat(path: str, config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{path}{key}.", value)
        else:
            yield f"{path}{key}", value

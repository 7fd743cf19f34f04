"""The prior effect of each action, measured: what part of the test loss was gone where a report suggested it.

    python -m benchmarks.recommendations.priors --work DIR [--seeds 1-2]

Needs the runs of `study --every`. Prints each action's mean over cases, and what the first recommendation would have done with
priors from all data sets, and, held out, from the two other data sets.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.recommendations.study import name_of, seeds_of
from benchmarks.recommendations.table import read_trial
from benchmarks.recommendations.verdicts import over_cases
from dermai_report import diagnose
from dermai_report.report import Recommendation


class Tried(NamedTuple):
    """A suggestion of one report: its action, how far the findings support it, and the part of the test loss that was gone."""

    case: str
    seed: int
    action: str
    support: float
    part: float


def read(work: Path, seeds: Sequence[int]) -> list[Tried]:
    """Every suggestion whose patch was trained."""
    found = []
    for place in sorted((work / "runs").glob("*/seed-*")):
        case, seed = place.parent.name, int(place.name.partition("-")[2])
        baseline = read_trial(work, case, seed, "baseline") if seed in seeds else None
        if baseline is None or baseline.run.test is None:
            continue
        for r in diagnose(baseline.run).recommendations:
            treated = read_trial(work, case, seed, name_of(r.patch)) if r.status == "suggested" and r.patch else None
            if treated is not None and treated.run.test is not None:
                found.append(Tried(case, seed, r.action, _support(r), 1 - treated.run.test.loss / baseline.run.test.loss))
    return found


def _support(r: Recommendation) -> float:
    from dermai_report import actions
    from dermai_report.report import Action

    effect = next(a.effect for a in vars(actions).values() if isinstance(a, Action) and a.id == r.action)
    return r.strength / effect


def by_action(tried: Sequence[Tried]) -> dict[str, list[float]]:
    """For each action its mean part in each case."""
    parts: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for t in tried:
        parts[t.action][t.case].append(t.part)
    return {action: [float(np.mean(p)) for p in cases.values()] for action, cases in parts.items()}


SHRINK = 2.0  # as many cases without an effect are added: an action seen in one case is not believed at once
LEAST = 0.01


def priors(tried: Sequence[Tried]) -> dict[str, float]:
    """The mean part of the loss that is gone, shrunk towards nothing, at least LEAST."""
    return {a: max(LEAST, sum(p) / (len(p) + SHRINK)) for a, p in by_action(tried).items()}


def chosen(tried: Sequence[Tried], effects: Mapping[str, float]) -> dict[str, list[Tried]]:
    """In each case and seed the suggestion that would stand first."""
    runs: dict[tuple[str, int], list[Tried]] = defaultdict(list)
    for t in tried:
        runs[t.case, t.seed].append(t)
    found: dict[str, list[Tried]] = defaultdict(list)
    for (case, _), suggestions in runs.items():
        found[case].append(max(suggestions, key=lambda t: (t.support * effects.get(t.action, LEAST), t.action)))
    return found


def outcome(firsts: Mapping[str, Sequence[Tried]]) -> str:
    """In how many cases it helped, and the mean part."""
    parts = {case: float(np.mean([t.part for t in ts])) for case, ts in firsts.items()}
    mean = over_cases(list(parts.values()))
    return f"helps in {sum(p > 0 for p in parts.values())} of {len(parts)} cases, part of the loss gone {mean.value:+.1%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=seeds_of, default=range(1, 6))
    given = parser.parse_args()
    tried = read(given.work, given.seeds)
    fitted = priors(tried)
    for action, parts in sorted(by_action(tried).items(), key=lambda entry: -fitted[entry[0]]):
        mean = over_cases(parts)
        low, high = mean.ci95 or (float("nan"), float("nan"))
        helped = f"{sum(p > 0 for p in parts)} of {len(parts)}"
        print(f"{action:26} {mean.value:+.3f} [{low:+.3f}, {high:+.3f}] helped {helped:>8}  prior {fitted[action]:.2f}")
    print("in sample:", outcome(chosen(tried, fitted)))
    held_out: dict[str, list[Tried]] = {}
    for source in sorted({t.case.partition(".")[0] for t in tried}):
        others = priors([t for t in tried if not t.case.startswith(f"{source}.")])
        held_out |= chosen([t for t in tried if t.case.startswith(f"{source}.")], others)
    print("held out by data set:", outcome(held_out))
    for case, ts in sorted(held_out.items()):
        print(f"  {case:20} {[(t.action, round(t.part, 3)) for t in ts]}")


if __name__ == "__main__":
    main()

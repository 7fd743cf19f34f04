"""What this version would recommend first for troubled runs that are there, and what that did where it was trained already.

    python -m benchmarks.recommendations.replay --work DIR [--seeds 1-5]

For choosing priorities: a change of a rule or a prior is seen in seconds, without a training. What is chosen so flatters itself on
these seeds, and is to be held against others (study.py).
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.recommendations.arms import first
from benchmarks.recommendations.study import name_of, seeds_of
from benchmarks.recommendations.table import baselines, read_trial
from dermai_report import diagnose


def replay(work: Path, seeds: Sequence[int]) -> dict[str, dict[int, tuple[str, float | None]]]:
    """By case and seed: the action, and the part of the test loss that was gone with it; None where it was not trained."""
    found: dict[str, dict[int, tuple[str, float | None]]] = defaultdict(dict)
    for case, seed, baseline, before in baselines(work, seeds):
        chosen = first(diagnose(baseline.run).recommendations)
        treated = read_trial(work, case, seed, name_of(chosen.patch)) if chosen.action else baseline
        tested = treated.run.test if treated else None
        found[case][seed] = chosen.action or "nothing", None if tested is None else 1 - tested.loss / before.loss
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=seeds_of, default=range(1, 6))
    given = parser.parse_args()
    helped = known = 0
    for case, by_seed in replay(given.work, given.seeds).items():
        parts = [part for _, part in by_seed.values() if part is not None]
        words = [f"{action} {'?' if part is None else f'{part:+.1%}'}" for action, part in by_seed.values()]
        print(f"{case:20} {np.mean(parts) if parts else float('nan'):+.1%}  {', '.join(words)}")
        known, helped = known + bool(parts), helped + bool(parts and np.mean(parts) > 0)
    print(f"helps in {helped} of {known} cases in which it was trained")


if __name__ == "__main__":
    main()

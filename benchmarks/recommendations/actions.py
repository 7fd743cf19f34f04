"""What each patch did to the test loss, over all cases and seeds that it was trained in: what prior effects are chosen by.

python -m benchmarks.recommendations.actions --work DIR [--seeds 1-5]
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.recommendations.study import seeds_of
from benchmarks.recommendations.table import read_trial
from benchmarks.recommendations.verdicts import over_cases


def parts(work: Path, seeds: Sequence[int]) -> dict[str, list[float]]:
    """For each kind of patch, by its keys, the mean part of the loss that was gone in each case."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for place in sorted((work / "runs").glob("*/seed-*")):
        case, seed = place.parent.name, int(place.name.partition("-")[2])
        baseline = read_trial(work, case, seed, "baseline")
        if seed not in seeds or baseline is None or baseline.run.test is None:
            continue
        for patched in sorted(place.iterdir()):
            treated = read_trial(work, case, seed, patched.name)
            if treated is None or treated.run.test is None or patched.name == "baseline":
                continue
            keys = "+".join(part.partition("=")[0] for part in patched.name.split("+"))
            found[keys][case].append(1 - treated.run.test.loss / baseline.run.test.loss)
    return {keys: [float(np.mean(values)) for values in by_case.values()] for keys, by_case in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=seeds_of, default=range(1, 6))
    given = parser.parse_args()
    for keys, values in sorted(parts(given.work, given.seeds).items(), key=lambda entry: -float(np.mean(entry[1]))):
        mean = over_cases(values)
        interval = "[{:+.3f}, {:+.3f}]".format(*mean.ci95) if mean.ci95 else "(one case: no interval)"
        helped = sum(value > 0 for value in values)
        print(f"{keys:40} {mean.value:+.3f} {interval}  helped in {helped} of {len(values)} cases")


if __name__ == "__main__":
    main()

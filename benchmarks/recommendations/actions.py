"""What each patch did to the test loss, over all cases and seeds that it was trained in: what prior effects are chosen by.

A training with the patch helped where its test loss is lower than without, and hurt where it is higher; the part of the loss that is
gone is a mean over cases, each a mean over its seeds.

python -m benchmarks.recommendations.actions --work DIR [--seeds 1-5]
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.recommendations.study import seeds_of
from benchmarks.recommendations.table import baselines, read_trial
from benchmarks.recommendations.verdicts import over_cases


def parts(work: Path, seeds: Sequence[int]) -> dict[str, dict[str, list[float]]]:
    """For each kind of patch, by its keys, and each case, the part of the loss that was gone with each seed."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for case, seed, _, before in baselines(work, seeds):
        for patched in sorted((work / "runs" / case / f"seed-{seed}").iterdir()):
            treated = read_trial(work, case, seed, patched.name)
            if treated is None or treated.run.test is None or patched.name == "baseline":
                continue
            keys = "+".join(part.partition("=")[0] for part in patched.name.split("+"))
            found[keys][case].append(1 - treated.run.test.loss / before.loss)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=seeds_of, default=range(1, 6))
    given = parser.parse_args()
    found = parts(given.work, given.seeds)
    means = {keys: [float(np.mean(p)) for p in by_case.values()] for keys, by_case in found.items()}
    print("| patch | cases | trainings | helped | hurt | part of the loss gone |\n|---|---|---|---|---|---|")
    for keys, values in sorted(means.items(), key=lambda entry: -float(np.mean(entry[1]))):
        mean, each = over_cases(values), [part for of_case in found[keys].values() for part in of_case]
        interval = " [{:+.1%}, {:+.1%}]".format(*mean.ci95) if mean.ci95 else ""
        counts = f"{len(values)} | {len(each)} | {sum(p > 0 for p in each)} | {sum(p < 0 for p in each)}"
        print(f"| {keys} | {counts} | {mean.value:+.1%}{interval} |")


if __name__ == "__main__":
    main()

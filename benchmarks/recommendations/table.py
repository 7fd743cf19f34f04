"""The study's table: what each arm did in each case, as Markdown on standard output.

    python -m benchmarks.recommendations.table --work DIR --label before [--seeds 1-5] [--csv runs.csv]

--csv: a row a training, of every run in the work folder.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.recommendations.arms import ARMS, Choice
from benchmarks.recommendations.study import name_of, seeds_of
from benchmarks.recommendations.verdicts import Effect, effect, over_cases, share
from dermai_report import measures
from dermai_report.experiment.trials import Done
from dermai_report.experiment_files import Trial, run_of
from dermai_report.measures.replicates import Mean
from dermai_report.run_reading import read_run_directory

Cases = Mapping[str, Mapping[int, Mapping[str, Choice]]]  # by case, seed and arm


def read_choices(work: Path, label: str, seeds: Sequence[int]) -> Cases:
    """What was chosen in each case with each seed."""
    found: dict[str, dict[int, dict[str, Choice]]] = defaultdict(dict)
    for file in sorted((work / "choices" / label).glob("*/seed-*.json")):
        seed = int(file.stem.partition("-")[2])
        if seed in seeds:
            found[file.parent.name][seed] = {arm: Choice(**c) for arm, c in json.loads(file.read_text()).items()}
    return found


def read_trial(work: Path, case: str, seed: int, name: str) -> Done | None:
    """The run of that patch, where it was trained."""
    trial = Trial(name=f"{case}/seed-{seed}/{name}", config={}, seed=seed)
    run = run_of(work / "runs", trial)
    return Done(trial, read_run_directory(run)) if run else None


def effects(work: Path, cases: Cases, arm: str) -> dict[str, Effect]:
    """The effect of an arm in each case all of whose seeds were trained."""
    found = {}
    for case, by_seed in cases.items():
        baselines = [read_trial(work, case, seed, "baseline") for seed in by_seed]
        treated = [read_trial(work, case, seed, name_of(chosen[arm].patch)) for seed, chosen in by_seed.items()]
        if None not in baselines and None not in treated:
            found[case] = effect([b for b in baselines if b], [t for t in treated if t])
    return found


def markdown(cases: Cases, by_arm: Mapping[str, Mapping[str, Effect]]) -> str:
    """A row a case, then the shares, then how the arms compare."""
    whole = {case for case in cases if all(case in by_arm[arm] for arm in ARMS)}
    lines = [f"| case | {' | '.join(f'{arm} | loss' for arm in ARMS)} |", "|---" * (1 + 2 * len(ARMS)) + "|"]
    for case in sorted(whole):
        cells = [f"{_names(cases[case], arm)} | {_cell(by_arm[arm][case])}" for arm in ARMS]
        lines.append(f"| {case} | {' | '.join(cells)} |")
    lines += [
        "",
        "| arm | helps | 95 % interval | surely helps | surely hurts | part of the loss gone |",
        "|---|---|---|---|---|---|",
    ]
    for arm in ARMS:
        s = share({case: by_arm[arm][case] for case in whole})
        low, high = s.ci95
        lines.append(
            f"| {arm} | {s.helped} of {s.n} = {s.helped / s.n:.0%} | {low:.0%} to {high:.0%} | {s.sure} | {s.hurt} | {_percent(s.part)} |"
        )
    for other in ARMS[1:]:
        gained = over_cases([by_arm["first"][case].part - by_arm[other][case].part for case in whole])
        lines += ["", f"first less {other}, part of the loss gone, paired by case: {_percent(gained)}"]
    places = [chosen["first"].place for by_seed in cases.values() for chosen in by_seed.values()]
    behind = sum(place is None or place > 1 for place in places)
    lines += ["", f"In {behind} of {len(places)} reports something without a patch stood first."]
    return "\n".join(lines)


def _names(by_seed: Mapping[int, Mapping[str, Choice]], arm: str) -> str:
    counts = Counter(chosen[arm].action or "nothing" for chosen in by_seed.values())
    return ", ".join(name if n == len(by_seed) else f"{name} {n}" for name, n in counts.most_common())


def _cell(e: Effect) -> str:
    low, high = e.loss.ci95 or (float("nan"), float("nan"))
    mark = {-1: "**", 0: "", 1: "*"}[e.sure]
    return f"{mark}{e.loss.value:+.3f}{mark} [{low:+.3f}, {high:+.3f}]"


def _percent(mean: Mean) -> str:
    low, high = mean.ci95 or (float("nan"), float("nan"))
    return f"{mean.value:+.1%} [{low:+.1%}, {high:+.1%}]"


def write_rows(work: Path, path: Path) -> None:
    """A row a training: what was trained, and what came of it."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "seed", "patch", "status", "best_epoch", "val_loss", "test_loss", "test_accuracy"])
        for place in sorted((work / "runs").glob("*/seed-*/*")):
            case, seed, name = place.parts[-3:]
            done = read_trial(work, case, int(seed.partition("-")[2]), name)
            if done is None:
                continue
            best, test = measures.best_epoch(done.run), done.run.test
            scores = [f"{test.loss:.5f}", f"{test.accuracy:.5f}"] if test else ["", ""]
            facts = [best.epoch, f"{best.val_loss:.5f}"] if best else ["", ""]
            writer.writerow([case, done.trial.seed, name, done.run.status, *facts, *scores])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--label", default="now")
    parser.add_argument("--seeds", type=seeds_of, default=range(1, 6))
    parser.add_argument("--csv", type=Path)
    given = parser.parse_args()
    cases = read_choices(given.work, given.label, given.seeds)
    print(markdown(cases, {arm: effects(given.work, cases, arm) for arm in ARMS}))
    if given.csv:
        write_rows(given.work, given.csv)


if __name__ == "__main__":
    main()

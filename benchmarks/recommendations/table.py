"""The study's table: what each arm did in each case, as Markdown on standard output.

    python -m benchmarks.recommendations.table --work DIR --labels before,after [--seeds 1-5] [--arms first,fixed]
        [--cases fashion.noise,digits.few] [--csv runs.csv --choices choices.csv --code COMMIT]

--csv: a row a finished training, of every run in the work folder; --choices: a row a choice of an arm; --code: what they were trained
with, for the first column of both. Rows of different code are not to be paired: the trainer may have changed.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from benchmarks.recommendations.arms import ARMS, Choice
from benchmarks.recommendations.study import name_of, seeds_of, words
from benchmarks.recommendations.verdicts import Effect, effect, over_cases, share
from dermai_report import measures
from dermai_report.experiment.trials import Done
from dermai_report.measures.replicates import Mean
from dermai_report.run import Evaluation
from dermai_report.storage.experiment_files import Trial, run_of
from dermai_report.storage.run_reading import read_run_directory

ENDED = ("finished", "failed")  # a training that was stopped has no outcome yet

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


def baselines(work: Path, seeds: Sequence[int]) -> Iterator[tuple[str, int, Done, Evaluation]]:
    """Each troubled run that was tested, with its case and its seed."""
    for place in sorted((work / "runs").glob("*/seed-*")):
        case, seed = place.parent.name, int(place.name.partition("-")[2])
        found = read_trial(work, case, seed, "baseline") if seed in seeds else None
        if found is not None and found.run.test is not None:
            yield case, seed, found, found.run.test


def effects(work: Path, cases: Cases, arm: str) -> dict[str, Effect]:
    """The effect of an arm in each case, over the seeds given; a case with a seed that was not trained has none."""
    found = {}
    for case, by_seed in cases.items():
        baselines = [read_trial(work, case, seed, "baseline") for seed in by_seed]
        treated = [read_trial(work, case, seed, name_of(chosen[arm].patch)) for seed, chosen in by_seed.items()]
        if by_seed and None not in baselines and None not in treated:
            found[case] = effect([b for b in baselines if b], [t for t in treated if t])
    return found


def trained_by_all(work: Path, chosen: Mapping[str, Cases], arms: Sequence[str]) -> dict[str, list[int]]:
    """In each case the seeds for which the runs of all these arms are there, in all versions: the columns of a row share them."""

    def whole(case: str, seed: int) -> bool:
        versions = list(chosen.values())
        picked = [versions[0][case][seed][arm] for arm in arms] + [cases[case][seed][ARMS[0]] for cases in versions[1:]]
        names = [name_of(choice.patch) for choice in picked]
        runs = [read_trial(work, case, seed, name) for name in ("baseline", *names)]
        return all(done is not None and done.run.status in ENDED for done in runs)

    shared = set.intersection(*({(c, s) for c, by_seed in cases.items() for s in by_seed} for cases in chosen.values()))
    found: dict[str, list[int]] = {}
    for case, seed in sorted(shared):
        if whole(case, seed):
            found.setdefault(case, []).append(seed)
    return found


@dataclass(frozen=True)
class Column:
    """An arm as one version chose it: its effect in each case, and the actions with how often each was chosen."""

    effects: Mapping[str, Effect]
    names: Mapping[str, str]


def columns(
    work: Path, labels: Sequence[str], seeds: Sequence[int], arms: Sequence[str] = ARMS, only: Sequence[str] | None = None
) -> dict[str, Column]:
    """The first recommendation of each version, then the other arms as the first version chose them; all over the same seeds.

    only: the cases to show; all without it.
    """
    read = {label: read_choices(work, label, seeds) for label in labels}
    chosen = {label: {case: of for case, of in cases.items() if only is None or case in only} for label, cases in read.items()}
    whole = trained_by_all(work, chosen, arms)
    found = {}
    for label in labels:
        cases = {case: {seed: chosen[label][case][seed] for seed in kept} for case, kept in whole.items()}
        for arm in arms if label == labels[0] else arms[:1]:
            name = f"{arm}, {label}" if arm == ARMS[0] and len(labels) > 1 else arm
            found[name] = Column(effects(work, cases, arm), {case: _names(cases[case], arm) for case in cases})
    return found


def markdown(shown: Mapping[str, Column]) -> str:
    """A row a case that all columns have, then in how many each helped, then the differences between the columns."""
    whole = sorted(set.intersection(*(set(column.effects) for column in shown.values())))
    lines = [f"| case | seeds | {' | | '.join(shown)} | |", "|---" * (2 + 2 * len(shown)) + "|"]
    for case in whole:
        cells = [f"{column.names[case]} | {_cell(column.effects[case])}" for column in shown.values()]
        seeds = next(iter(shown.values())).effects[case].seeds
        lines.append(f"| {case} | {seeds} | {' | '.join(cells)} |")
    lines += [
        "",
        "| arm | helps | 95 % interval | surely helps | surely hurts | part of the loss gone | with a temperature | accuracy rises |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, column in shown.items():
        s = share({case: column.effects[case] for case in whole})
        low, high = s.ci95
        helps = f"{s.helped} of {s.n} = {s.helped / s.n:.0%} | {low:.0%} to {high:.0%}"
        lines.append(
            f"| {name} | {helps} | {s.sure} | {s.hurt} | {_percent(s.part)} | {s.cooled} of {s.n} | {s.accuracy} of {s.n} |"
        )
    for one, other in combinations(shown, 2):
        pairs = [(shown[one].effects[case], shown[other].effects[case]) for case in whole]
        gained, fell = (
            over_cases([a.part - b.part for a, b in pairs]),
            over_cases([(a.fell - b.fell) / a.seeds for a, b in pairs]),
        )
        lines += [
            "",
            f"{one} less {other}, paired by case: trainings whose loss fell {_percent(fell)}, part of the loss gone {_percent(gained)}",
        ]
    return "\n".join(lines)


def by_hand(cases: Cases) -> str:
    """How often the first of the list was something to do, not a configuration."""
    places = [chosen[ARMS[0]].place for by_seed in cases.values() for chosen in by_seed.values()]
    return f"in {sum(place != 1 for place in places)} of {len(places)} reports something without a patch stood first"


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


def write_rows(work: Path, path: Path, code: str) -> None:
    """A row a finished training: what trained it, what was trained, and what came of it."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["code", "case", "seed", "patch", "status", "best_epoch", "val_loss", "test_loss", "test_accuracy"])
        for place in sorted((work / "runs").glob("*/seed-*/*")):
            case, seed, name = place.parts[-3:]
            done = read_trial(work, case, int(seed.partition("-")[2]), name)
            if done is None or done.run.status == "running":
                continue
            best, test = measures.best_epoch(done.run), done.run.test
            scores = [f"{test.loss:.5f}", f"{test.accuracy:.5f}"] if test else ["", ""]
            facts = [best.epoch, f"{best.val_loss:.5f}"] if best else ["", ""]
            writer.writerow([code, case, done.trial.seed, name, done.run.status, *facts, *scores])


def write_choices(chosen: Mapping[str, Cases], path: Path, code: str) -> None:
    """A row a choice: by which version, in which case, with which seed and arm; the action, its patch, and its place in the report."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["code", "label", "case", "seed", "arm", "action", "patch", "place"])
        for label, cases in chosen.items():
            for case, by_seed in cases.items():
                for seed, by_arm in by_seed.items():
                    for arm, choice in by_arm.items():
                        writer.writerow([code, label, case, seed, arm, choice.action, name_of(choice.patch), choice.place])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--labels", type=words, default=["now"])
    parser.add_argument("--seeds", type=seeds_of, default=range(1, 6))
    parser.add_argument("--arms", type=words, default=ARMS)
    parser.add_argument("--cases", type=words)
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--choices", type=Path)
    parser.add_argument("--code", default="")
    given = parser.parse_args()
    print(markdown(columns(given.work, given.labels, given.seeds, given.arms, given.cases)))
    chosen = {label: read_choices(given.work, label, given.seeds) for label in given.labels}
    for label, cases in chosen.items():
        print(f"\n{label}: {by_hand(cases)}")
    if given.csv:
        write_rows(given.work, given.csv, given.code)
    if given.choices:
        write_choices(chosen, given.choices, given.code)


if __name__ == "__main__":
    main()

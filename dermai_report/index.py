"""A folder of runs and experiments -> Index: a line each, its verdict and key numbers with intervals, and where its report is.

No rule is checked: a line says what is measured of its run, in the words of the report's first screen.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

import dermai_report
from dermai_report import measures, wording
from dermai_report.errors import DermaiError
from dermai_report.experiment import judge
from dermai_report.measures.groups import group_codes
from dermai_report.report import Index, Interval, Listed, ListedExperiment
from dermai_report.run import Run
from dermai_report.sources import read_run
from dermai_report.storage.experiment_files import read_experiment
from dermai_report.summary import OVERFIT_TONES, OVERFIT_WORDS

REPORTS = ("report.html", "report.md", "report.json")  # what a line links to, the first that is there
OF_EXPERIMENTS = ("experiment.html", "experiment.md", "experiment.json")


def survey(
    folder: Path | str, paths: Sequence[Path | str], reports: Path, beside: Path, experiments: Sequence[Path] = ()
) -> Index:
    """The runs at `paths` or addresses and the experiments, the latest first; what cannot be read is listed with the reason.

    reports: the folder that holds a folder of reports for each run; beside: the folder that the index goes to, from which links lead.
    """
    lines = _named_parents([_listed(path, reports, beside) for path in paths])
    tried = [_experiment(path, reports, beside) for path in experiments]
    for listed in (lines, tried):
        listed.sort(key=lambda line: (line.started or "", line.id), reverse=True)
    return Index(
        version=dermai_report.__version__,
        path=str(folder),
        headline=_headline(folder, lines, len(tried)),
        runs=lines,
        notes=list(_notes(lines)),
        experiments=tried,
    )


def _experiment(path: Path, reports: Path, beside: Path) -> ListedExperiment:
    try:
        found = judge(path)
    except DermaiError as error:
        return ListedExperiment(
            id=path.name, name=path.name, path=str(path), kind="unknown", headline="Cannot be read", error=str(error)
        )
    return ListedExperiment(
        id=found.id,
        name=found.name,
        path=found.path,
        kind=found.kind,
        headline=found.headline,
        started=read_experiment(path).started or None,
        trials=len(found.trials),
        finished=sum(trial.status == "finished" for trial in found.trials),
        report=_link((found.id, path.name), OF_EXPERIMENTS, reports, beside),
    )


def _named_parents(lines: list[Listed]) -> list[Listed]:
    names = {line.id: line.name for line in lines}
    return [replace(line, parent_name=names.get(line.parent.id)) if line.parent else line for line in lines]


def _listed(path: Path | str, reports: Path, beside: Path) -> Listed:
    try:
        run = read_run(path)
    except DermaiError as error:
        return Listed(
            id=Path(path).name, name=Path(path).name, path=str(path), status="unknown", verdict="Cannot be read", tone="unknown",
            error=error.message,
        )  # fmt: skip
    best, found = measures.best_epoch(run), measures.overfitting(run)
    by_loss = run.has("val", "loss")
    return Listed(
        id=run.id,
        name=run.name,
        path=run.path,
        classes=list(run.classes),
        status=run.status,
        verdict=_verdict(run),
        tone=OVERFIT_TONES[found.verdict] if best else "unknown",
        started=run.started,
        n_epochs=len(run.epochs),
        best_epoch=best.epoch if best else None,
        overfitting=found.verdict,
        val_loss=best.val_loss if best else None,
        val_accuracy=best.val_accuracy if best else None,
        val_accuracy_ci95=_validated(run),
        test_accuracy=run.test.accuracy if run.test else None,
        test_accuracy_ci95=_tested(run),
        curve=[v if math.isfinite(v) else None for v in run.series("val", "loss" if by_loss else "accuracy")],
        curve_of="loss" if by_loss else "accuracy",
        best_at=next((i for i, e in enumerate(run.epochs) if best and e.epoch == best.epoch), None),
        report=_link((run.id, Path(path).name), REPORTS, reports, beside),
        parent=run.parent,
    )


def _verdict(run: Run) -> str:
    best, found = measures.best_epoch(run), measures.overfitting(run)
    if best is None:
        return "No validation metric was logged"
    words = OVERFIT_WORDS[found.verdict].lower()
    since = f", from epoch {found.onset_epoch}" if found.overfit and found.onset_epoch is not None else ""
    return f"Ship epoch {best.epoch} of {len(run.epochs)}. Overfitting: {words}{since}."


def _validated(run: Run) -> Interval | None:
    best = measures.best_epoch(run)
    return best.val_accuracy_ci95 if best else None


def _tested(run: Run) -> Interval | None:
    return measures.accuracy_interval(run, group_codes(run.predictions.get("test")))


def _link(names: Sequence[str], files: Sequence[str], reports: Path, beside: Path) -> str | None:
    for name in names:
        for file in files:
            place = reports / name / file
            if place.is_file():
                return Path(os.path.relpath(place, beside)).as_posix()
    return None


def _headline(folder: Path | str, lines: list[Listed], experiments: int) -> str:
    counted = [wording.plural(len(lines), "run")] if lines or not experiments else []
    counted += [wording.plural(experiments, "experiment")] if experiments else []
    words = f"{wording.listed(counted)} in {folder}"
    known = [line for line in lines if line.test_accuracy is not None]
    if not lines and experiments:
        return f"{words}."
    if not known:
        return f"{words}; no test accuracy is known."
    if _class_sets(known) > 1:
        return f"{words}; their test accuracies are over different classes, so none is named the highest."
    top = max(known, key=lambda line: (line.test_accuracy or 0.0, line.id))
    sure = f" (95 % interval {wording.percent_interval(top.test_accuracy_ci95)})" if top.test_accuracy_ci95 else ""
    return f"{words}; the highest test accuracy is that of {top.name}, {wording.percent(top.test_accuracy)}{sure}."


def _class_sets(lines: list[Listed]) -> int:
    """How many sets of classes there are; a run whose classes were not logged may have those of any other."""
    return len({frozenset(line.classes) for line in lines if line.classes})


def _notes(lines: list[Listed]) -> Iterator[str]:
    known = [line for line in lines if line.test_accuracy is not None]
    if _class_sets(known) > 1:
        yield (
            f"The runs know {_class_sets(known)} different sets of classes, and fewer classes are easier to tell apart: their accuracies "
            "cannot be held against each other. dermai-report BASELINE RUN compares two runs on the classes they share."
        )
    elif len(known) > 1:
        yield (
            f"The highest of {len(known)} test accuracies flatters its run: it was chosen for being highest. Two runs are compared, on the "
            "same images where they share them, by dermai-report BASELINE RUN."
        )
    if any(line.parent for line in lines):
        yield "A run that was made from another by its recommendations says so; dermai-report PARENT RUN tells what came of them."
    broken = sum(line.error is not None for line in lines)
    if broken:
        yield f"{wording.plural(broken, 'run')} could not be read; the reason stands beside {'it' if broken == 1 else 'each'}."
    if any(line.status == "running" for line in lines):
        yield "Runs that are still running are listed as they stood when this was written."

"""An experiment directory -> ExperimentReport: what its runs show together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import dermai_report
from dermai_report import wording
from dermai_report.experiment import exhibits, folds, search, words
from dermai_report.experiment.effects import effects
from dermai_report.experiment.predicted import predicted
from dermai_report.experiment.trials import read_trials
from dermai_report.report import ActionCheck, ExperimentReport, TrialFacts
from dermai_report.storage.experiment_files import Experiment, read_experiment


def judge(path: Path) -> ExperimentReport:
    """Everything a reader needs of an experiment, as data; trials that have not finished are said, and left out.

    Raises DermaiError where experiment.json cannot be read.
    """
    experiment = read_experiment(path)
    done, facts = read_trials(path, experiment)
    if experiment.kind == "try":
        found = effects(experiment, done)
        headline, answers, numbers = words.of_effects(experiment, found)
        charts, tables = exhibits.of_effects(found), [exhibits.effect_table(found)] if found else []
    elif experiment.search is not None:
        sought = search.outcome(experiment.search, experiment, facts)
        found = effects(experiment, [d for d in done if d.trial.seed in experiment.seeds])
        headline, answers, numbers = search.words(sought, found)
        charts = [*exhibits.of_effects(found), *search.charts(sought)]
        tables = [*([exhibits.effect_table(found)] if found else []), *search.tables(sought)]
    else:
        found = []
        shown = words.Shown(
            validation=folds.validation(done, experiment.folds),
            test=folds.test(done),
            ensemble=folds.ensemble(done),
            out_of_fold=folds.out_of_fold(done) if (experiment.folds or 1) > 1 else None,
            best_epochs=[f.best_epoch for f in facts if f.status == "finished" and f.best_epoch is not None],
            n_test=done[0].run.count("test") if done else None,
        )
        headline, answers, numbers = words.of_folds(experiment, facts, shown)
        charts, tables = exhibits.of_folds(facts, shown), exhibits.suspects(shown.out_of_fold)
    foretold = predicted(done) if experiment.kind == "try" else []
    return ExperimentReport(
        version=dermai_report.__version__,
        id=experiment.id,
        name=experiment.name,
        kind=experiment.kind,
        path=str(path),
        command=experiment.command,
        headline=headline,
        answers=answers,
        numbers=numbers,
        effects=found,
        trials=facts,
        charts=charts,
        tables=[*tables, exhibits.trial_table(facts)],
        notes=[*_notes(experiment, facts), *_cautions(experiment, foretold)],
        predictions=foretold,
    )


def _notes(experiment: Experiment, facts: list[TrialFacts]) -> list[str]:
    """What limits the conclusions."""
    notes = []
    left = Counter(f.status for f in facts if f.status != "finished")
    if left:
        told = ", ".join(f"{n} {status}" for status, n in sorted(left.items()))
        notes.append(f"Not all trials have finished ({told}); only finished ones count. dermai-train --resume goes on.")
    if len(experiment.seeds) == 1 and experiment.kind in ("try", "search"):
        notes.append("One seed: the intervals tell of other test images, not of another training with the same recipe.")
    if experiment.kind == "cv" and (experiment.folds or 1) > 1:
        notes.append(
            "The best epoch of a fold was chosen on that fold, so validation scores are a little too good. Folds share most "
            "of their training images; the interval allows for that (Nadeau and Bengio 2003)."
        )
    if experiment.kind == "try":
        notes.append(
            "Differences are paired by seed and test image, and the p values are Holm's over all effects. The test set took no "
            "part in choosing what went on to further seeds."
        )
    if experiment.kind == "search":
        fresh = " The effect is that of the chosen values on seeds that took no part either, paired by seed and test image."
        chosen = "Values were chosen by the lowest validation loss alone; the test set took no part."
        confirmed = experiment.search is None or experiment.search.winner != "baseline"
        notes.append(chosen + (fresh if confirmed else ""))
    return notes


def _cautions(experiment: Experiment, foretold: Sequence[ActionCheck]) -> Iterator[str]:
    """What recommendations that were tried with unequal numbers of seeds, and predictions side by side, do not show."""
    if experiment.kind != "try":
        return
    planned = Counter(trial.actions[0] for trial in experiment.trials if len(trial.actions) == 1)
    if few := [name for name, seeds in planned.items() if seeds < max(planned.values())]:
        yield (
            f"{wording.listed(few)} did not go on to all seeds. An effect over one seed tells of other test images, not of another "
            "training. The seeds by which the others were chosen are among theirs, which flatters those a little."
        )
    if foretold:
        yield (
            "A change helps or hurts by the test loss. A prediction is judged by what it names, on the images that show it (most name the "
            "validation loss), so a change can help while its prediction cannot be told."
        )
    checked = sum(len(action.checks) for action in foretold)
    if checked > 1:
        yield (
            f"Whether a prediction held rests on its own 95 % interval: {checked} were checked, and this is not corrected for. Where "
            "nothing changes, one in forty is said to hold all the same."
        )


__all__ = ["judge"]

"""The first screen of an experiment: a headline, the answers and the key numbers, in plain words."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from dermai_report import wording
from dermai_report.experiment.folds import Ensemble, OutOfFold
from dermai_report.measures.replicates import Mean
from dermai_report.report import Answer, Effect, KeyNumber, TrialFacts
from dermai_report.storage.experiment_files import Experiment

Words = tuple[str, list[Answer], list[KeyNumber]]
HELPED = "Which recommendation helped?"
NOT_WORTH = "Which was not worth it?"
NEXT = "What should I do next?"


@dataclass(frozen=True)
class Shown:
    """What the folds and seeds of an experiment show."""

    validation: Mean | None
    test: Mean | None
    ensemble: Ensemble | None
    out_of_fold: OutOfFold | None
    best_epochs: list[int]
    n_test: int | None


def of_effects(experiment: Experiment, found: Sequence[Effect]) -> Words:
    """Of recommendations that were tried."""
    if not found:
        told = "No effect can be told yet: no recommendation and its baseline have finished with test predictions."
        return told, [Answer(HELPED, "Cannot be told", told, "unknown")], []
    helps = [e for e in found if e.verdict == "helps"]
    hurts = [e for e in found if e.verdict == "hurts"]
    unclear = [e for e in found if e.verdict == "unknown"]
    best = helps[0] if helps else None
    if best is not None:
        headline = f"{best.name} helps: {of_effect(best)}."
    elif hurts and not unclear:
        headline = (
            f"None of {wording.plural(len(found), 'change')} helps; {wording.listed([e.name for e in hurts])} made it worse."
        )
    else:
        headline = f"None of {wording.plural(len(found), 'change')} was shown to help on these {found[0].n:,} test images."
    answers = [
        Answer(
            HELPED,
            wording.listed([e.name for e in helps]) if helps else "None was shown to",
            " ".join(f"{e.name}: {of_effect(e)}." for e in helps) or _closest(found),
            "good" if helps else "unknown",
        ),
        Answer(
            NOT_WORTH,
            wording.listed([e.name for e in hurts]) if hurts else "None was shown to hurt",
            " ".join(
                [
                    *(f"{e.name}: {of_effect(e)}." for e in hurts),
                    f"Cannot be told: {wording.listed([e.name for e in unclear])}." if unclear else "",
                ]
            ).strip(),
            "bad" if hurts else "neutral",
        ),
        _order(found),
        _next(found, best),
    ]
    deciding = best or found[0]
    numbers = [
        KeyNumber("Test images", deciding.n, "count"),
        KeyNumber("Seeds", len(experiment.seeds), "count"),
        KeyNumber(f"Accuracy gained, {deciding.name}", deciding.accuracy, "points", deciding.accuracy_ci95),
    ]
    if deciding.loss is not None:
        numbers.append(KeyNumber(f"Test loss, {deciding.name}", deciding.loss, "nats", deciding.loss_ci95, "below 0 is better"))
    return headline, answers, numbers


def of_folds(experiment: Experiment, facts: Sequence[TrialFacts], shown: Shown) -> Words:
    """Of a cross-validation, or of one recipe with several seeds."""
    what = " and ".join(
        part
        for part in (
            wording.plural(experiment.folds or 1, "fold") if (experiment.folds or 1) > 1 else "",
            wording.plural(len(experiment.seeds), "seed") if len(experiment.seeds) > 1 else "",
        )
        if part
    )
    numbers: list[KeyNumber] = []
    if shown.test is not None:
        numbers.append(
            KeyNumber("Mean test accuracy", shown.test.value, "percent", _within(shown.test.ci95), f"n {shown.n_test}")
        )
    if shown.validation is not None:
        numbers.append(KeyNumber("Mean validation accuracy", shown.validation.value, "percent", _within(shown.validation.ci95)))
    if shown.out_of_fold is not None:
        out = shown.out_of_fold
        numbers.append(KeyNumber("Accuracy out of fold", out.accuracy, "percent", out.accuracy_ci95, f"n {out.n}"))
    if shown.ensemble is not None:
        numbers.append(KeyNumber("Ensemble, test accuracy", shown.ensemble.accuracy, "percent", shown.ensemble.accuracy_ci95))
    if shown.best_epochs:
        numbers.append(KeyNumber("Best epoch, median", _median(shown.best_epochs), "epoch", note=_range(shown.best_epochs)))
    mean, kind = (shown.test, "test") if shown.test is not None else (shown.validation, "validation")
    if mean is None:
        told = "Nothing can be told yet: no trial has finished with a score."
        return told, [Answer("How good is the recipe, and how sure is that?", "Cannot be told", told, "unknown")], numbers
    interval = f" (95 % interval {wording.percent_interval(_within(mean.ci95))})" if mean.ci95 else ""
    headline = (
        f"Over {what}, {experiment.name} classifies {wording.percent(mean.value, 1)} of the {kind} images correctly{interval}."
    )
    answers = [
        Answer(
            "How good is the recipe, and how sure is that?",
            f"{wording.percent(mean.value, 1)} of the {kind} images are classified correctly",
            f"{'95 % interval ' + wording.percent_interval(_within(mean.ci95)) if mean.ci95 else 'No interval'}, over {what}"
            f"{' and the test images' if kind == 'test' else ''}.",
            "neutral",
        ),
        _spread(facts, what),
        _epochs(shown.best_epochs),
        _after_folds(shown),
    ]
    return headline, answers, numbers


def of_effect(effect: Effect) -> str:
    """What an effect is, with its intervals."""
    accuracy = f"{wording.points(effect.accuracy)} of accuracy ({wording.points_interval(effect.accuracy_ci95)})"
    if effect.loss is None:
        return accuracy
    interval, sign = effect.loss_ci95, -1 if effect.loss < 0 else 1
    span = sorted(sign * bound for bound in interval) if interval else []
    loss = f"test loss {'lower' if sign < 0 else 'higher'} by {wording.nats(abs(effect.loss))} nats"
    return f"{loss}{f' ({wording.nats(span[0])} to {wording.nats(span[1])})' if span else ''}, {accuracy}"


def _closest(found: Sequence[Effect]) -> str:
    return f"The nearest is {found[0].name}: {of_effect(found[0])}, which can be chance."


def _order(found: Sequence[Effect]) -> Answer:
    """Whether what the report ranked first did most."""
    question = "Did the report's order hold?"
    alone = [e for e in found if e.expected is not None]
    first = min(alone, key=lambda e: e.expected or 0, default=None)
    if first is None:
        return Answer(question, "Cannot be told", "No recommendation has finished alone.", "unknown")
    if len(alone) == 1:
        return Answer(question, "Cannot be told", "One recommendation was tried alone, and one makes no order.", "unknown")
    place = alone.index(first) + 1
    told = f"{first.name} was recommended first and came as number {place} of {len(alone)}: {of_effect(first)}."
    if first.verdict == "unknown":
        return Answer(question, "Cannot be told", told + " Its effect can be chance.", "unknown")
    held = first.verdict == "helps" and place == 1
    return Answer(question, "Yes" if held else "No", told, "good" if held else "warning")


def _next(found: Sequence[Effect], best: Effect | None) -> Answer:
    if best is not None:
        return Answer(NEXT, f"Keep {best.name}", "Ship a run that has it, and report on that run.", "good")
    widest = max((e.loss_ci95[1] - e.loss_ci95[0] for e in found if e.loss_ci95), default=None)
    told = f"Effects below about {widest / 2:.3f} nats cannot be seen with these seeds and images." if widest else ""
    return Answer(
        NEXT, "Keep the baseline", f"{told} More seeds, or a larger test set, would tell smaller effects.".strip(), "neutral"
    )


def _spread(facts: Sequence[TrialFacts], what: str) -> Answer:
    question = "How much does it depend on the split and on chance?"
    scores = [f.val_accuracy for f in facts if f.status == "finished" and f.val_accuracy is not None]
    if len(scores) < 2:
        return Answer(question, "Cannot be told", "Fewer than two trials have finished.", "unknown")
    return Answer(
        question,
        f"{wording.points(max(scores) - min(scores), 1)} between the best and the worst",
        f"Validation accuracy runs from {wording.percent(min(scores), 1)} to {wording.percent(max(scores), 1)} over {what}, with a "
        f"standard deviation of {wording.points(statistics.stdev(scores), 1)}. A single run's score is one draw from that.",
        "neutral",
    )


def _epochs(best: Sequence[int]) -> Answer:
    question = "For how many epochs should it train?"
    if not best:
        return Answer(question, "Cannot be told", "No trial has a best epoch.", "unknown")
    return Answer(question, f"About {_median(best)}", f"The best epochs: {_range(best)}.", "neutral")


def _after_folds(shown: Shown) -> Answer:
    told = []
    answer, tone = "Compare recipes with this interval in mind", "neutral"
    if shown.ensemble is not None:
        gain = f"{wording.points(shown.ensemble.gain, 1)} ({wording.points_interval(shown.ensemble.gain_ci95)})"
        told.append(f"All trials averaged as one model gain {gain} of test accuracy on a single one.")
        if shown.ensemble.gain_ci95 and shown.ensemble.gain_ci95[0] > 0:
            answer, tone = "Consider shipping the ensemble", "good"
    if shown.out_of_fold is not None and shown.out_of_fold.stand_out:
        told.append(
            f"{wording.plural(len(shown.out_of_fold.suspects), 'label')} look wrong to models that never saw the picture, where "
            f"about {shown.out_of_fold.expected:.0f} would if all were right: look at them first."
        )
        answer, tone = "Look at the suspected labels", "warning"
    return Answer(NEXT, answer, " ".join(told), tone)  # type: ignore[arg-type]


def _median(epochs: Sequence[int]) -> int:
    return round(statistics.median(epochs))


def _range(epochs: Sequence[int]) -> str:
    return f"{min(epochs)} to {max(epochs)}" if min(epochs) < max(epochs) else f"{min(epochs)} in all"


def _within(interval: tuple[float, float] | None) -> tuple[float, float] | None:
    """A fraction's interval, no wider than fractions are."""
    return None if interval is None else (max(interval[0], 0.0), min(interval[1], 1.0))

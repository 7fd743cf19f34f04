"""Runs -> Comparison: each run held against the first, on the samples and classes that both know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

import dermai_report
from dermai_report import measures
from dermai_report.comparison import charts, differences, predicted, words
from dermai_report.comparison.changes import changes, settings_changed
from dermai_report.comparison.matching import match, moved, on_shared_classes, same_classes
from dermai_report.diagnosis import diagnose, run_facts
from dermai_report.errors import DermaiError
from dermai_report.measures.intervals import p_of
from dermai_report.report import Compared, Comparison, Report
from dermai_report.run import Run
from dermai_report.settings import Settings

ALPHA = 0.05


def compare(baseline: Run, runs: Sequence[Run], settings: Settings | None = None) -> Comparison:
    """Each of `runs` against the baseline, as data: differences with intervals, what changed, and whether it was advised.

    Accuracy decides, on the test set where both have one. With several runs the p values are Holm's. Raises DermaiError where no
    run is given.
    """
    if not runs:
        raise DermaiError("there is nothing to compare the baseline with", "name two runs or more")
    advised = diagnose(baseline, settings)
    names = distinct_names([baseline, *runs])
    found = [_compared(baseline, run, names[0], name, advised) for run, name in zip(runs, names[1:], strict=True)]
    found = _decided(found, names[0])
    return Comparison(
        version=dermai_report.__version__,
        headline=words.headline(found, names[0]),
        name=names[0],
        baseline=run_facts(baseline),
        runs=found,
        answers=found[0].answers if len(found) == 1 else [one.answers[0] for one in found],
        charts=charts.of_all(baseline, runs, names, found),
        notes=list(words.cautions(found)),
    )


def distinct_names(runs: Sequence[Run]) -> list[str]:
    """The runs' names; where two have one name their ids, and where those are equal too, their paths."""
    for key in ("name", "id"):
        named = [getattr(run, key) for run in runs]
        if max(Counter(named).values()) == 1:
            return named
    return [run.path for run in runs]


def _compared(baseline: Run, run: Run, base_name: str, name: str, advised: Report) -> Compared:
    first, second = on_shared_classes(baseline, run)
    matches = {split: match(first, second, split) for split in ("test", "val")}
    rows = differences.differences(first, second, matches, same_classes(baseline, run))
    split = next((s for s, label in differences.DECIDING.items() if any(row.label == label for row in rows)), None)
    deciding = next((row for row in rows if split and row.label == differences.DECIDING[split]), None)
    matched = matches[split] if split else None
    pair = matched.pair if matched else None
    fixed, broken = moved(matched) if matched else ([], [])
    changed = settings_changed(baseline, run)
    made = changes(advised, baseline, run, changed)
    foretold = predicted.predicted(baseline, run, advised, made)
    exact = pair.p if pair else None
    p = None
    if deciding and deciding.difference is not None and deciding.ci95:
        p = exact if exact is not None else p_of(deciding.difference, deciding.ci95)
    return Compared(
        run=run_facts(run),
        name=name,
        headline="",
        verdict="unknown",
        split=split,  # type: ignore[arg-type]
        paired=pair is not None,
        n=pair.n if pair else (deciding.n if deciding else None),
        difference=deciding.difference if deciding else None,
        ci95=deciding.ci95 if deciding else None,
        p=p,
        p_adjusted=None,
        test="interval" if exact is None else "mcnemar",
        fixed=pair.fixed if pair else None,
        broken=pair.broken if pair else None,
        fixed_samples=fixed,
        broken_samples=broken,
        differences=rows,
        classes=differences.classes(first, second, matched) if matched else [],
        settings=changed,
        changes=made,
        answers=[],
        notes=[
            *words.notes(baseline, run, base_name, name, matched),
            *predicted.notes(baseline, run, base_name, name, foretold),
        ],
        predictions=foretold,
    )


def _decided(found: list[Compared], base_name: str) -> list[Compared]:
    """With the verdicts, which need the p values of all, and the words that say them."""
    known = [one.p for one in found if one.p is not None]
    adjusted = iter(measures.holm(known))
    return [_worded(one, next(adjusted) if one.p is not None else None, base_name, len(known)) for one in found]


def _worded(one: Compared, p: float | None, base_name: str, comparisons: int) -> Compared:
    verdict = "unknown"
    if p is not None and p < ALPHA and one.difference and one.ci95 and not one.ci95[0] <= 0 <= one.ci95[1]:
        verdict = "better" if one.difference > 0 else "worse"
    judged = msgspec.structs.replace(one, verdict=verdict, p_adjusted=p)
    return msgspec.structs.replace(
        judged,
        headline=words.sentence(judged, base_name, comparisons),
        answers=[*words.answers(judged, base_name, comparisons), *predicted.answer(judged)],
        charts=charts.of_one(judged),
    )


__all__ = ["compare", "distinct_names"]

"""How far every number moved from the baseline to a run, with the interval it allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from dermai_report import measures
from dermai_report.comparison.matching import Match, Shared
from dermai_report.measures.auroc import area_difference
from dermai_report.measures.calibration import ece_difference
from dermai_report.measures.intervals import combined, independent_difference
from dermai_report.measures.paired import Paired, gained_interval
from dermai_report.measures.shared_classes import OTHER
from dermai_report.report import Calibration, Difference, Interval, TestScores, Unit
from dermai_report.run import Run

DECIDING = {"test": "Test accuracy", "val": "Validation accuracy"}  # the number that decides, where there is one of both runs
PAIRED = "the same samples"
SEPARATE = "separate samples"
CAREFUL = "as if the samples were separate, which is too wide"
ALONE = "no interval: two numbers side by side, not a difference that is shown"
ROUNDED = 0.005  # further than that a logged accuracy, or a loss, is not that of the predictions
SCORES: tuple[tuple[str, str, Unit, bool], ...] = (
    ("accuracy", "Test accuracy", "percent", True),
    ("balanced_accuracy", "Balanced accuracy, test", "percent", True),
    ("macro_f1", "Macro F1, test", "percent", True),
    ("auroc_macro", "Macro AUROC, test", "plain", True),
    ("loss", "Test loss", "nats", False),
)


def differences(first: Run, second: Run, matches: Mapping[str, Match], alike: bool) -> list[Difference]:
    """Scores on the test set, then on validation, then what is counted.

    What is not known of both is left out. first, second: the runs with their shared classes alone; alike: whether they had no other:
    if they had, what was logged of epochs cannot be compared, only predictions can.
    """
    rows = [*_test(first, second, matches["test"])]
    rows += _validation(first, second, matches["val"]) if alike else _revalidated(matches["val"])
    rows += [*(_dropped(first, second, matches) if alike else ()), *_counted(first, second)]
    return [row for row in rows if row.baseline is not None and row.run is not None]


def classes(first: Run, second: Run, match: Match) -> list[Difference]:
    """The recall of each class, paired where the samples are; empty without counts."""
    names = [name for name in first.classes if name != OTHER]
    if match.shared is not None:
        return [row for c, name in enumerate(names) if (row := _recall(match.shared, c, name)) is not None]
    before, after = (measures.test_scores(run) if match.split == "test" else None for run in (first, second))
    if before is None or after is None:
        return []
    return [
        _row(
            name,
            "percent",
            a.recall,
            b.recall,
            _apart(a.recall, a.recall_ci95, b.recall, b.recall_ci95),
            SEPARATE,
            n=min(a.n, b.n),
        )
        for name, a, b in zip(names, before.per_class, after.per_class, strict=False)
        if a.recall is not None and b.recall is not None
    ]


def _test(first: Run, second: Run, match: Match) -> Iterator[Difference]:
    before, after = measures.test_scores(first), measures.test_scores(second)
    if before is None or after is None:
        return
    careful = SEPARATE if match.pair is None else CAREFUL
    paired = _paired(match, before)
    for key, label, unit, higher in SCORES:
        if key == "macro_f1" and OTHER in (*first.classes, *second.classes):
            continue  # a class that nobody has would count as one that is never recognised
        if key in paired:
            yield _row(label, unit, *paired[key], PAIRED, higher, match.pair.n if match.pair else None)
            continue
        a, b = before.get(key), after.get(key)
        apart = _apart(a, before.get(f"{key}_ci95"), b, after.get(f"{key}_ci95"))
        n = min(before.n, after.n) if before.n and after.n else None
        yield _row(label, unit, a, b, apart, careful if apart else "how many samples were tested was not logged", higher, n)
    if before.calibration and after.calibration:
        yield _calibrated(match, before.calibration, after.calibration)


def _calibrated(match: Match, before: Calibration, after: Calibration) -> Difference:
    tables, shared = _probabilities(match), match.shared
    found = None
    if tables is not None and shared is not None:
        found = ece_difference(*tables, shared.label, shared.codes)
    if found is None:
        return _row("Expected calibration error", "points", before.ece, after.ece, basis=ALONE)
    return _row("Expected calibration error", "points", *found, PAIRED, False, match.pair.n if match.pair else None)


def _probabilities(match: Match) -> tuple[np.ndarray, np.ndarray] | None:
    """Those of the shared samples, of the baseline and of the run."""
    if match.shared is None or match.first is None or match.second is None:
        return None
    was, is_now = match.first.probabilities, match.second.probabilities
    return None if was is None or is_now is None else (was[match.shared.before], is_now[match.shared.now])


def _paired(match: Match, before: TestScores) -> dict[str, tuple[float | None, float | None, Interval | None]]:
    """The scores whose difference is paired: of the baseline, of the run, and the interval of what was gained."""
    pair, shared = match.pair, match.shared
    if pair is None or shared is None:
        return {}
    was = float((shared.was == shared.label).mean())
    found: dict[str, tuple[float | None, float | None, Interval | None]] = {"accuracy": (was, was + pair.difference, pair.ci95)}
    rows = [row for c in range(len(match.classes)) if (row := _recall(shared, c, "")) is not None]
    if all(row.ci95 for row in rows):
        gained = combined([(row.difference, row.ci95) for row in rows], least=-1.0)  # type: ignore[misc]
        before_mean, now_mean = (float(np.mean([row.get(side) for row in rows])) for side in ("baseline", "run"))
        found["balanced_accuracy"] = (before_mean, now_mean, gained)
    if (
        not (pair.only_first or pair.only_second or pair.relabelled)
        and pair.macro_f1 is not None
        and before.macro_f1 is not None
    ):
        found["macro_f1"] = (before.macro_f1, before.macro_f1 + pair.macro_f1, pair.macro_f1_ci95)
    if (tables := _probabilities(match)) is not None:
        areas = area_difference(*tables, shared.label, shared.codes)
        found |= {"auroc_macro": areas} if areas else {}
    loss = measures.sample_losses(match.first)
    if pair.loss is not None and loss is not None:
        start = float(loss[shared.before].mean())
        found["loss"] = (start, start + pair.loss, pair.loss_ci95)
    return found


def _recall(shared: Shared, c: int, name: str) -> Difference | None:
    of_class = shared.label == c
    if not of_class.any():
        return None
    label, was, is_now = shared.label[of_class], shared.was[of_class], shared.is_now[of_class]
    codes = None if shared.codes is None else np.unique(shared.codes[of_class], return_inverse=True)[1]
    ci = gained_interval(label, was, is_now, codes)
    return _row(name, "percent", float((was == c).mean()), float((is_now == c).mean()), ci, PAIRED, n=len(label))


def _validation(first: Run, second: Run, match: Match) -> Iterator[Difference]:
    before, after = measures.best_epoch(first), measures.best_epoch(second)
    if before is None or after is None:
        return
    pair = _of_epochs(match, before.epoch, after.epoch)
    missing = "no validation predictions of both runs"
    n1, n2 = first.count("val"), second.count("val")
    a, b = before.val_accuracy, after.val_accuracy
    ci = pair.ci95 if pair else _apart(a, before.val_accuracy_ci95, b, after.val_accuracy_ci95)
    if pair is not None and a is not None and b is not None and abs(b - a - pair.difference) > ROUNDED:
        pair, ci, missing = None, None, ALONE  # other samples, or another model, than those of the epoch's line
    basis = PAIRED if pair else SEPARATE if ci else missing
    yield _row("Validation accuracy", "percent", a, b, ci, basis, True, pair.n if pair else min(n1, n2) if n1 and n2 else None)
    was, now = before.val_loss, after.val_loss
    if (
        pair is not None
        and pair.loss is not None
        and was is not None
        and now is not None
        and abs(now - was - pair.loss) > ROUNDED
    ):
        pair, missing = None, ALONE  # as where a temperature is in the predictions, and not in the epoch's line
    yield _row(
        "Validation loss, best epoch", "nats", was, now,
        pair.loss_ci95 if pair else None, PAIRED if pair and pair.loss_ci95 else missing, False, pair.n if pair else None,
    )  # fmt: skip


def _of_epochs(match: Match, before: int | None, after: int | None) -> Paired | None:
    """The paired comparison of a split, where its predictions are those of these epochs, or nothing tells of which they are."""
    if match.first is None or match.second is None:
        return None
    return match.pair if match.first.epoch in (None, before) and match.second.epoch in (None, after) else None


def _revalidated(match: Match) -> Iterator[Difference]:
    """Validation accuracy of the samples both predicted, counted anew."""
    if match.shared is not None and match.pair is not None:
        was = float((match.shared.was == match.shared.label).mean())
        yield _row(
            "Validation accuracy", "percent", was, was + match.pair.difference, match.pair.ci95, PAIRED, True, match.pair.n
        )


def _dropped(first: Run, second: Run, matches: Mapping[str, Match]) -> Iterator[Difference]:
    """The drop from validation to test: what was gained on validation less what was gained on the test set, each paired."""
    before, after = measures.generalization(first), measures.generalization(second)
    val, test = _of_epochs(matches["val"], before.epoch, after.epoch), matches["test"].pair
    label = "Drop from validation to test"
    if val is None or test is None or before.drop is None or after.drop is None:
        yield _row(label, "points", before.drop, after.drop, basis=ALONE)
        return
    if abs(val.difference - test.difference - (after.drop - before.drop)) > ROUNDED:
        yield _row(label, "points", before.drop, after.drop, basis=ALONE)  # other samples, or other models, than those logged
        return
    ci = independent_difference(val.difference, val.ci95, test.difference, test.ci95)
    yield _row(label, "points", before.drop, after.drop, ci, PAIRED, False, min(val.n, test.n))


def _counted(first: Run, second: Run) -> Iterator[Difference]:
    """What is counted or a single outcome, and so has no interval, but the best epoch."""
    best, other = measures.best_epoch(first), measures.best_epoch(second)
    apart = measures.best_epochs_apart(best, other) if best and other else None
    yield Difference(
        "Best epoch", best.epoch if best else None, other.epoch if other else None, "epoch",
        other.epoch - best.epoch if best and other else None, apart, None, "the epochs that are as good" if apart else "",
    )  # fmt: skip
    yield _row("Epochs", "count", len(first.epochs), len(second.epochs))
    yield _row("Confidence that it overfits", "plain", _overfits(first), _overfits(second))
    yield _row("Training time", "seconds", _seconds(first), _seconds(second))


def _overfits(run: Run) -> float | None:
    found = measures.overfitting(run)
    return round(found.confidence, 2) if found.verdict != "unknown" else None


def _seconds(run: Run) -> float | None:
    return sum(e.seconds for e in run.epochs if e.seconds) or None


def _row(
    label: str,
    unit: Unit,
    baseline: float | int | None,
    run: float | int | None,
    ci: Interval | None = None,
    basis: str = "",
    higher: bool = True,
    n: int | None = None,
) -> Difference:
    difference = None if baseline is None or run is None else run - baseline
    better = None if ci is None or ci[0] <= 0 <= ci[1] else (ci[0] > 0) == higher
    return Difference(label, baseline, run, unit, difference, ci, better, basis, n)


def _apart(a: float | None, a_ci: Interval | None, b: float | None, b_ci: Interval | None) -> Interval | None:
    if a is None or b is None or a_ci is None or b_ci is None:
        return None
    return independent_difference(b, b_ci, a, a_ci)

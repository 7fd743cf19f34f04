"""The tables that both the page and the Markdown show, read off the Report; nothing is computed."""

from __future__ import annotations

from dermai_report import wording
from dermai_report.report import Cell, Interval, Report, Table, TestScores, Unit

Row = tuple[str, float | int | None, Unit, Interval | None]


def epochs(report: Report) -> Table:
    """The epoch to ship and the last, each with what was logged of it."""
    rows: list[list[Cell]] = []
    best, last = report.best_epoch, report.last_epoch
    if best:
        by = {"val_loss": "lowest validation loss", "val_accuracy": "highest validation accuracy"}[best.by]
        losses = (best.train_loss, best.val_loss, best.train_accuracy, best.val_accuracy)
        rows.append(_epoch(f"To ship: {by}", best.epoch, *losses))
    if last:
        losses = (last.train_loss, last.val_loss, last.train_accuracy, last.val_accuracy)
        rows.append(_epoch("Last", last.epoch, *losses))
    columns = [
        "",
        "Epoch",
        "Training loss (nats)",
        "Validation loss (nats)",
        "Training accuracy",
        "Validation accuracy",
    ]
    return Table(id="epochs", title="The epochs that matter", columns=columns, rows=rows)


def test(report: Report) -> Table:
    """The scores on the test set with their intervals; those that are not known are left out."""
    t = report.test
    found: list[Row] = [] if t is None else [
        ("Accuracy", t.accuracy, "percent", t.accuracy_ci95),
        *_without_leaked(t),
        ("Balanced accuracy", t.balanced_accuracy, "percent", t.balanced_accuracy_ci95),
        ("Macro F1", t.macro_f1, "percent", t.macro_f1_ci95),
        ("Matthews correlation", t.mcc, "plain", t.mcc_ci95),
        ("Cohen's kappa", t.kappa, "plain", t.kappa_ci95),
        ("Macro AUROC", t.auroc_macro, "plain", t.auroc_macro_ci95),
        ("Macro average precision", t.average_precision_macro, "plain", t.average_precision_macro_ci95),
        ("Loss (nats)", t.loss, "nats", t.loss_ci95),
        ("Accuracy of always naming the largest class", t.majority_accuracy, "percent", None),
        ("Images", t.n, "count", None),
    ]  # fmt: skip
    return _scores("test", "Results on the test set", found)


def _without_leaked(test: TestScores) -> list[Row]:
    clean = test.without_leaked
    if clean is None:
        return []
    label = f"Accuracy without {wording.plural(clean.leaked, 'image')} with a copy elsewhere"
    return [(label, clean.accuracy, "percent", clean.accuracy_ci95)]


def calibration(report: Report) -> Table:
    """How far the probabilities can be believed."""
    c = report.test.calibration if report.test else None
    fitted = "Further temperature fitted" if report.run.config.get("temperature_scaling") is True else "Temperature fitted"
    found: list[Row] = [] if c is None else [
        ("Expected calibration error", c.ece, "points", c.ece_ci95),
        ("The same by chance alone, at most", c.ece_by_chance, "points", None),
        ("Brier score", c.brier, "plain", c.brier_ci95),
        ("Negative log-likelihood (nats)", c.nll, "nats", c.nll_ci95),
        (f"{fitted} on validation", c.temperature, "plain", None),
        ("Negative log-likelihood with it (nats)", c.nll_with_temperature, "nats", None),
        ("What the temperature saves of it (nats)", c.temperature_gain, "nats", c.temperature_gain_ci95),
    ]  # fmt: skip
    return _scores("calibration", "Calibration", found)


def drop(report: Report) -> Table:
    """The drop from validation to test and its parts; empty where no drop is known."""
    g = report.generalization
    found: list[Row] = [] if g.drop is None else [
        ("Validation accuracy", g.val_accuracy, "percent", None),
        ("Test accuracy", g.test_accuracy, "percent", None),
        ("Drop", g.drop, "points", g.drop_ci95),
        ("of it by choosing the best epoch", g.parts.selection, "points", None),
        ("what sampling alone can make of it, ±", g.parts.sampling, "points", None),
        ("of it by another mix of classes", g.parts.label_shift, "points", g.label_shift_ci95),
        ("the rest (chance, or other causes)", g.parts.unexplained, "points", None),
        ("Images in each set needed to tell", g.n_needed, "count", None),
    ]  # fmt: skip
    return _scores("drop", "From validation to test", found)


def _epoch(label: str, epoch: int, *values: float | None) -> list[Cell]:
    units: tuple[Unit, ...] = ("nats", "nats", "percent", "percent")
    cells = (Cell(value=value, unit=unit) for value, unit in zip(values, units, strict=True))
    return [Cell(value=label), Cell(value=epoch, unit="epoch"), *cells]


def _scores(id: str, title: str, found: list[Row]) -> Table:
    rows = [[Cell(value=label), Cell(value=value, unit=unit, ci95=ci)] for label, value, unit, ci in found if value is not None]
    columns = ["", "Value", "95 % interval"] if any(ci for _, _, _, ci in found) else ["", "Value"]
    return Table(id=id, title=title, columns=columns, rows=rows)

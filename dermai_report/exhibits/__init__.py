"""The charts and tables of a report, as data, from a run and its measures: an idea a file."""

from __future__ import annotations

from dermai_report.exhibits.curves import training_curves
from dermai_report.exhibits.drop import drop_charts
from dermai_report.exhibits.gap import gap_curve
from dermai_report.exhibits.tables import class_table, data_table, epoch_table
from dermai_report.exhibits.test_set import test_charts
from dermai_report.report import Chart, Table
from dermai_report.run import Run
from dermai_report.subgroup_table import subgroup_table


def charts(run: Run) -> list[Chart]:
    """Every chart that the run's facts allow."""
    return [c for c in (*training_curves(run), *gap_curve(run), *drop_charts(run), *test_charts(run)) if c is not None]


def tables(run: Run) -> list[Table]:
    """The epochs, the test scores of each class and subgroup, and the data set, as far as known."""
    return [t for t in (epoch_table(run), class_table(run), subgroup_table(run), data_table(run)) if t is not None]

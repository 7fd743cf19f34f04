"""The table of the test scores of subgroups, as data."""

from __future__ import annotations

from dermai_report import measures, wording
from dermai_report.report import Cell, Subgroup, Table
from dermai_report.run import Run

CAPTION = (
    "95 % intervals; n is the number of test samples. The last column compares the accuracy with that of all other samples, corrected "
    "for all these comparisons; that nothing is shown does not mean that there is no difference."
)


def subgroup_table(run: Run) -> Table | None:
    """A row a value of each further column of the test predictions; None where there is none to compare."""
    found = measures.subgroups(run)
    if not found:
        return None
    grouped = any(s.n_groups is not None for s in found)
    columns = [
        "Subgroup",
        "n",
        *(["Groups"] if grouped else []),
        "Accuracy",
        "Balanced accuracy",
        "Accuracy of the rest",
        "Lower?",
    ]
    rows = [
        [
            Cell(s.name),
            Cell(s.n, "count"),
            *([Cell(s.n_groups, "count")] if grouped else []),
            Cell(s.accuracy, "percent", s.accuracy_ci95),
            Cell(s.balanced_accuracy, "percent", s.balanced_accuracy_ci95),
            Cell(s.rest_accuracy, "percent"),
            Cell(_lower(s)),
        ]
        for s in found
    ]
    return Table("subgroups", "Test scores of subgroups", columns, rows, CAPTION)


def _lower(s: Subgroup) -> str:
    shown = "" if s.p is None or s.p >= 0.05 else f"lower, p {wording.p_value(s.p)}"
    if shown:
        return shown + (", few samples" if s.too_few else "")
    return "too few to say" if s.too_few or s.p is None else "not shown"

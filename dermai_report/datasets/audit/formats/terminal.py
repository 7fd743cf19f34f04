"""The audit on a terminal: what stands out, and the first few pictures of each kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dermai_report import formatting as fmt
from dermai_report.audit import Audit
from dermai_report.datasets.audit.view import Section, view
from dermai_report.report import Cell

SUFFIX = None
SIGN = {"good": "✓", "warning": "!", "bad": "✗", "neutral": "·", "unknown": "?"}
FIRST = 5  # rows of a table of pictures
WIDTH = 60


def render(audit: Audit, gallery: Mapping[str, str]) -> str:
    """Plain text."""
    return "\n".join(_lines(audit)) + "\n"


def _lines(audit: Audit) -> Iterator[str]:
    shown = view(audit)
    yield from (fmt.one_line(audit.source), fmt.one_line(shown.headline), "")
    for remark in shown.remarks:
        yield f"{SIGN[remark.tone]} {fmt.one_line(remark.title)}"
        yield f"  {fmt.one_line(remark.text)}"
    for section in shown.sections:
        yield from ("", f"── {section.title}")
        yield from _tables(section)
    yield ""
    yield from (f"Not looked at: {fmt.one_line(note)}" for note in shown.notes)


def _tables(section: Section) -> Iterator[str]:
    for table in section.tables:
        most = FIRST if section.id != "images" else len(table.rows)
        words = [table.columns, *([_words(cell) for cell in row] for row in table.rows[:most])]
        widths = [max(map(len, column)) for column in zip(*words, strict=True)]
        for row in words:
            yield "  " + "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        if len(table.rows) > most:
            yield f"  and more in audit.json ({len(table.rows) - most:,}{' or more' if table.caption else ''})"
        elif table.caption:
            yield f"  {table.caption}"


def _words(cell: Cell) -> str:
    return fmt.shorten(fmt.one_line(fmt.cell(cell.value, cell.unit)), WIDTH)

"""What every text on a terminal is made of: signs, headings, hanging lines, tables of a document, and names that cannot steer it."""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from dermai_report import formatting as fmt
from dermai_report.report import Answer, Cell
from dermai_report.report import Table as Rows

TONE = {"good": "green", "warning": "yellow", "bad": "red", "neutral": "cyan", "unknown": "dim"}
SIGN = {"good": "✓", "warning": "!", "bad": "✗", "neutral": "·", "unknown": "?"}
MOST_ROWS = 16  # of a table of the document
FIRST_COLUMN = 24  # characters of the names in it that are not broken over lines
NAME = 60  # characters shown of a name from a log


def printed(parts: Iterable[RenderableType], width: int | None, color: bool) -> str:
    """The parts beneath each other, as text `width` columns wide (when None, as the terminal is)."""
    console = Console(
        file=io.StringIO(),
        width=width or _terminal_width(),
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    for part in parts:
        console.print(part)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _terminal_width() -> int:
    import shutil

    return max(40, min(shutil.get_terminal_size((100, 24)).columns, 110))


def titled(about: str, headline: str) -> RenderableType:
    """What it is about, and the headline."""
    return Group(Text(about, style="dim"), Text(line(headline), style="bold"))


def answers(given: list[Answer]) -> list[RenderableType]:
    """A line an answer."""
    lines: list[RenderableType] = [""]
    for answer in given:
        sign = Text(SIGN[answer.tone], style=TONE[answer.tone])
        words = Text.assemble((line(answer.question), "dim"), " ", (line(answer.answer), "bold"))
        lines.append(hanging(sign, words))
    return lines if given else []


def cells(table: Rows) -> RenderableType:
    """A table of the document, its intervals beneath the values: its first rows, and what stands below it."""
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for n, column in enumerate(table.columns):
        first = max((len(_words(row[0])) for row in table.rows), default=0) if n == 0 else 0
        grid.add_column(column, justify="right" if n else "left", overflow="fold", min_width=min(first, FIRST_COLUMN))
    for row in table.rows[:MOST_ROWS]:
        grid.add_row(*(_cell(cell) for cell in row))
    more = len(table.rows) - MOST_ROWS
    left = f"{more} more rows in the full report. " if more > 0 else ""
    below = [Text(line(left + table.caption), style="dim")] if left or table.caption else []
    return Group(Text(""), Text(line(table.title), style="bold"), grid, *below)


def _cell(cell: Cell) -> Text:
    value = Text(_words(cell))
    interval = fmt.cell_interval(cell.ci95, cell.unit) if cell.ci95 else ""
    return value + Text(f"\n{interval}", style="dim") if interval else value


def _words(cell: Cell) -> str:
    return named(str(cell.value)) if cell.unit == "text" and cell.value is not None else fmt.cell(cell.value, cell.unit)


def heading(words: str) -> RenderableType:
    """The head of a part."""
    return Padding(Rule(Text(words), align="left", characters="─", style="dim"), (1, 0, 0, 0))


def hanging(sign: Text, body: RenderableType) -> RenderableType:
    """A sign, and beside it what it marks."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=2)
    grid.add_column(ratio=1)
    grid.add_row(sign, body)
    return grid


def line(words: str) -> str:
    """Words of a log on one line, of bounded length, without what steers a terminal."""
    return fmt.shorten(fmt.one_line(words), 2000)


def named(words: str) -> str:
    """The same for a name."""
    return fmt.shorten(fmt.one_line(words), NAME)


def where_whole(paths: Iterable[str]) -> str:
    """Where the whole report can be had."""
    return f"The full report: dermai-report {' '.join(shlex.quote(line(path)) for path in paths)} --format html"

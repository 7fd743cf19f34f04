"""The report on a terminal: the verdict, the key numbers with their intervals, the findings and what to do next.

It writes nothing; the last line says where the whole report can be had.
"""

from __future__ import annotations

import io
import shlex

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from dermai_report import formatting as fmt
from dermai_report.report import Finding, Recommendation, Report

SUFFIX = None

_TONE = {"good": "green", "warning": "yellow", "bad": "red", "neutral": "cyan", "unknown": "dim"}
_SIGN = {"good": "✓", "warning": "!", "bad": "✗", "neutral": "·", "unknown": "?"}
_SEVERITY = {"error": ("✗", "red"), "warning": ("!", "yellow"), "info": ("·", "cyan")}
MOST_FINDINGS = 8
MOST_ADVICE = 3
NAME = 60  # characters shown of a name from a log


def render(report: Report, width: int | None = None, color: bool = False) -> str:
    """The report as text, `width` columns wide (when None, as the terminal is), with ANSI colours on request."""
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
    for part in _parts(report):
        console.print(part)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _terminal_width() -> int:
    import shutil

    return max(40, min(shutil.get_terminal_size((100, 24)).columns, 110))


def _parts(report: Report) -> list[RenderableType]:
    parts: list[RenderableType] = [_verdict(report), *_answers(report), *_numbers(report)]
    parts += _findings(report.findings)
    parts += _advice([r for r in report.recommendations if r.status == "suggested"])
    if report.skipped:
        parts += ["", Text(f"{len(report.skipped)} checks could not be made: " + _skipped(report), style="dim")]
    return [*parts, "", Text(_where(report), style="dim")]


def _verdict(report: Report) -> RenderableType:
    run = report.run
    facts = [f"{run.n_epochs} epochs", f"{len(run.classes)} classes" if run.classes else "", run.status]
    about = Text(f"{_name(run.name)}  ({', '.join(fact for fact in facts if fact)})", style="dim")
    return Group(about, Text(_line(report.headline), style="bold"))


def _answers(report: Report) -> list[RenderableType]:
    lines: list[RenderableType] = [""]
    for answer in report.answers:
        sign = Text(_SIGN[answer.tone], style=_TONE[answer.tone])
        words = Text.assemble((_line(answer.question), "dim"), " ", (_line(answer.answer), "bold"))
        lines.append(_hanging(sign, words))
    return lines if report.answers else []


def _numbers(report: Report) -> list[RenderableType]:
    if not report.numbers:
        return []
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(style="dim")
    for number in report.numbers:
        interval = fmt.interval(number.ci95, number.unit)
        words = [interval and f"95 % interval {interval}", number.note]
        about = "; ".join(_line(word) for word in words if word)
        grid.add_row(_line(number.label), Text(fmt.quantity(number.value, number.unit), style="bold"), Text(about))
    return [_heading("Key numbers"), grid]


def _findings(findings: list[Finding]) -> list[RenderableType]:
    if not findings:
        return []
    lines: list[RenderableType] = [_heading("Findings")]
    for finding in findings[:MOST_FINDINGS]:
        sign, style = _SEVERITY[finding.severity]
        sure = f"  {fmt.confidence(finding.confidence)}"
        title = Text.assemble((_line(finding.title), "bold"), (sure, "dim"), (f"  {_name(finding.rule)}", "dim"))
        lines.append(_hanging(Text(sign, style=style), Group(title, Text(_line(finding.message)))))
    more = len(findings) - MOST_FINDINGS
    return [*lines, Text(f"  and {more} more", style="dim")] if more > 0 else lines


def _advice(advice: list[Recommendation]) -> list[RenderableType]:
    if not advice:
        return []
    lines: list[RenderableType] = [_heading("What to do next")]
    for number, one in enumerate(advice[:MOST_ADVICE], 1):
        body: list[RenderableType] = [Text(_line(one.title), style="bold"), *(Text(_line(why)) for why in one.why[:2])]
        if one.patch:
            body.append(Text(fmt.visible(fmt.toml(one.patch)).strip(), style="cyan"))
        lines.append(_hanging(Text(f"{number}"), Group(*body)))
    more = len(advice) - MOST_ADVICE
    return [*lines, Text(f"  and {more} more in the full report", style="dim")] if more > 0 else lines


def _heading(words: str) -> RenderableType:
    return Padding(Rule(Text(words), align="left", characters="─", style="dim"), (1, 0, 0, 0))


def _hanging(sign: Text, body: RenderableType) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=2)
    grid.add_column(ratio=1)
    grid.add_row(sign, body)
    return grid


def _line(words: str) -> str:
    return fmt.shorten(fmt.one_line(words), 2000)


def _name(words: str) -> str:
    return fmt.shorten(fmt.one_line(words), NAME)


def _skipped(report: Report) -> str:
    return ", ".join(_name(skipped.rule) for skipped in report.skipped)


def _where(report: Report) -> str:
    return f"The full report: dermai-report {shlex.quote(_line(report.run.path))} --format html"

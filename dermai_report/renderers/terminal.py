"""The report on a terminal: the verdict, the key numbers with their intervals, the findings and what to do next.

It writes nothing; the last line says where the whole report can be had.
"""

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
from dermai_report.charts import sparkline
from dermai_report.report import (
    ActionCheck,
    Answer,
    Cell,
    Compared,
    Comparison,
    ExperimentReport,
    Finding,
    Held,
    Index,
    Listed,
    ListedExperiment,
    PredictionCheck,
    Recommendation,
    Report,
)
from dermai_report.report import Table as Rows

SUFFIX = None

_TONE = {"good": "green", "warning": "yellow", "bad": "red", "neutral": "cyan", "unknown": "dim"}
_SIGN = {"good": "✓", "warning": "!", "bad": "✗", "neutral": "·", "unknown": "?"}
_SEVERITY = {"error": ("✗", "red"), "warning": ("!", "yellow"), "info": ("·", "cyan")}
MOST_FINDINGS = 8
MOST_ADVICE = 3
MOST_RUNS = 40
MOST_ROWS = 16  # of a table of the document
FIRST_COLUMN = 24  # characters of the names in it that are not broken over lines
NAME = 60  # characters shown of a name from a log


def render(report: Report, width: int | None = None, color: bool = False) -> str:
    """The report as text, `width` columns wide (when None, as the terminal is), with ANSI colours on request."""
    return _printed(_parts(report), width, color)


def render_comparison(comparison: Comparison, width: int | None = None, color: bool = False) -> str:
    """The comparison as text: the verdict, the answers, the differences and what they do not cover."""
    about = f"against {_name(comparison.name)}  ({len(comparison.runs) + 1} runs)"
    parts: list[RenderableType] = [_titled(about, comparison.headline), *_answers(comparison.answers)]
    for one in comparison.runs:
        parts += [*_differences(one, comparison.name), *_predictions(one.predictions)]
    notes = [*comparison.notes, *(note for one in comparison.runs for note in one.notes)]
    parts += ["", *(_hanging(Text("·", style="dim"), Text(_line(note), style="dim")) for note in notes)]
    paths = [comparison.baseline.path, *(one.run.path for one in comparison.runs)]
    return _printed([*parts, "", Text(_where(paths), style="dim")], width, color)


def render_experiment(experiment: ExperimentReport, width: int | None = None, color: bool = False) -> str:
    """What an experiment shows, as text: the verdict, the answers, and a line an effect or trial."""
    done = sum(trial.status == "finished" for trial in experiment.trials)
    about = f"{_name(experiment.name)}  ({done} of {len(experiment.trials)} trials finished)"
    parts: list[RenderableType] = [_titled(about, experiment.headline), *_answers(experiment.answers)]
    parts += [_cells(table) for table in experiment.tables[:1]]
    parts += _predictions(experiment.predictions)
    parts += ["", *(_hanging(Text("·", style="dim"), Text(_line(note), style="dim")) for note in experiment.notes)]
    return _printed([*parts, "", Text(_where([experiment.path]), style="dim")], width, color)


def _cells(table: Rows) -> RenderableType:
    """A table of the document, its intervals beneath the values: its first rows, and what stands below it."""
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for n, column in enumerate(table.columns):
        first = max((len(_words(row[0])) for row in table.rows), default=0) if n == 0 else 0
        grid.add_column(column, justify="right" if n else "left", overflow="fold", min_width=min(first, FIRST_COLUMN))
    for row in table.rows[:MOST_ROWS]:
        grid.add_row(*(_cell(cell) for cell in row))
    more = len(table.rows) - MOST_ROWS
    left = f"{more} more rows in the full report. " if more > 0 else ""
    below = [Text(_line(left + table.caption), style="dim")] if left or table.caption else []
    return Group(Text(""), Text(_line(table.title), style="bold"), grid, *below)


def _cell(cell: Cell) -> Text:
    value = Text(_words(cell))
    interval = fmt.cell_interval(cell.ci95, cell.unit) if cell.ci95 else ""
    return value + Text(f"\n{interval}", style="dim") if interval else value


def _words(cell: Cell) -> str:
    return _name(str(cell.value)) if cell.unit == "text" and cell.value is not None else fmt.cell(cell.value, cell.unit)


def render_index(index: Index, width: int | None = None, color: bool = False) -> str:
    """The index as text: a line a run."""
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    grid.add_column("Run", ratio=3, overflow="fold")
    grid.add_column("", width=1)
    grid.add_column("Verdict", ratio=4)
    grid.add_column("Test accuracy", justify="right", no_wrap=True)
    grid.add_column("Course", no_wrap=True)
    for run in index.runs[:MOST_RUNS]:
        told = f"{_line(run.verdict)}{'' if run.status == 'finished' or run.error else f' ({run.status})'}{_because(run.error)}"
        interval = fmt.interval(run.test_accuracy_ci95, "percent")
        tested = Text(fmt.quantity(run.test_accuracy, "percent"), style="bold")
        grid.add_row(
            Text.assemble(_name(run.name), (f"\n{_made_from(run)}" if run.parent else "", "dim")),
            Text(_SIGN[run.tone], style=_TONE[run.tone]),
            Text(told),
            tested + Text(f"\n{interval}", style="dim") if interval else tested,
            Text(sparkline.text(run.curve)),
        )
    more = len(index.runs) - MOST_RUNS
    parts: list[RenderableType] = [Text(_line(index.headline), style="bold"), *(("", grid) if index.runs else ())]
    parts += [Text(f"and {more} more, the oldest", style="dim")] if more > 0 else []
    parts += _experiments(index.experiments)
    parts += ["", *(_hanging(Text("·", style="dim"), Text(_line(note), style="dim")) for note in index.notes)]
    return _printed([*parts, "", Text(_where([index.path]), style="dim")], width, color)


def _made_from(run: Listed) -> str:
    assert run.parent is not None
    return _line(f"from {_name(run.parent_name or run.parent.id)}: {_name(', '.join(run.parent.actions))}")


def _experiments(experiments: list[ListedExperiment]) -> list[RenderableType]:
    if not experiments:
        return []
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    grid.add_column("Experiment", ratio=3, overflow="fold")
    grid.add_column("Trials done", no_wrap=True)
    grid.add_column("What it shows", ratio=6)
    for one in experiments[:MOST_RUNS]:
        done = f"{one.finished} of {one.trials}"
        grid.add_row(
            Text.assemble(_name(one.name), (f"\n{fmt.kind(one.kind)}", "dim")),
            done,
            Text(f"{_line(one.headline)}{_because(one.error)}"),
        )
    more = len(experiments) - MOST_RUNS
    lines: list[RenderableType] = ["", grid]
    return [*lines, Text(f"and {more} more, the oldest", style="dim")] if more > 0 else lines


def _printed(parts: Iterable[RenderableType], width: int | None, color: bool) -> str:
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


def _parts(report: Report) -> list[RenderableType]:
    parts: list[RenderableType] = [_verdict(report), *_answers(report.answers), *_numbers(report)]
    parts += _findings(report.findings)
    parts += _advice([r for r in report.recommendations if r.status == "suggested"])
    if report.skipped:
        parts += ["", Text(f"{len(report.skipped)} checks could not be made: " + _skipped(report), style="dim")]
    return [*parts, "", Text(_where([report.run.path]), style="dim")]


def _verdict(report: Report) -> RenderableType:
    run = report.run
    facts = [f"{run.n_epochs} epochs", f"{len(run.classes)} classes" if run.classes else "", run.status]
    return _titled(f"{_name(run.name)}  ({', '.join(fact for fact in facts if fact)})", report.headline)


def _titled(about: str, headline: str) -> RenderableType:
    return Group(Text(about, style="dim"), Text(_line(headline), style="bold"))


def _answers(answers: list[Answer]) -> list[RenderableType]:
    lines: list[RenderableType] = [""]
    for answer in answers:
        sign = Text(_SIGN[answer.tone], style=_TONE[answer.tone])
        words = Text.assemble((_line(answer.question), "dim"), " ", (_line(answer.answer), "bold"))
        lines.append(_hanging(sign, words))
    return lines if answers else []


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


def _differences(one: Compared, baseline: str) -> list[RenderableType]:
    if not one.differences:
        return []
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    grid.add_column("")
    grid.add_column(fmt.shorten(_name(baseline), 20), justify="right", no_wrap=True)
    grid.add_column(fmt.shorten(_name(one.name), 20), justify="right", no_wrap=True)
    grid.add_column("Difference", justify="right", no_wrap=True)
    grid.add_column("95 % interval", style="dim")
    for row in one.differences:
        style = {True: "bold green", False: "bold red", None: "bold"}[row.better]
        moved = Text(fmt.gained(row.difference, row.unit), style=style)
        values = (fmt.cell(row.baseline, row.unit), fmt.cell(row.run, row.unit))
        grid.add_row(_line(row.label), *values, moved, fmt.gained_interval(row.ci95, row.unit))
    return [_heading(_name(one.name)), grid]


def _predictions(actions: list[ActionCheck]) -> list[RenderableType]:
    if not actions:
        return []
    lines: list[RenderableType] = [_heading("Did the predictions hold?")]
    for one in actions:
        title = Text.assemble((_line(one.title), "bold"), ("" if one.checks else f"  {_line(one.unchecked)}", "dim"))
        body = [title, *(_prediction(check) for check in one.checks)]
        lines.append(_hanging(_held(one.held), Group(*body)))
    return lines


def _prediction(check: PredictionCheck) -> RenderableType:
    row = check.measured
    interval = fmt.gained_interval(row.ci95, row.unit)
    moved = f"{fmt.gained(row.difference, row.unit)}{f' (95 % interval {interval})' if interval else ''}"
    told = Text.assemble(f"{row.label}, predicted {check.said}: {check.held}, {moved}", (f"; {row.basis}", "dim"))
    return _hanging(_held(check.held), told)


def _held(held: Held) -> Text:
    tone = {"held": "good", "did not hold": "bad", "cannot tell": "unknown"}[held]
    return Text(_SIGN[tone], style=_TONE[tone])


def _because(error: str | None) -> str:
    return f": {fmt.shorten(_line(error), 200)}" if error else ""


def _findings(findings: list[Finding]) -> list[RenderableType]:
    if not findings:
        return []
    lines: list[RenderableType] = [_heading("Findings")]
    for finding in findings[:MOST_FINDINGS]:
        sign, style = _SEVERITY[finding.severity]
        sure = f"  {fmt.confidence(finding.confidence, finding.basis)}"
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


def _where(paths: Iterable[str]) -> str:
    return f"The full report: dermai-report {' '.join(shlex.quote(_line(path)) for path in paths)} --format html"

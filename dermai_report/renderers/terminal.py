"""The report on a terminal: the verdict, the key numbers with their intervals, the findings and what to do next.

It writes nothing; the last line says where the whole report can be had.
"""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dermai_report import formatting as fmt
from dermai_report.charts import sparkline
from dermai_report.renderers._console import (
    SIGN,
    TONE,
    answers,
    cells,
    hanging,
    heading,
    line,
    named,
    printed,
    titled,
    where_whole,
)
from dermai_report.report import (
    ActionCheck,
    Compared,
    Comparison,
    ExperimentReport,
    Finding,
    Index,
    Listed,
    ListedExperiment,
    PredictionCheck,
    Recommendation,
    Report,
    Tone,
)

SUFFIX = None

_SEVERITY = {"error": ("✗", "red"), "warning": ("!", "yellow"), "info": ("·", "cyan")}
MOST_FINDINGS = 8
MOST_ADVICE = 3
MOST_RUNS = 40


def render(report: Report, width: int | None = None, color: bool = False) -> str:
    """The report as text, `width` columns wide (when None, as the terminal is), with ANSI colours on request."""
    return printed(_parts(report), width, color)


def render_comparison(comparison: Comparison, width: int | None = None, color: bool = False) -> str:
    """The comparison as text: the verdict, the answers, the differences and what they do not cover."""
    about = f"against {named(comparison.name)}  ({len(comparison.runs) + 1} runs)"
    parts: list[RenderableType] = [titled(about, comparison.headline), *answers(comparison.answers)]
    for one in comparison.runs:
        parts += [*_differences(one, comparison.name), *_predictions(one.predictions)]
    notes = [*comparison.notes, *(note for one in comparison.runs for note in one.notes)]
    parts += ["", *(hanging(Text("·", style="dim"), Text(line(note), style="dim")) for note in notes)]
    paths = [comparison.baseline.path, *(one.run.path for one in comparison.runs)]
    return printed([*parts, "", Text(where_whole(paths), style="dim")], width, color)


def render_experiment(experiment: ExperimentReport, width: int | None = None, color: bool = False) -> str:
    """What an experiment shows, as text: the verdict, the answers, and a line an effect or trial."""
    done = sum(trial.status == "finished" for trial in experiment.trials)
    about = f"{named(experiment.name)}  ({done} of {len(experiment.trials)} trials finished)"
    parts: list[RenderableType] = [titled(about, experiment.headline), *answers(experiment.answers)]
    parts += [cells(table) for table in experiment.tables[:1]]
    parts += _predictions(experiment.predictions)
    parts += ["", *(hanging(Text("·", style="dim"), Text(line(note), style="dim")) for note in experiment.notes)]
    return printed([*parts, "", Text(where_whole([experiment.path]), style="dim")], width, color)


def render_index(index: Index, width: int | None = None, color: bool = False) -> str:
    """The index as text: a line a run."""
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    grid.add_column("Run", ratio=3, overflow="fold")
    grid.add_column("", width=1)
    grid.add_column("Verdict", ratio=4)
    grid.add_column("Test accuracy", justify="right", no_wrap=True)
    grid.add_column("Course", no_wrap=True)
    for run in index.runs[:MOST_RUNS]:
        told = f"{line(run.verdict)}{'' if run.status == 'finished' or run.error else f' ({run.status})'}{_because(run.error)}"
        interval = fmt.interval(run.test_accuracy_ci95, "percent")
        tested = Text(fmt.quantity(run.test_accuracy, "percent"), style="bold")
        grid.add_row(
            Text.assemble(named(run.name), (f"\n{_made_from(run)}" if run.parent else "", "dim")),
            _sign(run.tone),
            Text(told),
            tested + Text(f"\n{interval}", style="dim") if interval else tested,
            Text(sparkline.text(run.curve)),
        )
    more = len(index.runs) - MOST_RUNS
    parts: list[RenderableType] = [Text(line(index.headline), style="bold"), *(("", grid) if index.runs else ())]
    parts += [Text(f"and {more} more, the oldest", style="dim")] if more > 0 else []
    parts += _experiments(index.experiments)
    parts += ["", *(hanging(Text("·", style="dim"), Text(line(note), style="dim")) for note in index.notes)]
    return printed([*parts, "", Text(where_whole([index.path]), style="dim")], width, color)


def _made_from(run: Listed) -> str:
    assert run.parent is not None
    return line(f"from {named(run.parent_name or run.parent.id)}: {named(', '.join(run.parent.actions))}")


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
            Text.assemble(named(one.name), (f"\n{fmt.kind(one.kind)}", "dim")),
            done,
            Text(f"{line(one.headline)}{_because(one.error)}"),
        )
    more = len(experiments) - MOST_RUNS
    lines: list[RenderableType] = ["", grid]
    return [*lines, Text(f"and {more} more, the oldest", style="dim")] if more > 0 else lines


def _parts(report: Report) -> list[RenderableType]:
    parts: list[RenderableType] = [_verdict(report), *answers(report.answers), *_numbers(report)]
    parts += _findings(report.findings)
    parts += _advice([r for r in report.recommendations if r.status == "suggested"])
    if report.skipped:
        parts += ["", Text(f"{len(report.skipped)} checks could not be made: " + _skipped(report), style="dim")]
    return [*parts, "", Text(where_whole([report.run.path]), style="dim")]


def _verdict(report: Report) -> RenderableType:
    run = report.run
    facts = [f"{run.n_epochs} epochs", f"{len(run.classes)} classes" if run.classes else "", run.status]
    return titled(f"{named(run.name)}  ({', '.join(fact for fact in facts if fact)})", report.headline)


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
        about = "; ".join(line(word) for word in words if word)
        grid.add_row(line(number.label), Text(fmt.quantity(number.value, number.unit), style="bold"), Text(about))
    return [heading("Key numbers"), grid]


def _differences(one: Compared, baseline: str) -> list[RenderableType]:
    if not one.differences:
        return []
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    grid.add_column("")
    grid.add_column(fmt.shorten(named(baseline), 20), justify="right", no_wrap=True)
    grid.add_column(fmt.shorten(named(one.name), 20), justify="right", no_wrap=True)
    grid.add_column("Difference", justify="right", no_wrap=True)
    grid.add_column("95 % interval", style="dim")
    for row in one.differences:
        style = {True: "bold green", False: "bold red", None: "bold"}[row.better]
        moved = Text(fmt.gained(row.difference, row.unit), style=style)
        values = (fmt.cell(row.baseline, row.unit), fmt.cell(row.run, row.unit))
        grid.add_row(line(row.label), *values, moved, fmt.gained_interval(row.ci95, row.unit))
    return [heading(named(one.name)), grid]


def _predictions(actions: list[ActionCheck]) -> list[RenderableType]:
    if not actions:
        return []
    lines: list[RenderableType] = [heading("Did the predictions hold?")]
    for one in actions:
        title = Text.assemble((line(one.title), "bold"), ("" if one.checks else f"  {line(one.unchecked)}", "dim"))
        body = [title, *(_prediction(check) for check in one.checks)]
        lines.append(hanging(_sign(one.tone), Group(*body)))
    return lines


def _prediction(check: PredictionCheck) -> RenderableType:
    row = check.measured
    interval = fmt.gained_interval(row.ci95, row.unit)
    moved = f"{fmt.gained(row.difference, row.unit)}{f' (95 % interval {interval})' if interval else ''}"
    told = Text.assemble(f"{row.label}, predicted {check.said}: {check.held}, {moved}", (f"; {row.basis}", "dim"))
    return hanging(_sign(check.tone), told)


def _sign(tone: Tone) -> Text:
    return Text(SIGN[tone], style=TONE[tone])


def _because(error: str | None) -> str:
    return f": {fmt.shorten(line(error), 200)}" if error else ""


def _findings(findings: list[Finding]) -> list[RenderableType]:
    if not findings:
        return []
    lines: list[RenderableType] = [heading("Findings")]
    for finding in findings[:MOST_FINDINGS]:
        sign, style = _SEVERITY[finding.severity]
        sure = f"  {fmt.confidence(finding.confidence, finding.basis)}"
        title = Text.assemble((line(finding.title), "bold"), (sure, "dim"), (f"  {named(finding.rule)}", "dim"))
        lines.append(hanging(Text(sign, style=style), Group(title, Text(line(finding.message)))))
    more = len(findings) - MOST_FINDINGS
    return [*lines, Text(f"  and {more} more", style="dim")] if more > 0 else lines


def _advice(advice: list[Recommendation]) -> list[RenderableType]:
    if not advice:
        return []
    lines: list[RenderableType] = [heading("What to do next")]
    for number, one in enumerate(advice[:MOST_ADVICE], 1):
        body: list[RenderableType] = [Text(line(one.title), style="bold"), *(Text(line(why)) for why in one.why[:2])]
        if one.patch:
            body.append(Text(fmt.visible(fmt.toml(one.patch)).strip(), style="cyan"))
        lines.append(hanging(Text(f"{number}"), Group(*body)))
    more = len(advice) - MOST_ADVICE
    return [*lines, Text(f"  and {more} more in the full report", style="dim")] if more > 0 else lines


def _skipped(report: Report) -> str:
    return ", ".join(named(skipped.rule) for skipped in report.skipped)

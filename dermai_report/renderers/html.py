"""report.html: one self-contained page, without script, network or fonts, that reads under a strict content policy."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from dermai_report import charts
from dermai_report import formatting as fmt
from dermai_report.charts import lines, numbers
from dermai_report.renderers import _tables as tables
from dermai_report.report import Chart, LineChart, MatrixChart, Report, Table
from dermai_report.templating import environment

SUFFIX = ".html"
FIRST_ADVICE = 5  # recommendations shown at once; the rest of the list unfolds


@dataclass(frozen=True)
class Section:
    """A part of the page: its anchor, which also names its template, and its title."""

    id: str
    title: str


@dataclass(frozen=True)
class Figure:
    """A chart for the page; `wide` ones scroll sideways in a narrow window, `alone` ones have a row to themselves."""

    id: str
    kind: str
    title: str
    caption: str
    svg: Markup
    legend: list[lines.Entry]
    table: Table
    wide: bool
    alone: bool


@dataclass(frozen=True)
class Doc:
    """The documentation of a rule as HTML."""

    title: str
    html: Markup


def render(report: Report) -> str:
    """The report as one HTML page, the same bytes for the same report."""
    figures = _figures(report)
    context = {
        "report": report,
        "figures": figures,
        "sections": list(_sections(report, figures)),
        "docs": _docs(report),
        "first_advice": FIRST_ADVICE,
        "epochs_table": tables.epochs(report),
        "test_table": tables.test(report),
        "drop_table": tables.drop(report),
        "calibration_table": tables.calibration(report),
    }
    text = environment("html").get_template("report.html.j2").render(context)
    return re.sub(r"\n\s*\n+|\n +(?=<)", "\n", text)


def embedded(report: Report) -> str:
    """The page in a frame of its own, for a notebook: its styles do not leak, nor do those around it reach in."""
    page = str(escape(render(report)))
    return f'<iframe title="Training report" style="width:100%;height:80vh;border:0" srcdoc="{page}"></iframe>'


def _figures(report: Report) -> dict[str, list[Any]]:
    """The charts of each section, and those of each finding; where a chart belongs is told by its shape alone."""
    count = itertools.count(1)

    def ready(chosen: Iterable[Chart]) -> list[Figure]:
        narrow_first = sorted(chosen, key=lambda chart: isinstance(chart, MatrixChart))
        narrow = sum(not isinstance(chart, MatrixChart) for chart in narrow_first)
        unpaired = narrow - 1 if narrow % 2 else None
        return [_figure(c, f"chart{next(count)}", i == unpaired or i >= narrow) for i, c in enumerate(narrow_first)]

    line_charts = [chart for chart in report.charts if isinstance(chart, LineChart)]
    return {
        "curves": ready(chart for chart in line_charts if not chart.square),
        "test": ready(chart for chart in report.charts if not isinstance(chart, LineChart)),
        "calibration": ready(chart for chart in line_charts if chart.square),
        "findings": [ready(finding.charts) for finding in report.findings],
    }


def _figure(chart: Chart, id: str, alone: bool) -> Figure:
    legend = lines.legend(chart) if isinstance(chart, LineChart) and len(chart.series) > 1 else []
    return Figure(
        id=id,
        kind=charts.kind(chart),
        title=chart.title,
        caption=chart.caption,
        svg=Markup(charts.svg(chart, id)),
        legend=legend,
        table=numbers.table(chart),
        wide=isinstance(chart, MatrixChart),
        alone=alone,
    )


def _sections(report: Report, figures: dict[str, list[Any]]) -> Iterator[Section]:
    yield Section("summary", "Summary")
    yield Section("curves", "Training curves")
    yield Section("test", "Test set")
    if figures["calibration"] or tables.calibration(report).rows:
        yield Section("calibration", "Calibration")
    yield Section("findings", "Findings")
    yield Section("next", "What to do next")
    if report.skipped or report.notes:
        yield Section("limits", "Limits")
    if any(table.id != "classes" for table in report.tables):
        yield Section("tables", "Tables")
    if report.provenance:
        yield Section("provenance", "Provenance")


def _docs(report: Report) -> dict[str, Doc]:
    """The documentation of the rules that found something, rendered once each."""
    found = {finding.rule for finding in report.findings}
    wanted = [text for text in report.rules if text.rule in found]
    if not wanted:
        return {}
    from markdown import Markdown

    markdown = Markdown(extensions=["def_list", "fenced_code", "sane_lists"], output_format="html")
    # Nothing of the text may be HTML, load an image, or lead out of the file.
    markdown.preprocessors.deregister("html_block")
    for pattern in ("html", "image_link", "image_reference", "short_image_ref"):
        markdown.inlinePatterns.deregister(pattern)
    return {
        text.rule: Doc(text.title, Markup(_tame(markdown.reset().convert(_led(fmt.visible(text.text)))))) for text in wanted
    }


def _led(text: str) -> str:
    # A rule's paragraphs start "What it checks:"; the page sets such a start off.
    return re.sub(r"(?m)^([A-Z][A-Za-z ]{3,30}):(?=\s)", r"**\1:**", text)


def _tame(html: str) -> str:
    # Headings would break the order of the page's own; a link to another place is shown as its address.
    html = re.sub(r"<(/?)h[1-6][^>]*>", lambda m: "</strong></p>" if m[1] else "<p><strong>", html)
    return re.sub(r'<a href="([^"]*)"[^>]*>(.*?)</a>', _address, html, flags=re.DOTALL)


def _address(match: re.Match[str]) -> str:
    address, words = match[1], match[2]
    return words if address == words else f"{words} ({address})"

"""report.html: one self-contained page, without script, network or fonts, that reads under a strict content policy."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from dermai_report import formatting as fmt
from dermai_report.charts import sparkline
from dermai_report.renderers import _tables as tables
from dermai_report.renderers._figures import figures
from dermai_report.report import Comparison, ExperimentReport, Index, LineChart, Listed, Report, Shown, Unit
from dermai_report.report.gallery import Gallery
from dermai_report.templating import environment

SUFFIX = ".html"
FIRST_ADVICE = 5  # recommendations shown at once; the rest of the list unfolds
MOST_TILES = 8  # differences that a comparison begins with
MOST_CHANGES = 12  # recommendations of the baseline's report that are followed up


@dataclass(frozen=True)
class Section:
    """A part of the page: its anchor, which also names its template, and its title."""

    id: str
    title: str


@dataclass(frozen=True)
class Doc:
    """The documentation of a rule as HTML."""

    title: str
    html: Markup


def render(report: Report, refresh: int = 0, gallery: Gallery | None = None) -> str:
    """The report as one HTML page, the same bytes for the same report.

    refresh: seconds after which a browser loads the page again, for a run that is being watched; 0 for never.
    gallery: misclassified images to show, which are never part of the report itself.
    """
    figures = _figures(report)
    return _page(
        "report.html.j2",
        report=report,
        version=report.version,
        refresh=refresh,
        parts="",
        figures=figures,
        gallery=gallery,
        sections=list(_sections(report, figures, gallery)),
        docs=_docs(report),
        first_advice=FIRST_ADVICE,
        epochs_table=tables.epochs(report),
        test_table=tables.test(report),
        drop_table=tables.drop(report),
        calibration_table=tables.calibration(report),
    )


def render_comparison(comparison: Comparison) -> str:
    """The comparison as one HTML page."""
    count = itertools.count(1)
    return _page(
        "comparison.html.j2",
        comparison=comparison,
        version=comparison.version,
        refresh=0,
        parts="comparison/",
        figures={
            "all": figures(comparison.charts, count),
            "runs": [figures(one.charts, count) for one in comparison.runs],
        },
        sections=list(_parts(comparison)),
        most_tiles=MOST_TILES,
        most_changes=MOST_CHANGES,
    )


def render_index(index: Index) -> str:
    """The index as one HTML page."""
    return _page(
        "index.html.j2",
        index=index,
        version=index.version,
        refresh=0,
        parts="index/",
        sections=[
            *([Section("runs", "Runs")] if index.runs or not index.experiments else []),
            *([Section("experiments", "Experiments")] if index.experiments else []),
            *([Section("limits", "Limits")] if index.notes else []),
        ],
        statuses=Counter(run.status for run in index.runs if not run.error).most_common(),
        spark=_spark,
    )


def render_experiment(experiment: ExperimentReport) -> str:
    """What an experiment shows, as one HTML page."""
    return _page(
        "experiment.html.j2",
        experiment=experiment,
        version=experiment.version,
        refresh=0,
        parts="experiment/",
        figures=figures(experiment.charts, itertools.count(1)),
        sections=[
            Section("summary", "Summary"),
            Section("results", "Results"),
            *([Section("predictions", "Predictions")] if experiment.predictions else []),
            Section("limits", "Limits"),
        ],
    )


def _spark(run: Listed) -> Markup:
    """The course of a run as a small picture, with its ends in words for those who cannot see it."""
    drawn = sparkline.svg(run.curve, run.best_at)
    ends = [value for value in run.curve if value is not None]
    unit: Unit = "nats" if run.curve_of == "loss" else "percent"
    words = f"Validation {run.curve_of} from {fmt.quantity(ends[0], unit)} to {fmt.quantity(ends[-1], unit)}" if ends else ""
    return Markup('{}<span class="unseen">{}</span>').format(Markup(drawn), words)


def embedded(document: Shown) -> str:
    """The page in a frame of its own, for a notebook: its styles do not leak, nor do those around it reach in."""
    from dermai_report.renderers import render

    page = str(escape(render(document, "html")))
    return f'<iframe title="Training report" style="width:100%;height:80vh;border:0" srcdoc="{page}"></iframe>'


def _page(template: str, **context: Any) -> str:
    text = environment("html").get_template(template).render(context)
    return re.sub(r"\n\s*\n+|\n +(?=<)", "\n", text)


def _figures(report: Report) -> dict[str, list[Any]]:
    """The charts of each section, and those of each finding; where a chart belongs is told by its shape alone."""
    count = itertools.count(1)
    line_charts = [chart for chart in report.charts if isinstance(chart, LineChart)]
    return {
        "curves": figures((chart for chart in line_charts if not chart.square), count),
        "test": figures((chart for chart in report.charts if not isinstance(chart, LineChart)), count),
        "calibration": figures((chart for chart in line_charts if chart.square), count),
        "findings": [figures(finding.charts, count) for finding in report.findings],
    }


def _parts(comparison: Comparison) -> Iterator[Section]:
    yield Section("summary", "Summary")
    yield Section("differences", "Differences")
    if any(one.predictions for one in comparison.runs):
        yield Section("predictions", "Predictions")
    if any(one.classes for one in comparison.runs):
        yield Section("classes", "Classes")
    yield Section("images", "Images")
    yield Section("changes", "What was changed")
    yield Section("limits", "Limits")
    yield Section("runs", "Runs")


def _sections(report: Report, figures: dict[str, list[Any]], gallery: Gallery | None) -> Iterator[Section]:
    yield Section("summary", "Summary")
    yield Section("curves", "Training curves")
    yield Section("test", "Test set")
    if gallery is not None:
        yield Section("gallery", "Misclassified images")
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

"""report.md: Markdown for a pull request or a job summary on GitHub, with nothing that would need a host.

The first line is a hidden comment, by which a CI job finds its own comment again; a key in it tells the comments of several
runs apart. What does not fit the size limit is left out in whole sections from the end, and named.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from dermai_report import charts
from dermai_report import formatting as fmt
from dermai_report.charts import mermaid, numbers, sparkline
from dermai_report.errors import DermaiError
from dermai_report.files import write_atomically
from dermai_report.renderers import _tables as tables
from dermai_report.report import Cell, Chart, Comparison, ExperimentReport, Index, LineChart, Listed, MatrixChart, Report, Table
from dermai_report.templating import environment, fenced, markdown_name

SUFFIX = ".md"
MAX_CHARS = 60_000  # GitHub refuses a pull request's body of more than 65,536
MOST_CLASSES = 16  # columns of a confusion matrix that a comment has room for
MOST_MISTAKES = 15
MOST_ROWS = 60  # rows of a chart's numbers
SHADES = ((0.0, "·"), (0.1, "░"), (0.3, "▒"), (0.6, "▓"), (1.0, "█"))
SECTIONS = {
    "verdict": "the verdict",
    "answers": "the four answers",
    "gate": "the gate",
    "numbers": "the key numbers",
    "curves": "the training curves",
    "test": "the test set",
    "calibration": "the calibration",
    "findings": "the findings",
    "next": "what to do next",
    "limits": "the limits",
    "tables": "the tables",
    "provenance": "the provenance",
}


COMPARISON_SECTIONS = {
    "verdict": "the verdict",
    "answers": "the answers",
    "differences": "the differences",
    "predictions": "the predictions",
    "changes": "what was changed",
    "limits": "the limits",
    "curves": "the curves",
    "classes": "the classes",
    "images": "the images",
}
EXPERIMENT_SECTIONS = {
    "verdict": "the verdict",
    "answers": "the answers",
    "numbers": "the key numbers",
    "results": "the results",
    "predictions": "the predictions",
    "limits": "the limits",
}
MOST_SETTINGS = 40
MOST_CHANGES = 12
MOST_SAMPLES = 25
MOST_EXPERIMENTS = 20


def render(report: Report, max_chars: int = MAX_CHARS, key: str = "", images: Sequence[str] = ()) -> str:
    """The report as Markdown of at most `max_chars` characters; the verdict is always kept.

    key: what tells this comment from another on the same pull request (`marker`). images: the picture file of each of
    `report.all_charts()`, to be shown instead of Mermaid ("" for none).
    """
    context = _context(report, images) | {"marker": marker(key)}
    return _fitted("md", {name: SECTIONS[name] for name in _present(report, context)}, context, max_chars)


def render_comparison(comparison: Comparison, max_chars: int = MAX_CHARS, key: str = "") -> str:
    """The comparison as Markdown of at most `max_chars` characters; the verdict is always kept."""
    tones = {one.verdict for one in comparison.runs}
    drawn = [chart for chart in comparison.charts if isinstance(chart, LineChart)]
    empty = {
        "predictions": not any(one.predictions for one in comparison.runs),
        "curves": not drawn,
        "classes": not any(one.classes for one in comparison.runs),
    }
    context = {
        "comparison": comparison,
        "version": comparison.version,
        "marker": marker(key, "dermai-comparison"),
        "alert": "TIP" if "better" in tones else "CAUTION" if "worse" in tones else "NOTE",
        "curves": [_curve(chart, "") for chart in drawn],
        "most_settings": MOST_SETTINGS,
        "most_changes": MOST_CHANGES,
        "most_samples": MOST_SAMPLES,
    }
    sections = {name: words for name, words in COMPARISON_SECTIONS.items() if not empty.get(name)}
    return _fitted("md/comparison", sections, context, max_chars)


def render_index(index: Index, max_chars: int = MAX_CHARS, key: str = "") -> str:
    """The index as Markdown of at most `max_chars` characters; the oldest runs are left out first, then the experiments."""
    context = {"index": index, "max_chars": max_chars, "marker": marker(key, "dermai-index"), "course": _course}
    for experiments in (MOST_EXPERIMENTS, 0):
        text = _of_runs(index, context | {"most_experiments": experiments}, max_chars)
        if len(text) < max_chars:
            break
    return text + "\n"


def _of_runs(index: Index, context: dict[str, Any], max_chars: int) -> str:
    """The index with as many of its runs as fit, one at least."""
    low, high = 0, len(index.runs)
    text = _section("md", "index", context | {"shown": high})
    while len(text) > max_chars and low < high - 1:
        middle = (low + high) // 2
        fits = len(_section("md", "index", context | {"shown": middle})) < max_chars
        low, high = (middle, high) if fits else (low, middle)
    return text if len(text) < max_chars else _section("md", "index", context | {"shown": low})


def render_experiment(experiment: ExperimentReport, max_chars: int = MAX_CHARS, key: str = "") -> str:
    """What an experiment shows, as Markdown of at most `max_chars` characters; the verdict is always kept."""
    tones = {answer.tone for answer in experiment.answers}
    context = {
        "experiment": experiment,
        "version": experiment.version,
        "marker": marker(key, "dermai-experiment"),
        "alert": "TIP" if "good" in tones else "CAUTION" if "bad" in tones else "NOTE",
    }
    sections = {name: words for name, words in EXPERIMENT_SECTIONS.items() if name != "predictions" or experiment.predictions}
    return _fitted("md/experiment", sections, context, max_chars)


def _course(run: Listed) -> Markup:
    return Markup(sparkline.text(run.curve))


def marker(key: str = "", of: str = "dermai-report") -> Markup:
    """The hidden first line; raises DermaiError for a key that a comment cannot hold."""
    if not re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,59})?", key) or "--" in key:
        raise DermaiError(
            f"{key!r} cannot be the key of a comment", "use up to 60 letters, digits, dots, dashes and underscores"
        )
    return Markup(f"<!-- {of}: {key} -->" if key else f"<!-- {of} -->")


def save_images(report: Report, folder: Path, stem: str) -> list[str]:
    """Write each chart as a PNG into the folder and return the names, "" where there is nothing to draw."""
    names = []
    for number, chart in enumerate(report.all_charts(), start=1):
        drawn = charts.png(chart)
        names.append(f"{stem}-{number:02}-{_slug(chart.id)}.png" if drawn else "")
        if drawn:
            write_atomically(folder / names[-1], drawn)
    return names


def _slug(id: str) -> str:
    return re.sub("[^a-z0-9]+", "-", id.lower())[:40].strip("-") or "chart"


def _fitted(folder: str, sections: Mapping[str, str], context: dict[str, Any], max_chars: int) -> str:
    """The sections (template name: words) joined; whole ones are left out from the end, and named, until the rest fits."""
    rendered = {name: _section(folder, name, context) for name in sections}
    kept = list(rendered)
    while True:
        dropped = [words for name, words in sections.items() if name not in kept]
        end = _section(folder, "end", context | {"dropped": dropped, "max_chars": max_chars})
        text = "\n\n".join([*(rendered[name] for name in kept), end]) + "\n"
        if len(text) <= max_chars or len(kept) == 1:
            return text
        kept.pop()


def _section(folder: str, name: str, context: dict[str, Any]) -> str:
    text = environment("md").get_template(f"{folder}/{name}.md.j2").render(context)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _present(report: Report, context: dict[str, Any]) -> Iterator[str]:
    """The names of the sections that have something to say, in order."""
    empty = {
        "answers": not report.answers,
        "gate": report.gate is None,
        "numbers": not report.numbers,
        "calibration": not (context["reliability"] or context["calibration_table"].rows),
        "limits": not (report.skipped or report.notes),
        "tables": all(table.id == "classes" for table in report.tables),
        "provenance": not report.provenance,
    }
    yield from (name for name in SECTIONS if not empty.get(name))


def _context(report: Report, images: Sequence[str]) -> dict[str, Any]:
    shown = list(zip(report.all_charts(), itertools.chain(images, itertools.repeat("")), strict=False))
    own = shown[: len(report.charts)]
    line_charts = [(chart, image) for chart, image in shown if isinstance(chart, LineChart)]
    matrices = [(chart, image) for chart, image in own if isinstance(chart, MatrixChart)]
    intervals = [(chart, image) for chart, image in own if not isinstance(chart, LineChart | MatrixChart)]
    tones = {answer.tone for answer in report.answers}
    return {
        "report": report,
        "alert": "CAUTION" if "bad" in tones else "WARNING" if tones & {"warning", "unknown"} else "NOTE",
        "curves": [_curve(chart, image) for chart, image in line_charts if not chart.square],
        "reliability": [_curve(chart, image) for chart, image in line_charts if chart.square],
        "intervals": [_curve(chart, image) for chart, image in intervals],
        "matrices": [_matrix(chart, image) for chart, image in matrices],
        "epochs_table": tables.epochs(report),
        "test_table": tables.test(report),
        "drop_table": tables.drop(report),
        "calibration_table": tables.calibration(report),
    }


def _curve(chart: Chart, image: str) -> dict[str, Any]:
    drawn = mermaid.source(chart) if isinstance(chart, LineChart) and not chart.square and not image else ""
    legend = mermaid.legend(chart) if isinstance(chart, LineChart) else []
    return {
        "title": chart.title,
        "caption": chart.caption,
        "image": _image(image, chart.title),
        "mermaid": fenced(drawn, "mermaid") if drawn else "",
        "legend": Markup(" &nbsp; ").join(Markup(f"{square} ") + markdown_name(label) for square, label in legend),
        "table": numbers.table(chart, MOST_ROWS),
    }


def _image(name: str, title: str) -> Markup | str:
    """A picture beside the file, half as wide as its dots; "" without one."""
    alt = fmt.shorten(fmt.one_line(title), 120)
    return Markup('<img src="{}" width="440" alt="{}">').format(quote(name), alt) if name else ""


def _matrix(chart: MatrixChart, image: str) -> dict[str, Any]:
    few = len(chart.labels) <= MOST_CLASSES
    return {
        "title": chart.title,
        "caption": chart.caption,
        "image": _image(image, chart.title),
        "size": len(chart.labels),
        "shaded": _shaded(chart) if few else None,
        "mistakes": None if few else _mistakes(chart),
    }


def _shaded(chart: MatrixChart) -> Table:
    rows = []
    for label, counts in zip(chart.labels, chart.counts, strict=True):
        total = sum(counts) or 1
        shades = [next(mark for end, mark in SHADES if count / total <= end) for count in counts]
        cells = [Cell(value=f"{mark} {count:,}") for mark, count in zip(shades, counts, strict=True)]
        rows.append([Cell(value=label), *cells])
    corner = f"{chart.row_label} ↓ {chart.column_label} →"
    return Table(id=chart.id, title=chart.title, columns=[corner, *chart.labels], rows=rows)


def _mistakes(chart: MatrixChart) -> Table:
    found = [(count, sum(row), i, j) for i, row in enumerate(chart.counts) for j, count in enumerate(row) if i != j and count]
    found.sort(key=lambda mistake: (-mistake[0], mistake[2:]))
    rows = [
        [
            Cell(value=chart.labels[i]),
            Cell(value=chart.labels[j]),
            Cell(value=count, unit="count"),
            Cell(value=count / total, unit="percent"),
        ]
        for count, total, i, j in found[:MOST_MISTAKES]
    ]
    return Table(id=chart.id, title=chart.title, columns=[chart.row_label, "Taken for", "Count", "Share"], rows=rows)

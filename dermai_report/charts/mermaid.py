"""A line chart as Mermaid's xychart, which GitHub draws in Markdown. It knows no gaps, bands or legend."""

from __future__ import annotations

import math
import re

from dermai_report import formatting as fmt
from dermai_report.charts import axes
from dermai_report.report import LineChart

# A legend has to be written beside the chart: the squares that come nearest to the colours.
PALETTE = (("#0072B2", "🟦"), ("#E07B00", "🟧"), ("#009E73", "🟩"), ("#8E5BB5", "🟪"))
MOST_POINTS = 60


def source(chart: LineChart) -> str:
    """Mermaid source, or "" when there are not two places where every series has a value, or too many series."""
    series = [dict(zip(s.x, axes.numbers(s.y), strict=True)) for s in chart.series]
    places = sorted(x for x in set().union(*series) if all(math.isfinite(s.get(x, math.nan)) for s in series))
    if len(places) < 2 or not 1 <= len(series) <= len(PALETTE):
        return ""
    shown = places[:: math.ceil(len(places) / MOST_POINTS)]
    scale = 100 if chart.unit in ("percent", "points") else 1
    values = [[scale * s[x] for x in shown] for s in series]
    y = axes.Scale.enclosing([v for line in values for v in line], 6)
    colours = ", ".join(colour for colour, _ in PALETTE)
    lines = [
        "---",
        "config:",
        "  themeVariables:",
        "    xyChart:",
        f'      plotColorPalette: "{colours}"',
        "---",
        "xychart-beta",
        f"  x-axis {_quoted(chart.x_label)} [{', '.join(_quoted(f'{x:g}') for x in shown)}]",
        f"  y-axis {_quoted(chart.y_label)} {y.low:g} --> {y.high:g}",
        *(f"  line [{', '.join(f'{v:.5g}' for v in line)}]" for line in values),
    ]
    return "\n".join(lines)


def legend(chart: LineChart) -> list[tuple[str, str]]:
    """(square, label) of each series, in the chart's order."""
    return [(square, series.label) for (_, square), series in zip(PALETTE, chart.series, strict=False)]


def _quoted(words: str) -> str:
    # Quotes, hashes, semicolons and percent pairs mean something to Mermaid even inside a string.
    return '"' + fmt.shorten(re.sub(r"[^\w\s.,()/+%-]|%(?=%)", " ", fmt.one_line(words)).strip(), 60) + '"'

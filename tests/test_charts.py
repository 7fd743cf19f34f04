import math
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from dermai_report import charts
from dermai_report.charts import axes, mermaid, numbers
from dermai_report.report import IntervalChart, LineChart, Mark, MatrixChart, Series
from tests.renderers import sample

PACKAGE = Path(charts.__file__).parents[1]


def drawn(chart):
    return ElementTree.fromstring(charts.svg(chart, "c1"))


@pytest.mark.parametrize("chart", list(sample.full().all_charts()), ids=lambda chart: chart.id)
def test_every_kind_of_chart_is_drawn_small_named_and_described(chart):
    svg = charts.svg(chart, "c1")
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == chart.title
    assert root.find("desc").text == chart.caption
    assert len(svg) < 20_000
    assert "http" not in svg
    assert not re.search(r"\d\.\d\d+[ \"LMz]", re.sub(r"<title>.*?</title>|<desc>.*?</desc>", "", svg)), "spare digits"


def test_every_point_has_a_tooltip_and_the_splits_differ_in_marker():
    root = drawn(sample.lines())
    tips = [title.text for title in root.iter("title")]
    assert len(tips) == 20
    assert "Validation, epoch 6: 0.8940 nats" in tips
    groups = {g.get("class"): g for g in root.iter("g")}
    markers = [groups[f"point {role} k0"].find("defs/path").get("d") for role in ("train", "val")]
    assert markers[0] != markers[1]


def test_every_cell_has_its_count_its_rate_and_a_tooltip_and_the_axes_are_named():
    root = drawn(sample.matrix())
    tips = [title.text for title in root.iter("title")]
    texts = [text.text for text in root.iter("text")]
    assert len(tips) == 49
    assert "Melanoma taken for Nevus: 39 of 200 (19.5 %)" in tips
    assert {"True class ↓", "Predicted class →", "39", "20 %"} <= set(texts)


def test_intervals_have_a_row_each_with_the_interval_in_the_tooltip():
    tips = [title.text for title in drawn(sample.intervals()).iter("title")]
    assert tips[0] == "Acne: 75.50 % (69.1 to 80.9 %), n = 200"
    assert len(tips) == 7


def test_the_same_chart_gives_the_same_bytes_in_another_process():
    code = "from tests.renderers import sample; from dermai_report import charts; print(charts.svg(sample.lines(), 'c1'))"
    once = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent).stdout
        for _ in range(2)
    ]
    assert once[0] == once[1]
    assert once[0].strip() == charts.svg(sample.lines(), "c1")


def test_ids_of_two_charts_differ():
    ids = [set(re.findall(r'id="([^"]+)"', charts.svg(sample.lines(), prefix))) for prefix in ("a", "b")]
    assert ids[0] and not ids[0] & ids[1]


def test_gaps_and_values_that_are_no_number_leave_a_gap():
    chart = sample.lines("loss", [1.0, None, math.nan, 0.5, math.inf], [1.0, 0.9, 0.8, 0.7, 0.6])
    root = drawn(chart)
    line = next(g for g in root.iter("g") if g.get("class") == "line train k0")
    assert line.find("path").get("d").count("M") == 2
    assert "nan" not in charts.svg(chart, "a").lower().replace("finance", "")


@pytest.mark.parametrize(
    "chart",
    [
        LineChart("a", "t", "c", "x", "y", "nats", [Series("s", "train", [1.0], [0.5])], [Mark(1, "here")]),
        LineChart("a", "t", "c", "x", "y", "nats", [Series("s", "val", [1.0, 2.0], [0.5, 0.5], [0.5, None], [0.5, 0.6])]),
        LineChart("a", "t", "c", "x", "y", "plain", [Series("s", "neutral", [1.0, 1e9], [-1e300, 1e300])]),
        LineChart("a", "t", "c", "x", "y", "plain", [Series("s", "neutral", [1.0, 2.0], [0.0, 1e-300])]),
        MatrixChart("a", "t", "c", "r", "c", ["one"], [[0]]),
        MatrixChart("a", "t", "c", "r", "c", ["", "b"], [[0, 0], [5, 0]]),
        sample.intervals(["one"]),
    ],
)
def test_odd_charts_are_drawn_too(chart):
    assert ElementTree.fromstring(charts.svg(chart, "a")).tag == "svg"
    assert numbers.table(chart).rows


@pytest.mark.parametrize(
    "chart",
    [
        LineChart("a", "t", "c", "x", "y", "nats", [Series("s", "train", [1.0], [None])]),
        LineChart("a", "t", "c", "x", "y", "nats", []),
        MatrixChart("a", "t", "c", "r", "c", [], []),
        IntervalChart("a", "t", "c", "x", "percent", []),
    ],
)
def test_nothing_is_drawn_of_nothing(chart):
    assert charts.svg(chart, "a") == ""


def test_hostile_labels_stay_text():
    for text in sample.HOSTILE.values():
        chart = msgspec.structs.replace(sample.matrix([text] * 7), title=text, caption=text)
        root = ElementTree.fromstring(charts.svg(chart, "a"))
        assert {element.tag for element in root.iter()} <= {"svg", "g", "path", "text", "title", "desc"}


def test_marks_that_would_overlap_take_rows_of_their_own():
    marks = [Mark(5, "the lowest validation loss"), Mark(6, "the highest accuracy"), Mark(99, "outside")]
    root = drawn(sample.lines(marks=marks))
    labels = [t for g in root.iter("g") if g.get("class") == "label" for t in g.iter("text")]
    assert [t.text for t in labels] == ["the lowest validation loss", "the highest accuracy"]
    assert labels[0].get("y") != labels[1].get("y")


def test_bands_without_words_take_no_row():
    bands = [Mark(2, "as good", until=3), *(Mark(i, "", until=i + 0.5) for i in range(4, 10))]
    assert drawn(sample.lines(marks=bands)).get("viewBox") == drawn(sample.lines(marks=bands[:1])).get("viewBox")


def test_ticks_are_round_and_enclose_the_values():
    assert axes.ticks(0.24, 1.62, 5) == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert axes.ticks(1, 10, 10, whole=True) == [float(i) for i in range(1, 11)]
    assert axes.words([0.5, 0.6], "percent") == ["50%", "60%"]
    assert axes.words([0.0002, 0.0004], "plain") == ["0.0002", "0.0004"]


def test_mermaid_has_the_values_in_percent_and_no_chart_where_it_cannot():
    chart = sample.lines("accuracy", [0.5, 0.6], [0.4, 0.5], "percent")
    source = mermaid.source(chart)
    assert "line [50, 60]" in source and "line [40, 50]" in source
    assert mermaid.source(sample.lines("loss", [1.0, None], [None, 2.0])) == ""

import re
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dermai_report import charts
from dermai_report.charts import as_png
from dermai_report.cli.options import LEAST_CHARS
from dermai_report.errors import DermaiError
from dermai_report.renderers import md
from dermai_report.report import Gate, Ground
from tests.renderers import sample
from tests.renderers.github import as_github, sanitised


def test_it_starts_with_the_marker_and_the_verdict():
    text = md.render(sample.full())
    assert text.startswith("<!-- dermai-report -->\n")
    assert "> [!CAUTION]\n> **Ship epoch 6" in text
    assert "> [!WARNING]" in md.render(sample.nothing_known())


def test_the_marker_tells_the_comments_of_several_runs_apart():
    assert md.render(sample.full(), key="fold-1").startswith("<!-- dermai-report: fold-1 -->\n")


@pytest.mark.parametrize("key", ["a b", "-->", "a--b", "a\nb", "-a", "x" * 61, "é"])
def test_a_key_that_would_break_the_marker_is_an_error(key):
    with pytest.raises(DermaiError, match="cannot be the key"):
        md.render(sample.full(), key=key)


def test_the_gate_is_told_with_its_grounds():
    grounds = [Ground(f"rule_{i}", "fail", "It | breaks", "error", 0.97, "calibrated") for i in range(12)]
    gate = Gate("fail", False, False, ("error",), (), 0.6, grounds)
    text = md.render(msgspec.structs.replace(sample.full(), gate=gate))
    assert (
        "### Gate: fail (error): 12 reasons\n\n- rule_0: It \\| breaks (error, very high confidence (0.97, calibrated))\n"
        in text
    )
    assert "\n- and 2 more\n" in text
    assert "Gate" not in md.render(sample.full())


def test_curves_are_mermaid_with_a_legend_and_a_table_to_fall_back_on():
    text = md.render(sample.full())
    assert "xychart-beta" in text and "plotColorPalette" in text
    assert "🟦 Training &nbsp; 🟧 Validation" in text
    assert text.count("<details>") == text.count("</details>") > 4


def test_github_reads_tables_tasks_and_patches():
    soup = as_github(md.render(sample.full()))
    cells = [td.get_text() for td in soup.find_all("td")]
    assert "▒ 39" in cells and "65.60 %" in cells
    assert len(soup.select("li input[type=checkbox]")) == 3
    assert 'augment = "strong"' in soup.select_one("li pre").get_text()
    widths = [{len(row.find_all(["td", "th"])) for row in table.find_all("tr")} for table in soup.find_all("table")]
    assert all(len(width) == 1 for width in widths)


@pytest.mark.parametrize("kind", sample.HOSTILE)
def test_hostile_text_stays_text(kind):
    assert len(md.render(sample.hostile(kind))) <= md.MAX_CHARS
    text = md.render(sample.hostile(kind), max_chars=10**7)
    soup, plain = as_github(text), as_github(md.render(sample.full()))
    assert not soup.find_all(["script", "img", "a", "style", "del"])
    assert len(soup.find_all("table")) == len(plain.find_all("table"))
    assert len(soup.find_all("details")) == len(plain.find_all("details"))
    assert len(soup.find_all(["h1", "h2", "h3"])) == len(plain.find_all(["h1", "h2", "h3"]))
    prose = re.sub(r"(`{3,})\w*\n.*?\1", "", text, flags=re.DOTALL)
    assert not re.search(r"@\w|(?<!&)#\d", prose)


@settings(max_examples=25)
@given(st.text(max_size=40))
def test_any_text_keeps_the_tables_whole(text):
    soup = as_github(md.render(sample.with_text(sample.full(), text)))
    assert len(soup.find_all("table")) == len(as_github(md.render(sample.full())).find_all("table"))
    assert not soup.find_all(["script", "img", "a"])


@pytest.mark.parametrize("limit", [60_000, 9_000, 3_000, 1_000])
def test_whole_sections_are_left_out_from_the_end_and_named(limit):
    whole = md.render(sample.full(), max_chars=10**6)
    text = md.render(sample.full(), max_chars=limit)
    assert len(text) <= limit
    assert text.startswith("<!-- dermai-report -->")
    if len(whole) > limit:
        assert "**Left out** to stay within" in text and "the provenance" in text
        assert text.count("<details>") == text.count("</details>")


@pytest.mark.parametrize("character", ["x", "|", "\\", "<", "@a ", "\x00", "\x80"])
def test_the_least_that_can_be_asked_for_holds_the_longest_verdict(character):
    run = msgspec.structs.replace(sample.full().run, name=character * 999)
    report = msgspec.structs.replace(sample.full(), run=run, headline=character * 9999)
    assert len(md.render(report, max_chars=LEAST_CHARS)) <= LEAST_CHARS


def test_many_classes_give_the_most_frequent_mistakes():
    text = md.render(sample.large())
    assert "100 classes are too many" in text
    assert len(text) <= md.MAX_CHARS


def test_pictures_lie_beside_the_markdown_and_are_named_relatively(tmp_path):
    report = sample.full()
    names = md.save_images(report, tmp_path, "my report")
    assert sorted(names) == sorted(p.name for p in tmp_path.iterdir())
    soup = sanitised(as_github(md.render(report, images=names)))
    shown = [unquote(img["src"]) for img in soup.find_all("img")]
    assert sorted(shown) == sorted(names)
    assert all(img["alt"] for img in soup.find_all("img"))
    assert not soup.select("pre[lang=mermaid]")
    for name in names:
        picture = Image.open(tmp_path / name)
        assert min(picture.size) > 150
        assert len(picture.convert("RGB").getcolors(2**24)) > 20  # something is drawn


def test_hostile_titles_stay_inside_the_picture(tmp_path):
    report = sample.hostile("attribute")
    soup = as_github(md.render(report, 10**7, images=md.save_images(report, tmp_path, "report")))
    images = soup.find_all("img")
    assert len(images) == 7
    assert all(set(img.attrs) == {"src", "width", "alt"} for img in images)


def test_a_picture_has_the_colours_of_the_page():
    assert as_png.colour("line val k0") == "#c04a00"
    assert as_png.colour("cell wrong m3 few") == "#f1c096"
    styles = {layer.style for chart in sample.full().all_charts() for layer in charts.drawn(chart).layers}
    assert all(re.fullmatch("#[0-9a-f]{3,6}", as_png.colour(style)) for style in styles)

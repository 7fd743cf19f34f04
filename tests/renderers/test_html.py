import itertools
import re

import html5lib
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from dermai_report.renderers import html
from tests.renderers import sample

REPORTS = {"full": sample.full, "nothing known": sample.nothing_known, "large": sample.large}


def parsed(report):
    text = html.render(report)
    html5lib.HTMLParser(strict=True).parse(text)
    return BeautifulSoup(text, "html5lib")


@pytest.fixture(scope="module")
def page():
    return parsed(sample.full())


@pytest.mark.parametrize("name", REPORTS)
def test_it_is_valid_and_holds_no_script_and_nothing_from_elsewhere(name):
    text = html.render(REPORTS[name]())
    html5lib.HTMLParser(strict=True).parse(text)
    soup = BeautifulSoup(text, "html5lib")
    assert not soup.find_all(["script", "link", "iframe", "img", "object", "embed", "base", "form"])
    for element in soup.find_all(True):
        for attribute, value in element.attrs.items():
            assert not attribute.startswith("on")
            if attribute in ("src", "href", "action", "xlink:href"):
                assert value.startswith("#")
    assert not re.search(r"@import|url\(", text)


def test_the_first_screen_answers_the_four_questions(page):
    assert page.h1.get_text().replace("\u00a0", " ") == sample.full().headline
    assert [h.get_text() for h in page.select(".answer h3")] == [a.question for a in sample.full().answers]
    tiles = page.select_one(".tiles").get_text(" ", strip=True)
    assert "65.60 % 95 % interval 63.1 to 68.1 %" in tiles
    assert "epochs.jsonl:6" in tiles


def test_headings_are_in_order_and_ids_are_unique(page):
    levels = [int(h.name[1]) for h in page.find_all(re.compile("^h[1-6]$"))]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))
    ids = [e["id"] for e in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert all(page.find(id=a["href"][1:]) for a in page.find_all("a"))


def test_each_chart_has_a_name_a_caption_and_its_numbers(page):
    figures = page.find_all("figure")
    assert len(figures) == 7
    for figure in figures:
        assert figure.select_one(".plot svg")["role"] == "img"
        assert figure.select_one(".plot svg")["aria-label"]
        assert figure.figcaption.get_text()
        assert figure.select("details table tbody tr")


def test_findings_carry_severity_confidence_evidence_and_the_rule(page):
    finding, second = page.select(".finding")[:2]
    text = finding.get_text(" ", strip=True)
    assert "Problem" in text and "very high confidence (0.97, calibrated)" in text and "Onset epoch 8" in text
    assert "judged 0.84, not calibrated" in second.get_text(" ", strip=True)
    assert finding.select_one("details.doc em").get_text() == "really"
    assert "https://doi.org/10.1007/3-540-49430-8_3" in text


def test_advice_carries_its_patch_and_what_would_prove_it_wrong(page):
    text = page.select_one("#next").get_text(" ", strip=True)
    assert 'augment = "strong"' in text
    assert "What would prove it wrong:" in text
    assert "already on in this run" in text


def test_what_is_not_known_is_said(page):
    assert "not a pass" in page.select_one("#limits").get_text()
    empty = parsed(sample.nothing_known()).get_text()
    assert "No test set was evaluated" in empty
    assert "None" not in empty and "nan" not in empty.lower().replace("finance", "")


def test_the_same_report_gives_the_same_bytes():
    assert html.render(sample.full()) == html.render(sample.full())


def test_it_stays_small():
    assert len(html.render(sample.full()).encode()) < 120_000
    assert len(html.render(sample.large()).encode()) < 1_000_000


@pytest.mark.parametrize("kind", sample.HOSTILE)
def test_hostile_text_stays_text(kind):
    text = html.render(sample.hostile(kind))
    soup = parsed(sample.hostile(kind))
    assert not soup.find_all(["script", "img", "iframe"])
    assert len(soup.find_all("style")) == 1
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069\u200b\ufeff\ufffe]", text)
    assert len(text.encode()) < 2_000_000


@settings(max_examples=15)
@given(st.text(max_size=60))
def test_any_text_gives_a_valid_page(text):
    html5lib.HTMLParser(strict=True).parse(html.render(sample.with_text(sample.full(), text)))


def test_rule_texts_cannot_bring_html():
    rule = sample.r.RuleText(rule="overfitting", title="t", text="# Big\n<script>x</script> ![i](http://e.example/i) <b>b</b>")
    report = sample.msgspec.structs.replace(sample.full(), rules=[rule])
    doc = parsed(report).select_one("details.doc")
    assert {e.name for e in doc.find_all(True)} <= {"summary", "span", "div", "p", "strong"}


def test_in_a_notebook_the_page_stays_in_its_frame():
    frame = BeautifulSoup(html.embedded(sample.full()), "html5lib").iframe
    assert frame["srcdoc"] == html.render(sample.full())

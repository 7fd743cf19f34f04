"""Comparisons and indexes in every format, with hostile names: what comes out is parsed back by real parsers."""

import json
import re

import html5lib
import jsonschema
import pytest
from bs4 import BeautifulSoup
from hypothesis import given

from dermai_report import DermaiError, renderers, schemas
from dermai_report.renderers import render
from tests.renderers import documents
from tests.renderers.github import as_github, sanitised
from tests.renderers.test_hostile_input import NAMES, TEXT, many

KINDS = {
    "comparison": lambda text: documents.comparison(text=text),
    "of two": lambda text: documents.of_two(),
    "index": documents.index,
}
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]")
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


def test_the_verdict_comes_first_in_every_format():
    comparison = documents.of_two()
    words = (
        "better is better than baseline by 5.3 points of test accuracy (95 % interval 2.0 to 8.6 points), paired on 300 images."
    )
    page = BeautifulSoup(render(comparison, "html"), "html5lib")
    assert page.h1.get_text().replace("\u00a0", " ") == words
    assert render(comparison, "md").startswith(
        f"<!-- dermai-comparison -->\n## Comparison against baseline\n\n> [!TIP]\n> **{words}**"
    )
    assert words in render(comparison, "terminal").replace("\n", " ")
    assert json.loads(render(comparison, "json"))["headline"] == words


def test_a_key_and_a_budget_work_as_for_a_report():
    text = render(documents.comparison(), "md", key="fold-1", max_chars=5000)
    assert text.startswith("<!-- dermai-comparison: fold-1 -->")
    assert len(text) <= 5000 and "**Left out** to stay within 5,000 characters" in text
    short = render(documents.index(runs=500), "md", max_chars=10_000)
    assert 9_000 < len(short) <= 10_000 and "runs, the oldest. The HTML page has them." in short
    assert short.startswith("<!-- dermai-index -->")


def test_one_run_shows_its_differences_and_several_an_overview():
    for document, tables in ((documents.of_two(), 0), (documents.comparison(), 2)):
        page = BeautifulSoup(render(document, "html"), "html5lib")
        assert len(page.select("#differences details.run")) == tables
        assert page.select("#images tbody tr")
    assert "better" in [row.td.get_text() for row in page.select("#differences table")[0].select("tbody tr")]


def test_the_index_links_where_a_report_is():
    page = BeautifulSoup(render(documents.index("a b&c"), "html"), "html5lib")
    assert [a["href"] for a in page.select("#runs table a")] == ["./a%20b%26c/report.html"] * 4
    assert [a["href"] for a in page.select("#experiments table a")] == ["./a%20b%26c/experiment.html"]
    assert len(page.select("svg.spark")) == 4
    assert "▁" in render(documents.index(), "md") and "▁" in render(documents.index(), "terminal")


@pytest.mark.parametrize("format", ["junit", "github"])
def test_a_format_for_one_run_says_so(format):
    with pytest.raises(
        DermaiError, match=f"{format} cannot show a comparison(?s:.)*these formats can: html, json, md, terminal"
    ):
        render(documents.of_two(), format)


def test_a_notebook_shows_it_and_it_saves_itself(tmp_path):
    assert documents.of_two()._repr_html_().startswith("<iframe")
    path = documents.index().save(tmp_path / "index.html")
    assert path.read_text(encoding="utf-8") == renderers.render(documents.index(), "html")


@pytest.mark.parametrize("kind", KINDS)
def test_the_json_satisfies_its_schema(kind):
    document = KINDS[kind]("plain")
    name = f"{type(document).__name__.lower()}.schema.json"
    jsonschema.Draft202012Validator(schemas.generated()[name]).validate(json.loads(render(document, "json")))


@pytest.mark.parametrize("kind", ["comparison", "index"])
@many
@given(text=TEXT)
def test_hostile_text_stays_text_on_the_page(kind, text):
    page = render(KINDS[kind](text), "html")
    html5lib.HTMLParser(strict=True).parse(page)
    soup, plain = BeautifulSoup(page, "html5lib"), BeautifulSoup(render(KINDS[kind]("plain"), "html"), "html5lib")
    assert not soup.find_all(["script", "img", "iframe", "link", "object", "embed", "form", "base"])
    for name in ("style", "table", "section", "figure", "h1", "h2", "h3", "tr", "td", "a"):
        assert len(soup.find_all(name)) == len(plain.find_all(name)), name
    assert not any(attribute.startswith("on") for element in soup.find_all(True) for attribute in element.attrs)
    assert all(a["href"].startswith(("#", "./", "../")) for a in soup.find_all("a"))


@many
@given(names=NAMES)
def test_hostile_class_names_stay_text(names):
    document = documents.comparison((*names, "d"))
    soup = BeautifulSoup(render(document, "html"), "html5lib")
    assert len(soup.find_all("tr")) == len(BeautifulSoup(render(documents.comparison(), "html"), "html5lib").find_all("tr"))


@pytest.mark.parametrize("kind", ["comparison", "index"])
@many
@given(text=TEXT)
def test_hostile_text_stays_text_in_markdown_and_terminal(kind, text):
    document = KINDS[kind](text)
    soup = as_github(render(document, "md", max_chars=10**7))
    plain = as_github(render(KINDS[kind]("plain"), "md", max_chars=10**7))
    assert not soup.find_all(["script", "img", "style", "del", "svg"])
    for name in ("table", "tr", "td", "th", "details", "h2", "h3", "h4", "pre", "input", "a"):
        assert len(soup.find_all(name)) == len(plain.find_all(name)), name
    assert all(a["href"].startswith("./") for a in soup.find_all("a"))
    assert sanitised(as_github(render(document, "md", max_chars=10**7))).get_text() == soup.get_text()
    assert len(render(document, "md")) <= 60_000
    assert not STEERING.search(render(document, "terminal"))

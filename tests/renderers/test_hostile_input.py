"""Names, paths and notes that attack every format, from a run to each report: what comes out is parsed back by real parsers."""

import json
import re

import html5lib
import jsonschema
import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dermai_report import diagnose, schemas
from dermai_report import formatting as fmt
from dermai_report.renderers import html, md, render
from dermai_report.run import Data
from tests import builders
from tests.renderers.github import as_github, sanitised

FRAGMENTS = [
    "<script>alert(1)</script>", "</style>", "</title>", "</svg>", "<!--", "-->", "]]>", "<img src=x onerror=y>", "&lt;", "&#60;", "&",
    '"', "'", "`", "```", "````\n", "~~~", "|", "\\", "\\|", "*", "__", "[a](//evil.example)", "![a](//evil.example)", "<a href=//x>",
    "@team", "#123", "GH-1", "https://evil.example", "www.evil.example", ":smile:", "$x$", "- [ ] ", "# ", "1. ", "> [!NOTE]", "</details>",
    "---", "%%{init: {}}%%", "%%", "end", ";", "xychart-beta", "line [1, 2]", "x-axis", "{{ 7*7 }}", "{% raw %}", "\n", "\r\n", "\t", " ",
    "\x00", "\x1b[31m", "\x7f", "\x85", "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800", "\ufffe", "\u2028", "سرطان", "שפה",
    "a\u0301", "🧬",
]  # fmt: skip
TEXT = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=8).map("".join),
    st.sampled_from(FRAGMENTS).map(lambda fragment: (fragment * 10_000)[:10_000]),
)
NAMES = st.lists(TEXT, min_size=3, max_size=3, unique=True)


def run(names, text):
    rng = np.random.default_rng(0)
    outcome = builders.predictions(rng, 200, k=3)
    return builders.run(
        name=text,
        path=text,
        classes=tuple(names),
        notes=(text,),
        config=builders.CONFIG | {"note": text},
        data=Data(
            counts={split: dict.fromkeys(names, 60) for split in ("train", "val", "test")}, excluded={text: {"train": 3}}
        ),
        predictions={"test": outcome},
        test=builders.evaluation(outcome, 3),
        git={"revision": f"r{text}"},  # an empty one is a finding
    )


def report_of(names, text):
    return diagnose(run(names, text))


pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
PLAIN = report_of(["a", "b", "c"], "plain")
SCHEMA = jsonschema.Draft202012Validator(schemas.generated()["report.schema.json"])
# No shrinking: of pages of 10,000-character names it takes minutes and helps little.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
many = settings(max_examples=30, phases=PHASES)


@many
@given(NAMES, TEXT)
def test_the_page_is_valid_and_as_it_would_be_with_plain_names(names, text):
    page = html.render(report_of(names, text))
    html5lib.HTMLParser(strict=True).parse(page)
    soup, plain = BeautifulSoup(page, "html5lib"), BeautifulSoup(html.render(PLAIN), "html5lib")
    assert not soup.find_all(["script", "img", "iframe", "link", "object", "embed", "form", "base"])
    for kind in ("style", "table", "section", "figure", "h1", "h2", "article"):
        assert len(soup.find_all(kind)) == len(plain.find_all(kind)), kind
    assert not any(attribute.startswith("on") for element in soup.find_all(True) for attribute in element.attrs)
    shown = soup.get_text()
    for name in names:
        assert fmt.shorten(fmt.one_line(name), 20).rstrip("…").strip() in shown
    assert len(page.encode()) < 400_000


@many
@given(NAMES, TEXT)
def test_the_markdown_is_as_it_would_be_with_plain_names(names, text):
    written = md.render(report_of(names, text), max_chars=10**7)
    soup, plain = as_github(written), as_github(md.render(PLAIN, max_chars=10**7))
    assert not soup.find_all(["script", "img", "a", "style", "del", "svg"])
    for kind in ("table", "tr", "td", "th", "details", "h2", "h3", "h4", "pre", "input"):
        assert len(soup.find_all(kind)) == len(plain.find_all(kind)), kind
    assert sanitised(as_github(written)).get_text() == soup.get_text()
    assert len(md.render(report_of(names, text))) <= md.MAX_CHARS


@many
@given(NAMES, TEXT)
def test_the_json_says_the_names_as_they_are(names, text):
    data = json.loads(render(report_of(names, text), "json"))
    SCHEMA.validate(data)
    assert data["run"]["classes"] == [name.encode("utf-8", "replace").decode() for name in names]


@many
@given(NAMES, TEXT)
def test_the_terminal_is_not_steered(names, text):
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", render(report_of(names, text), "terminal")
    )

"""The Markdown as GitHub shows it: through cmark-gfm, sanitised, its Mermaid drawn by Mermaid itself in Chromium."""

import itertools
import re
from pathlib import Path

import mermaidx
import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dermai_report.renderers import md
from tests.renderers import sample
from tests.renderers.github import as_github, sanitised

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "report").glob("*/report.md"))
MERMAID = Path(mermaidx.__file__).parent / "assets" / "mermaid.js"  # Mermaid's own bundle
TEXTS = {"full": sample.full, "large": sample.large, "nothing known": sample.nothing_known}
DRAW = """async source => {
    document.body.innerHTML = (await mermaid.render('drawn', source)).svg
    const all = name => [...document.querySelectorAll(name)]
    return {
        lines: all('[class^=line-plot] path').map(path => path.getAttribute('d')),
        words: all('svg text').map(text => text.textContent),
        strange: document.body.querySelectorAll('script, foreignObject, a, img').length,
    }
}"""


@pytest.fixture(scope="module")
def mermaid(browser):
    page = browser.new_page()
    page.add_script_tag(path=MERMAID)
    page.evaluate("mermaid.initialize({startOnLoad: false})")
    yield lambda source: page.evaluate(DRAW, source)
    page.close()


def sources(text):
    """The Mermaid blocks, as GitHub hands them to Mermaid."""
    return [pre.get_text() for pre in as_github(text).select("pre[lang=mermaid]")]


def texts():
    yield from ((path.parent.name, path.read_text(encoding="utf-8")) for path in EXAMPLES)
    yield from ((name, md.render(report())) for name, report in TEXTS.items())
    yield from ((f"hostile {kind}", md.render(sample.hostile(kind), 10**7)) for kind in sample.HOSTILE)


TEXTS_BY_NAME = dict(texts())


@pytest.mark.browser
@pytest.mark.parametrize("name", TEXTS_BY_NAME)
def test_mermaid_draws_every_line_through_every_place(mermaid, name):
    blocks = sources(TEXTS_BY_NAME[name])
    assert blocks or name == "nothing known"
    for source in blocks:
        drawn = mermaid(source)
        lines = re.findall(r"^  line \[(.*)\]$", source, flags=re.M)
        assert [len(re.findall("[ML]", path)) for path in drawn["lines"]] == [len(line.split(",")) for line in lines]
        assert not drawn["strange"]
        assert not any("Syntax error" in words for words in drawn["words"])


@pytest.mark.browser
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.text(max_size=80))
def test_any_label_is_drawn(mermaid, text):
    for source in sources(md.render(sample.with_text(sample.full(), text), 10**7)):
        assert len(mermaid(source)["lines"]) == len(re.findall(r"^  line \[", source, flags=re.M))


@pytest.mark.parametrize("name", TEXTS_BY_NAME)
def test_githubs_sanitiser_takes_nothing_of_value(name):
    before, after = as_github(TEXTS_BY_NAME[name]), sanitised(as_github(TEXTS_BY_NAME[name]))
    assert after.get_text() == before.get_text()
    for kept in ("table", "details", "pre", "h3", "h4", "input", "br", "sub", "strong"):
        assert len(after.find_all(kept)) == len(before.find_all(kept)), kept


def test_the_sanitiser_does_take_what_github_takes():
    page = sanitised(
        BeautifulSoup("<p style=x onclick=y>a<script>b</script><svg><path/></svg><img src='data:x'></p>", "html5lib")
    )
    assert page.body.decode_contents() == "<p>a<img/></p>"


@pytest.mark.parametrize("name", [name for name in TEXTS_BY_NAME if not name.startswith("hostile")])
def test_no_heading_follows_one_of_the_same_name(name):
    headings = [h.get_text() for h in as_github(TEXTS_BY_NAME[name]).find_all(re.compile("^h[1-6]$"))]
    assert len(headings) > 3
    assert all(a != b for a, b in itertools.pairwise(headings))

"""The page in Chromium: it fits, it breaks no content policy, and it asks the network for nothing."""

import io
from pathlib import Path

import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from PIL import Image

from dermai_report import renderers
from dermai_report.gallery import thumbnail
from dermai_report.report.gallery import Gallery, Picture
from tests.renderers import documents, sample

EXAMPLES = Path(__file__).resolve().parents[2] / "report"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
REPORTS = {
    "full": sample.full,
    "nothing known": sample.nothing_known,
    "long names": lambda: sample.hostile("long"),
    "large": sample.large,
    "comparison": documents.comparison,
    "comparison of two": documents.of_two,
    "long names compared": lambda: documents.comparison(text="<long &name " * 40),
    "index": lambda: documents.index("a rather long name of a run " * 3, runs=60),
}
pytestmark = pytest.mark.browser


def opened(browser, path, **settings):
    page = browser.new_page(**settings)
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
def test_the_page_never_scrolls_sideways(browser, tmp_path, name, width):
    path = renderers.save(REPORTS[name](), tmp_path / "report.html")
    page = opened(browser, path, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


def test_a_phone_shows_the_verdict_and_the_test_accuracy_of_each_run_without_scrolling(browser, tmp_path):
    path = renderers.save(documents.index(), tmp_path / "index.html")
    page = opened(browser, path, viewport={"width": 360, "height": 800})
    cells = "[...document.querySelectorAll('.index td.verdict, .index td.verdict + td')]"
    assert page.evaluate(f"{cells}.length > 0 && {cells}.every(cell => cell.getBoundingClientRect().right <= innerWidth)")
    page.close()


@pytest.mark.parametrize("name", ["full", "comparison", "index"])
def test_it_reads_under_a_strict_policy_and_asks_for_nothing(browser, tmp_path, name):
    path = renderers.save(REPORTS[name](), tmp_path / "report.html")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{POLICY}">'), "utf-8")
    page = browser.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert said == []
    assert asked == [path.as_uri()]
    seen = {"index": (".masthead", "paddingTop", "51.2px")}.get(name, (".answer", "borderTopWidth", "3px"))
    assert page.evaluate("([s, p]) => getComputedStyle(document.querySelector(s))[p]", seen[:2]) == seen[2]
    page.close()


def test_it_reads_with_scripts_off_and_prints(browser, tmp_path):
    path = renderers.save(sample.full(), tmp_path / "report.html")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator("figure .plot svg").count() == 7
    assert page.pdf(format="A4").startswith(b"%PDF")
    context.close()


def test_dark_and_light_colour_charts_differently(browser, tmp_path):
    path = renderers.save(sample.full(), tmp_path / "report.html")
    colours = {}
    for scheme in ("light", "dark"):
        page = opened(browser, path, color_scheme=scheme)
        script = "s => getComputedStyle(document.querySelector(s)).stroke"
        colours[scheme] = [page.evaluate(script, f".plot .line.{role} path") for role in ("train", "val")]
        page.close()
    assert len({*colours["light"], *colours["dark"]}) == 4


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(
    "name",
    [
        "full",
        "nothing known",
        "comparison",
        "comparison of two",
        "index",
        *sorted(p.parent.name for p in EXAMPLES.glob("*/report.html")),
    ],
)
def test_axe_finds_nothing(browser, tmp_path, name, width, scheme):
    path = EXAMPLES / name / "report.html"
    if name in REPORTS:
        path = renderers.save(REPORTS[name](), tmp_path / "report.html")
    page = opened(browser, path, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert len(found.response["passes"]) > 20  # it did look
    page.close()


def test_axe_would_find_something(browser, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("<html><body><img src=x><p style='color:#999;background:#aaa'>words</p>", encoding="utf-8")
    page = opened(browser, path)
    assert Axe().run(page).violations_count > 2
    page.close()


@pytest.mark.parametrize("name", ["full", "large"])
def test_it_prints_every_heading_and_every_answer(browser, tmp_path, name):
    path = renderers.save(REPORTS[name](), tmp_path / "report.html")
    page = opened(browser, path)
    pdf = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4")))
    page.close()
    printed = squeezed(" ".join(sheet.extract_text() for sheet in pdf.pages))
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html5lib")
    for element in soup.select("h1, h2, h3, .said, .tile .value, figcaption, .patch"):
        for hidden in element.select(".sign, .unseen"):
            hidden.extract()
        if element.get("id") != "summary-title":  # for those who cannot see that the page begins with it
            assert squeezed(element.get_text()) in printed, element
    assert all(squeezed(label) in printed for label in REPORTS[name]().run.classes)
    assert all(sheet.extract_text().strip() for sheet in pdf.pages)  # no empty one
    assert 4 <= len(pdf.pages) <= {"full": 9, "large": 12}[name]


def squeezed(text):
    return "".join(text.split())


@pytest.mark.parametrize("name", ["comparison", "comparison of two", "index"])
def test_comparisons_and_indexes_print_every_heading_and_row(browser, tmp_path, name):
    path = renderers.save(REPORTS[name](), tmp_path / "report.html")
    page = opened(browser, path)
    pdf = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4")))
    page.close()
    printed = squeezed(" ".join(sheet.extract_text() for sheet in pdf.pages))
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html5lib")
    for element in soup.select("h1, h2, h3, h4, .said, figcaption, tbody th"):
        if element.find_parent(class_="numbers"):
            continue
        for hidden in element.select(".sign, .unseen"):
            hidden.extract()
        if element.get("id") not in ("summary-title", "runs-title"):
            assert squeezed(element.get_text()) in printed, element
    assert all(sheet.extract_text().strip() for sheet in pdf.pages)


def test_a_gallery_shows_under_the_strict_policy(browser, tmp_path):
    png = io.BytesIO()
    Image.effect_noise((400, 300), 90).save(png, "PNG")  # as large as a thumbnail can be
    shown = Picture("a.png", "Nevus", "Melanoma", 0.93, thumbnail(png.getvalue()))
    text = renderers.render(sample.full(), "html", gallery=Gallery([shown] * 3, 9, 1))
    path = tmp_path / "report.html"
    path.write_text(text.replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{POLICY}">'), "utf-8")
    for scheme in ("light", "dark"):
        page = opened(browser, path, viewport={"width": 360, "height": 800}, color_scheme=scheme)
        page.evaluate("Promise.allSettled([...document.images].map(image => image.decode()))")
        assert page.evaluate("[...document.images].map(image => image.naturalWidth)") == [160] * 3
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.close()
        page = opened(browser, renderers.save(sample.full(), tmp_path / "plain.html", gallery=Gallery([shown], 9, 1)))
        assert Axe().run(page).violations_count == 0
        page.close()

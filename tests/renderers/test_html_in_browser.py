"""The page in Chromium: it fits, it breaks no content policy, and it asks the network for nothing."""

import shutil
from pathlib import Path

import pytest

from dermai_report import renderers
from tests.renderers import sample

CHROMIUM = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else shutil.which("chromium")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
REPORTS = {
    "full": sample.full,
    "nothing known": sample.nothing_known,
    "long names": lambda: sample.hostile("long"),
    "large": sample.large,
}
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


def opened(browser, path, **settings):
    page = browser.new_page(**settings)
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_never_scrolls_sideways(browser, tmp_path, name, width):
    path = renderers.save(REPORTS[name](), tmp_path / "report.html")
    page = opened(browser, path, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


def test_it_reads_under_a_strict_policy_and_asks_for_nothing(browser, tmp_path):
    path = renderers.save(sample.full(), tmp_path / "report.html")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{POLICY}">'), "utf-8")
    page = browser.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert said == []
    assert asked == [path.as_uri()]
    assert page.evaluate("getComputedStyle(document.querySelector('.answer')).borderTopWidth") == "3px"
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

"""The page of an audit in Chromium: it fits, axe finds nothing, and it breaks no content policy with its pictures."""

import base64
import io

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image as Picture

from dermai_report.audit import Audit, Image, Labels, Pair, Poor, Size, Suspect, Unreadable
from dermai_report.datasets.audit.formats import render

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
pytestmark = pytest.mark.browser


def image(split: str, number: int) -> Image:
    return Image(sample=f"{split}/a class called <b>/a rather long name of a picture {number}.jpg", label="a <b>", split=split)


def page() -> str:
    pairs = [
        Pair(first=image("train", n), second=image("test", n), kind="near duplicate", agreement=0.8, mirrored=n % 2 == 0)
        for n in range(60)
    ]
    audit = Audit(
        source="my photos/" * 12,
        n=2000,
        counts={"train": {"a <b>": 900, "b": 100}, "test": {"a <b>": 700, "b": 300}},
        unreadable=[Unreadable(image=image("val", 1), reason="it is in no known image format")],
        kinds={"JPEG RGB": 2000},
        sizes=[Size(width=128, height=96, n=2000)],
        n_sizes=1,
        duplicates=pairs,
        clusters=[[p.first.sample, p.second.sample] for p in pairs],
        compared=1999,
        poor=[Poor(image=image("test", 3), why="dark", value=3.0)],
        labels=Labels(by="run", n=900, expected=2.0, suspects=[Suspect(image=image("test", 5), suggested="b")]),
        notes=["Nobody said what belongs together."],
    )
    file = io.BytesIO()
    Picture.effect_noise((96, 96), 90).save(file, "JPEG", quality=95)  # longer than any text that a page shows whole
    shown = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    return render(audit, "html", {p.first.sample: shown for p in pairs[:24]} | {p.second.sample: shown for p in pairs[:24]})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_and_axe_finds_nothing(browser, tmp_path, width, scheme):
    path = tmp_path / "audit.html"
    path.write_text(page().replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{POLICY}">'), "utf-8")
    opened = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=False)
    said, asked = [], []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("request", lambda request: asked.append(request.url.partition(":")[0]))
    opened.goto(path.as_uri())
    assert said == []
    assert set(asked) <= {"file", "data"} and asked.count("file") == 1
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.evaluate("document.images.length > 40 && [...document.images].every(i => i.naturalWidth == 96)")
    opened.close()
    path.write_text(page(), "utf-8")
    opened = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened.goto(path.as_uri())
    found = Axe().run(opened)
    assert found.violations_count == 0, found.generate_report()
    opened.close()

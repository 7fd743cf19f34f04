"""Misclassified images as thumbnails: only when asked, never more than asked, nothing from outside the data."""

import io
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from dermai_report import DermaiError, RunWriter, diagnose, renderers
from dermai_report.cli.report import main
from dermai_report.gallery import LARGEST, SIDE, gallery, thumbnail
from dermai_report.run import Data, Predictions, Run
from tests import builders

Captured = pytest.CaptureFixture[str]
N, WRONG = 12, 8


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twelve pictures; the first eight are misclassified, the surest is number 7."""
    folder = tmp_path / "data"
    folder.mkdir()
    for i in range(N):
        noise = np.random.default_rng(i).integers(0, 256, (300, 400, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{i}.png")
    return folder


def outcome(names: list[str] | None = None) -> Predictions:
    label = np.zeros(N, np.int32)
    predicted = np.array([1] * WRONG + [0] * (N - WRONG), np.int32)
    table = np.full((N, 4), 0.05, np.float32)
    table[np.arange(N), predicted] = 0.4 + 0.05 * np.arange(N) / N
    table /= table.sum(axis=1, keepdims=True)
    return Predictions(sample=names or [f"{i}.png" for i in range(N)], label=label, predicted=predicted, probabilities=table)


def run(data: Path, names: list[str] | None = None) -> Run:
    found = outcome(names)
    return builders.run(predictions={"test": found}, test=builders.evaluation(found, 4), data=Data(source=str(data)))


def test_the_surest_errors_come_first_and_no_more_than_asked(data: Path) -> None:
    found = gallery(run(data), 3)
    assert [picture.sample for picture in found.pictures] == ["7.png", "6.png", "5.png"]
    assert (found.wrong, found.unread) == (WRONG, 0)
    assert {(picture.true, picture.predicted) for picture in found.pictures} == {("acne", "eczema")}
    assert gallery(run(data), 3) == found
    assert len(gallery(run(data), 60).pictures) == WRONG


def test_thumbnails_are_small_whatever_the_picture(data: Path) -> None:
    import base64

    for picture in gallery(run(data), 60).pictures:
        small = base64.b64decode(picture.uri.removeprefix("data:image/jpeg;base64,"))
        assert len(small) <= LARGEST
        assert max(Image.open(io.BytesIO(small)).size) == SIDE


def test_the_page_shows_them_with_both_classes_and_the_note(data: Path) -> None:
    report = diagnose(run(data))
    page = BeautifulSoup(renderers.render(report, "html", gallery=gallery(run(data), 2)), "html5lib")
    assert [img["alt"] for img in page.find_all("img")] == ["acne, taken for eczema"] * 2
    assert [img["src"] for img in page.find_all("img")] == [picture.uri for picture in gallery(run(data), 2).pictures]
    assert "This page holds pictures of the data set" in page.select_one("#gallery .privacy").get_text()  # type: ignore[union-attr]
    assert "<img" not in renderers.render(report, "html")


@pytest.mark.parametrize("name", ["../secret.png", "/{}/secret.png", "link.png", "a\0b", "x" * 5000, "..", ""])
def test_nothing_outside_the_data_is_opened(data: Path, name: str) -> None:
    secret = data.parent / "secret.png"
    Image.new("RGB", (9, 9)).save(secret)
    (data / "link.png").symlink_to(secret)
    names = [f"{i}.png" for i in range(N)]
    names[7] = name.format(data.parent)
    found = gallery(run(data, names), 2)
    assert [picture.sample for picture in found.pictures] == ["6.png", "5.png"] and found.unread == 1


def test_what_is_no_picture_is_passed_over(data: Path) -> None:
    (data / "7.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 100)
    (data / "6.png").write_bytes(b"")
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    (data / "5.png").write_bytes(bomb.getvalue())
    found = gallery(run(data), 1)
    assert [picture.sample for picture in found.pictures] == ["4.png"] and found.unread == 3
    with pytest.raises(OSError, match="exceeds limit"):
        thumbnail(bomb.getvalue())


def test_images_kept_by_the_run_and_a_folder_that_is_named(data: Path, tmp_path: Path) -> None:
    gone = replace(run(data), data=Data(source="nowhere"), path=str(tmp_path))
    with pytest.raises(DermaiError, match="none of the misclassified images could be read"):
        gallery(gone, 2)
    assert len(gallery(gone, 2, str(data)).pictures) == 2
    data.rename(tmp_path / "images")
    assert len(gallery(gone, 2).pictures) == 2
    with pytest.raises(DermaiError, match="is no folder"):
        gallery(gone, 2, "nowhere")
    with pytest.raises(DermaiError, match="needs the test predictions"):
        gallery(builders.run(), 2)


def test_images_beside_the_table_that_named_them(data: Path) -> None:
    (data / "split.csv").write_text("path,label\n")
    found = gallery(replace(run(data), data=Data(source=str(data / "split.csv"))), 2)
    assert found == gallery(run(data), 2) and len(found.pictures) == 2


def test_without_pillow_it_says_what_to_install(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(DermaiError, match="pip install pillow"):
        gallery(run(data), 2)


def test_the_command(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.chdir(tmp_path)
    found = outcome()
    with RunWriter("runs", name="kept", classes=builders.CLASSES, data=Data(source="data")) as writer:
        writer.log_evaluation("test", labels=found.label, probabilities=found.probabilities, samples=found.sample)
    assert main(["runs/latest", "--gallery", "2", "-o", "page.html", "--format", "html"]) == 0
    assert (tmp_path / "page.html").read_text().count("<img") == 2
    for words in (["--gallery", "0", "-f", "html"], ["--gallery", "99", "-f", "html"], ["--gallery", "2"]):
        assert main(["runs/latest", *words]) == 2
    data.rename(tmp_path / "elsewhere")
    capsys.readouterr()
    assert main(["runs/latest", "--gallery", "2", "-f", "html"]) == 2
    assert "--gallery-from DIR" in capsys.readouterr().err and not (tmp_path / "report").exists()
    assert main(["runs/latest", "--gallery", "2", "-f", "html", "--gallery-from", "elsewhere"]) == 0

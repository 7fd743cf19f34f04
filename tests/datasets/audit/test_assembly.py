"""An audit names what was planted, and its pages say it without a script or a picture that nobody asked for."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from dermai_report import RunWriter, registry
from dermai_report.audit import Audit
from dermai_report.cli.data import main
from dermai_report.datasets.audit import assemble, inspect
from dermai_report.datasets.audit.formats import FOLDER, render
from dermai_report.datasets.audit.gallery import gallery
from dermai_report.datasets.audit.suspicion import suspicion
from dermai_report.datasets.audit.view import view
from dermai_report.errors import DermaiError
from dermai_report.sources import read_run
from dermai_report.storage.audit_files import read_audit
from tests.datasets.audit.pictures import collection, crop, jpeg, photograph

GREY = Image.new("RGB", (64, 64), (90, 90, 90))


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    plain = {
        f"{split}/{label}/p{seed}.jpg": jpeg(photograph(seed))
        for seed, (split, label) in enumerate([(s, c) for s in ("train", "val", "test") for c in "ab"] * 4)
    }
    return plain | {
        "test/a/same.jpg": plain["train/a/p0.jpg"],
        "test/b/near.jpg": jpeg(crop(photograph(1), 0.05, 0.05, 0.9), 60),
        "train/b/conflict.jpg": jpeg(photograph(6), 50),
        "train/a/empty.jpg": b"",
        "train/b/empty.jpg": b"",
        "val/a/cut.jpg": jpeg(photograph(50))[:1500],
        "train/a/tiny.png": png(photograph(51).resize((20, 30))),
        "train/a/blank.png": png(GREY),
        "train/a/dark.jpg": jpeg(photograph(52).point(lambda v: max(0, (v - 128) // 5 + 10))),
        "train/a/blurred.jpg": jpeg(photograph(53).filter(ImageFilter.GaussianBlur(12))),
    }


@pytest.fixture(scope="module")
def audit(files: dict[str, bytes]) -> Audit:
    data = collection(files)
    items = [replace(i, group=m[1] if (m := re.search(r"p(\d)\d?\.jpg", i.sample)) else None) for i in data.items]
    return assemble("made <script>", *inspect(replace(data, items=items)))


def names(pairs: object) -> set[tuple[str, str]]:
    return {(p.first.sample, p.second.sample) for p in pairs}  # type: ignore[attr-defined]


def test_copies_across_splits_and_classes(audit: Audit) -> None:
    assert names(audit.across_splits()) == {("train/a/p0.jpg", "test/a/same.jpg"), ("train/b/p1.jpg", "test/b/near.jpg")}
    assert {p.kind for p in audit.across_splits()} == {"same bytes", "near duplicate"}
    assert names(p for p in audit.duplicates if p.across_classes) == {("train/a/p6.jpg", "train/b/conflict.jpg")}
    assert audit.leaked() == {"test/a/same.jpg", "test/b/near.jpg"}
    assert len(audit.clusters) == 3


def test_unreadable_images_and_those_that_show_little(audit: Audit) -> None:
    assert {u.image.sample for u in audit.unreadable} == {"train/a/empty.jpg", "train/b/empty.jpg", "val/a/cut.jpg"}
    assert all(u.reason for u in audit.unreadable)
    assert {p.image.sample.split("/")[-1].split(".")[0]: p.why for p in audit.poor} == {
        "tiny": "tiny", "blank": "blank", "dark": "dark", "blurred": "blurred",
    }  # fmt: skip


def test_counts_kinds_and_sizes(audit: Audit, files: dict[str, bytes]) -> None:
    assert audit.n == len(files) == sum(n for counts in audit.counts.values() for n in counts.values())
    assert audit.kinds == {"JPEG RGB": 30, "PNG RGB": 2}
    assert (audit.sizes[0].width, audit.sizes[0].height, audit.n_sizes) == (128, 128, 3)
    assert audit.compared == audit.n - 3 - 1 - 1  # not the unreadable, the tiny, and the second of the same bytes


def test_groups_that_straddle(audit: Audit) -> None:
    assert audit.groups is not None
    assert audit.groups.n == 10
    assert {g.group for g in audit.groups.straddling} == {"1", "2"}
    assert audit.groups.without == audit.n - 24


def test_a_thousand_copies_of_one_picture_stay_few_pairs() -> None:
    data = jpeg(photograph(0))
    files = {f"{('train', 'val', 'test')[n % 3]}/{'ab'[n % 2]}/{n}.jpg": data for n in range(600)}
    audit = assemble("made", *inspect(collection(files)))
    assert len(audit.duplicates) <= 600 * 6
    assert len(audit.clusters) == 1
    assert audit.leaked() == {name for name in files if name.startswith("test")}


def test_labels_that_predictions_contradict(files: dict[str, bytes], tmp_path: Path) -> None:
    data = collection(files)
    held_out = [i for i in data.items if i.split == "test" and "/p" in i.sample]
    certain = np.array([[0.95, 0.05] if i.label == "a" else [0.05, 0.95] for i in held_out])
    certain[2] = certain[2][::-1]
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        run.log_evaluation(
            "test", labels=["ab".index(i.label) for i in held_out], probabilities=certain, samples=[i.sample for i in held_out]
        )
    found = suspicion(data.items, read_run(run.path))
    assert [(s.image.sample, s.suggested) for s in found.suspects] == [
        (held_out[2].sample, "b" if held_out[2].label == "a" else "a")
    ]
    with pytest.raises(DermaiError, match="none of these pictures"):
        suspicion(data.items[:0], read_run(run.path))


@pytest.mark.parametrize("format", registry.names(FOLDER))
def test_every_format_says_what_stands_out(audit: Audit, format: str) -> None:
    text = render(audit, format)
    assert "test/b/near.jpg" in text.replace("\\", "")
    if format != "json":
        assert "2 pairs of copies across splits" in text
        assert "1 pair of copies with different labels" in text
        assert "3 images cannot be read" in text
    assert text == render(audit, format)


def test_the_page_is_whole_and_shows_no_picture_unless_asked(audit: Audit, files: dict[str, bytes]) -> None:
    page = render(audit, "html")
    assert "<img" not in page and "<script" not in page and "&lt;script&gt;" in page
    shown = gallery(collection(files), audit)
    assert set(shown) >= {"test/b/near.jpg", "train/a/dark.jpg"} and "val/a/cut.jpg" not in shown
    with_pictures = render_with(audit, shown)
    assert with_pictures.count("<img") >= 6 and "think of whom they show" in with_pictures


def render_with(audit: Audit, shown: dict[str, str]) -> str:
    return render(audit, "html", shown)


def test_nothing_wrong_is_said_as_such() -> None:
    files = {f"{('train', 'test')[n % 2]}/{'ab'[n // 2 % 2]}/{n}.jpg": jpeg(photograph(n)) for n in range(12)}
    text = render(assemble("made", *inspect(collection(files))), "terminal")
    assert "✓ No copies across splits" in text
    assert "Groups across splits: cannot tell" in text
    assert "✗" not in text


def folder(files: dict[str, bytes], root: Path) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def test_the_command(files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos, out = folder(files, tmp_path / "my photos"), tmp_path / "out"
    assert main(["audit", str(photos), "--format", "terminal,html,md", "-o", str(out), "--gallery"]) == 0
    printed = capsys.readouterr().out
    assert "2 pairs of copies across splits" in printed and str(out / "audit.json") in printed
    assert sorted(p.name for p in out.iterdir()) == ["audit.html", "audit.json", "audit.md"]
    assert "data:image/jpeg" in (out / "audit.html").read_text(encoding="utf-8")
    assert read_audit(out / "audit.json").n == len(files)


def test_what_the_command_cannot_do_leaves_nothing(
    files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, out = folder(files, tmp_path / "photos"), tmp_path / "out"
    for words in (["absent"], [str(photos), "--group-regex", "("], [str(photos), "--predictions", "absent"]):
        assert main(["audit", *words, "-o", str(out)]) == 2
    assert main(["audit", str(photos), "--format", "htm", "-o", str(out)]) == 2
    assert "did you mean 'html'" in capsys.readouterr().err
    assert not out.exists()


def test_json_is_the_file(audit: Audit) -> None:
    assert json.loads(render(audit, "json"))["n"] == audit.n


def test_where_more_look_alike_than_were_looked_at_the_audit_says_at_least(files: dict[str, bytes]) -> None:
    facts, found = inspect(collection({**files, "train/a/again.jpg": jpeg(photograph(12), 60)}))
    whole, cut = (view(assemble("made", facts, replace(found, crowded=n))) for n in (0, 3))
    titles = [[remark.title for remark in seen.remarks if "copies" in remark.title] for seen in (whole, cut)]
    assert titles[1] == [f"At least {title}" for title in titles[0]]
    assert len(cut.notes) == len(whole.notes) + 1
    assert "3 images may have more copies" in cut.notes[-1]
    assert "the largest has at least 2 images" in next(s.text for s in cut.sections if s.id == "within")

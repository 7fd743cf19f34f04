"""`dermai-data split`: written once, read by every later run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dermai_report.cli.data import main
from dermai_report.datasets.collections import open_collection
from dermai_report.datasets.tables import read_table

from .conftest import write_table


def halved(photos: Callable[..., Path]) -> Path:
    """Photos whose groups stand on both sides of a test folder."""
    root = photos({"ant": 30, "bee": 30})
    for label in ("ant", "bee"):
        for split, last in (("test", "_0.png"), ("train", ".png")):
            (root / split / label).mkdir(parents=True)
            for file in sorted((root / label).glob(f"*{last}")):
                file.rename(root / split / label / file.name)
        (root / label).rmdir()
    return root


def test_written_and_read_back(photos: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    root = photos({"ant": 60, "bee": 90})
    assert main(["split", str(root), "--group-regex", r"(?:ant|bee)_p\d+"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].split() == ["class", "train", "val", "test"]
    assert out[-2].split()[0] == "groups" and sum(map(int, out[-2].split()[1:])) == 50
    found, folder = open_collection(str(root / "split.csv")), open_collection(str(root))
    assert sorted((i.sample, i.label) for i in found.items) == sorted((i.sample, i.label) for i in folder.items)
    splits: dict[str, set[str]] = {}
    for item in found.items:
        splits.setdefault(item.group or "", set()).add(item.split)
    assert len(splits) == 50 and all(len(present) == 1 for present in splits.values())


def test_metadata_goes_into_the_table(photos: Callable[..., Path], tmp_path: Path) -> None:
    root = photos({"ant": 30, "bee": 30})
    names = sorted(p.name for p in root.rglob("*.png"))
    table = write_table(
        tmp_path / "m.csv", {"file": names, "patient": [n.rpartition("_")[0] for n in names], "tone": [n[-5] for n in names]}
    )
    out = tmp_path / "lists" / "split.csv"
    words = [
        "split",
        str(root),
        "--metadata",
        str(table),
        "--group-column",
        "patient",
        "--out",
        str(out),
        "--test-fraction",
        "0.2",
    ]
    assert main(words) == 0
    written = read_table(out)
    assert list(written) == ["path", "label", "split", "group", "tone"]
    assert written["group"] == [Path(p).name.rpartition("_")[0] for p in written["path"]]
    assert all(Path(p).is_absolute() for p in written["path"])  # the table lies elsewhere
    first = out.read_bytes()
    assert main(words) == 2
    assert main([*words, "--force"]) == 0
    assert out.read_bytes() == first
    splits: dict[str, set[str]] = {}
    for group, split in zip(written["group"], written["split"], strict=True):
        splits.setdefault(group, set()).add(split)
    assert all(len(s) == 1 for s in splits.values()) and len(splits) == 20


def test_groups_on_both_sides_of_a_split_that_was_there_are_told_of(
    photos: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    root = halved(photos)
    words = ["--group-regex", r"(?:ant|bee)_p\d+", "--val-fraction", "0", "-o", str(root / "kept.csv")]
    assert main(["split", str(root), *words]) == 0
    told = capsys.readouterr().err
    assert "warning: 2 groups in train and in test, such as ant_p000" in told and "val" not in told
    split_of = dict(zip(*(read_table(root / "kept.csv")[c] for c in ("path", "split")), strict=True))
    assert all(split == "test" for path, split in split_of.items() if path.startswith("test/"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--val-fraction", "0.6", "--test-fraction", "0.5"], "no parts of a whole"),
        (["--out", "split.parquet"], "does not end in .csv"),
        (["--metadata", "absent.csv"], "cannot read absent.csv"),
        (["--group-column", "patient"], "no column 'patient' with groups"),
        (["--group-regex", "x"], "finds no group"),
    ],
)
def test_what_cannot_be(words: list[str], said: str, photos: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    root = photos({"ant": 12, "bee": 12})
    assert main(["split", str(root), *words]) == 2
    assert said in capsys.readouterr().err
    assert not list(root.glob("*.csv"))


def test_digits_have_no_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["split", "digits"]) == 2
    assert "no files that a table could name" in capsys.readouterr().err


def test_anew_divides_what_was_split(photos: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    root = halved(photos)
    before = {p: p.stat().st_mtime_ns for p in root.rglob("*.png")}
    assert main(["split", str(root), "--group-regex", r"(?:ant|bee)_p\d+", "--anew"]) == 0
    told = capsys.readouterr().err
    assert {p: p.stat().st_mtime_ns for p in root.rglob("*.png")} == before
    splits: dict[str, set[str]] = {}
    items = open_collection(str(root / "split.csv")).items
    for item in items:
        splits.setdefault(item.group or "", set()).add(item.split)
    assert len(items) == 60 and {s for of_group in splits.values() for s in of_group} == {"train", "val", "test"}
    assert all(len(of_group) == 1 for of_group in splits.values())
    crossed = sum(item.split == "test" and item.sample.startswith("train/") for item in items)
    assert f"note: {crossed} test images of this split stood in train before" in told and "warning" not in told
    assert {i.split for i in open_collection(str(root)).items} == {"train", "test"}  # the folders still say what they said

"""What belongs together: by metadata, column, pattern or copies."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from dermai_report.datasets import grouping
from dermai_report.datasets.items import Collection, Item
from dermai_report.errors import DermaiError

from .conftest import write_table

SAMPLES = ["train/ant/p1_a.png", "train/ant/p1_b.png", "train/bee/p2_c.png", "test/bee/p2_d.png"]


def collection(samples: list[str] = SAMPLES) -> Collection:
    items = [Item(s, s.split("/")[1], s.split("/")[0]) for s in samples]
    return Collection("photos", items, lambda item: b"", lambda data, side: Image.new("RGB", (1, 1)))


@pytest.mark.parametrize("key", ["path", "name", "stem"])
def test_metadata_by_path_name_or_stem(key: str, tmp_path: Path) -> None:
    names = {"path": SAMPLES, "name": [Path(s).name for s in SAMPLES], "stem": [Path(s).stem for s in SAMPLES]}[key]
    table = write_table(
        tmp_path / "m.csv",
        {"image_id": [*names[::-1], "unused"], "group": ["w", "x", "y", "z", ""], "site": ["1", "2", "3", "4", "5"]},
    )
    found = grouping.with_metadata(collection(), table)
    assert [i.group for i in found.items] == ["z", "y", "x", "w"]
    assert (found.columns, found.items[0].extra) == (("site",), ("4",))
    by_site = grouping.by_column(found, "site")
    assert [(i.group, i.extra) for i in by_site.items] == [("4", ()), ("3", ()), ("2", ()), ("1", ())]
    assert by_site.columns == ()
    with pytest.raises(DermaiError, match="no column 'sites' with groups in photos"):
        grouping.by_column(found, "sites")


def test_metadata_that_lacks_an_image(tmp_path: Path) -> None:
    table = write_table(tmp_path / "m.csv", {"path": SAMPLES[:3], "group": ["x", "y", "z"]})
    with pytest.raises(DermaiError, match=r"for 3 of 4 images, and none for test/bee/p2_d\.png"):
        grouping.with_metadata(collection(), table)


def test_a_name_that_two_images_have_is_no_key(tmp_path: Path) -> None:
    table = write_table(tmp_path / "m.csv", {"path": ["1.png"], "group": ["x"]})
    with pytest.raises(DermaiError, match="for 0 of 2 images"):
        grouping.with_metadata(collection(["train/ant/1.png", "train/bee/1.png"]), table)


def test_metadata_that_contradicts_the_folders(tmp_path: Path) -> None:
    table = write_table(tmp_path / "m.csv", {"path": SAMPLES, "split": ["train", "train", "test", "test"]})
    with pytest.raises(DermaiError, match=r"p2_c\.png is in train, and in test by"):
        grouping.with_metadata(collection(), table)


def test_pattern() -> None:
    found = grouping.by_regex(collection(), r"(p\d)_")
    assert [i.group for i in found.items] == ["p1", "p1", "p2", "p2"]
    assert grouping.straddling(found.items) == {"train-test": ["p2"]}
    for pattern, words in (
        ("(", "no regular expression"),
        (r"p1_", "finds no group in train/bee"),
        ("[.]png", "the same group"),
    ):
        with pytest.raises(DermaiError, match=words):
            grouping.by_regex(collection(), pattern)


def test_copies_join_groups() -> None:
    alone = grouping.with_clusters(collection(), [SAMPLES[1:3]])
    assert [i.group for i in alone.items] == [SAMPLES[0], SAMPLES[1], SAMPLES[1], SAMPLES[3]]
    joined = grouping.with_clusters(grouping.by_regex(collection(), r"p\d"), [SAMPLES[1:3]])
    assert {i.group for i in joined.items} == {"p1"}


def test_without_groups_nothing_straddles() -> None:
    assert grouping.straddling(collection().items) == {}

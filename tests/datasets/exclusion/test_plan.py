"""What is refused, and in which words; what is written about a class that is set aside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dermai_report.datasets.exclusion import plan
from dermai_report.datasets.exclusion.record import read_records
from dermai_report.errors import DermaiError

from . import trees


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return trees.make(tmp_path / "data", ("measles", "mumps", "pox", "rash"))


def refused(call: object, *args: object, **options: object) -> str:
    with pytest.raises(DermaiError) as caught:
        call(*args, **options)  # type: ignore[operator]
    assert caught.value.hint
    return str(caught.value)


def test_the_manifest_says_who_when_why_and_what(root: Path) -> None:
    (record,) = plan.exclude(root, ["rash"], why="labels under review")
    assert record.counts == {"train": 1, "val": 1}
    assert (record.why, record.when[-1], "@" in record.by) == ("labels under review", "Z", True)
    train = record.parts[0]
    assert (train.place, train.contents.files) == ("train/rash", 3)
    trees.exclude(root, "rash")
    values = json.loads((root / ".excluded" / "rash" / "manifest.json").read_text())
    assert values["parts"][0]["contents"]["digest"] == train.contents.digest
    assert read_records(root)["rash"].parts == record.parts


def test_an_unknown_class_and_the_nearest(root: Path) -> None:
    assert "did you mean 'measles'?" in refused(plan.exclude, root, ["measels"])
    assert "did you mean 'measles'?" in refused(plan.keep, root, ["measels"])
    assert "no excluded class 'rash'" in refused(plan.restore, root, ["rash"])


@pytest.mark.parametrize("name", ["../data/train/rash", "/etc", "..", ".", "", "train/rash"])
def test_paths_are_no_names(root: Path, name: str) -> None:
    assert "is a path" in refused(plan.exclude, root, [name])
    assert "is a path" in refused(plan.restore, root, [name])


def test_a_target_that_exists(root: Path) -> None:
    trees.exclude(root, "rash")
    (root / "train" / "rash").mkdir()
    assert "exists already" in refused(plan.exclude, root, ["rash"])
    assert "exists already" in refused(plan.restore, root, ["rash"])


def test_fewer_than_two_classes(root: Path) -> None:
    message = refused(plan.exclude, root, ["rash", "pox", "mumps"])
    assert "has measles left to train on, and a classifier needs 2 classes" in message
    assert "--force" in message
    assert len(plan.exclude(root, ["rash", "pox", "mumps"], force=True)) == 3
    assert "has rash left" in refused(plan.keep, root, ["rash"])


def test_keep_takes_the_others(root: Path) -> None:
    assert [r.name for r in plan.keep(root, ["rash", "pox"])] == ["measles", "mumps"]
    assert plan.keep(root, ["rash", "pox", "measles", "mumps"]) == []


def test_a_class_of_the_test_split_alone_is_none_to_train_on(root: Path) -> None:
    (root / "test" / "fungus").mkdir(parents=True)
    assert "has pox left to train on" in refused(plan.exclude, root, ["rash", "measles", "mumps"])


@pytest.mark.parametrize("place", ["train/rash/away", "train/rash", "train"])
def test_links_that_leave_the_data_folder(root: Path, tmp_path: Path, place: str) -> None:
    link, elsewhere = root / place, tmp_path / "elsewhere"
    if link.exists():
        link.rename(elsewhere)
    else:
        elsewhere.mkdir()
    link.symlink_to(elsewhere)
    before = trees.picture(root)
    assert "is a link that leaves" in refused(plan.exclude, root, ["rash"])
    assert trees.picture(root) == before


def test_links_that_stay_go_and_come_back(root: Path) -> None:
    (root / "train" / "rash").rename(root / "pool")
    (root / "train" / "rash").symlink_to("../pool")
    (root / "val" / "rash" / "dangling").symlink_to("nowhere")
    before = trees.picture(root)
    trees.exclude(root, "rash")
    trees.restore(root, "rash")
    assert trees.picture(root) == before


@pytest.mark.parametrize("change", ["removed", "added", "grown", "renamed"])
def test_what_was_changed_meanwhile_does_not_come_back_unseen(root: Path, change: str) -> None:
    trees.exclude(root, "rash")
    file = root / ".excluded" / "rash" / "train" / "1.png"
    if change == "removed":
        file.unlink()
    elif change == "added":
        file.with_name("2.png").touch()
    elif change == "grown":
        file.write_bytes(file.read_bytes() + b"!")
    else:
        file.rename(file.with_name("one.png"))
    assert "is not what was set aside" in refused(plan.restore, root, ["rash"])
    assert [r.name for r in plan.restore(root, ["rash"], force=True)] == ["rash"]


def test_a_parent_that_is_gone(root: Path) -> None:
    trees.exclude(root, "rash")
    (root / "val").rename(root / "validation")
    assert "val is gone" in refused(plan.restore, root, ["rash"])


@pytest.mark.parametrize("place", ["../outside", "/etc/rash", ".excluded/other", "a/../../b"])
def test_a_manifest_that_leads_out(root: Path, place: str) -> None:
    trees.exclude(root, "rash")
    path = root / ".excluded" / "rash" / "manifest.json"
    path.write_text(path.read_text().replace('"train/rash"', json.dumps(place)))
    assert "leads out of the data folder" in refused(plan.restore, root, ["rash"])


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"format": 1, "parts": [{}]}', '{"format": 99}'])
def test_a_manifest_that_is_none(root: Path, text: str) -> None:
    trees.exclude(root, "rash")
    (root / ".excluded" / "rash" / "manifest.json").write_text(text)
    assert "manifest.json" in refused(plan.restore, root, ["rash"])


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_place_for_excluded_classes_that_is_none(root: Path, tmp_path: Path, kind: str) -> None:
    if kind == "file":
        (root / ".excluded").touch()
    else:
        (root / ".excluded").symlink_to(tmp_path)
    before = trees.picture(root)
    assert "is no folder of its own" in refused(plan.exclude, root, ["rash"])
    assert trees.picture(root) == before

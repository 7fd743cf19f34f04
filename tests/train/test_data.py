"""Image folders: what is read, how it is split, and what is said when it cannot be trained on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from dermai_report.cli.data import main
from dermai_report.errors import DermaiError
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import DataSet, load_data
from dermai_report.train.weights import _from_file as read_weights
from dermai_report.train.weights import check_named

from .conftest import COLOURS, write_images


def load(folder: Path | str, **options: Any) -> DataSet:
    return load_data(TrainConfig.from_mapping({"data": str(folder), "image_size": 32, **options}))


def message_of(folder: Path | str, **options: Any) -> str:
    with pytest.raises(DermaiError) as caught:
        load(folder, **options)
    assert caught.value.hint
    return str(caught.value)


def test_split_folders(split_folder: Path) -> None:
    data = load(split_folder)
    assert data.classes == ("blue", "green", "red")
    assert (len(data.train), len(data.val), len(data.test or ())) == (18, 12, 12)
    assert data.held_out == ()
    assert data.train.pixels.shape == (18, 32, 32, 3)
    assert data.val.samples[0] == "val/blue/00.jpg"
    assert data.facts.counts["train"] == {"blue": 6, "green": 6, "red": 6}
    for number, colour in enumerate(COLOURS.values()):  # pixels, labels and names belong together
        mean = data.val.pixels[data.val.labels == number].float().mean(dim=(0, 1, 2))
        assert torch.allclose(mean, torch.tensor(colour).float(), atol=15)


@pytest.mark.parametrize("spelling", ["valid", "validation", "Val"])
def test_spellings_of_validation(split_folder: Path, spelling: str) -> None:
    (split_folder / "val").rename(split_folder / spelling)
    assert len(load(split_folder).val) == 12


def test_held_out_splits_are_stratified_and_repeatable(class_folder: Path) -> None:
    first, again, other = (load(class_folder, seed=seed) for seed in (1, 1, 2))
    assert first.held_out == ("val", "test")
    assert first.facts.counts == {
        "train": {"blue": 14, "green": 6, "red": 6},
        "val": {"blue": 3, "green": 2, "red": 2},
        "test": {"blue": 3, "green": 2, "red": 2},
    }
    assert (first.val.samples, first.facts.fingerprint) == (again.val.samples, again.facts.fingerprint)
    assert first.val.samples != other.val.samples
    parts = [set(s.samples) for s in (first.train, first.val, first.test) if s]
    assert len(set.union(*parts)) == sum(map(len, parts)) == 40


def test_only_the_missing_split_is_held_out(split_folder: Path) -> None:
    shutil.rmtree(split_folder / "test")
    data = load(split_folder)
    assert data.held_out == ("test",)
    assert len(data.val) == 12
    assert all(s.startswith("train/") for s in data.test.samples) if data.test else False
    assert load(split_folder, test_fraction=0.0).test is None


def test_fingerprint_follows_content(split_folder: Path) -> None:
    before = load(split_folder).facts.fingerprint
    (split_folder / "val" / "red" / "00.jpg").write_bytes((split_folder / "val" / "red" / "01.jpg").read_bytes())
    assert load(split_folder).facts.fingerprint != before


def test_files_are_told_by_content(split_folder: Path) -> None:
    folder = split_folder / "train" / "red"
    (folder / "00.jpg").rename(folder / "00.jfif")
    (folder / "01.jpg").rename(folder / "no-ending")
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.jpg").write_text("not a picture either")
    (folder / "deeper").mkdir()
    (folder / "02.jpg").rename(folder / "deeper" / "02.jpg")
    assert load(split_folder).facts.counts["train"]["red"] == 6


def test_missing_path(tmp_path: Path) -> None:
    assert "no such folder" in message_of(tmp_path / "absent")


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is a file" in message_of(tmp_path / "file")


def test_empty_folder(tmp_path: Path) -> None:
    assert "holds no class folders" in message_of(tmp_path)


def test_class_without_images(split_folder: Path) -> None:
    for picture in (split_folder / "val" / "red").iterdir():
        picture.unlink()
    assert "class 'red' has no images in" in message_of(split_folder)


def test_class_of_one_split_only(split_folder: Path) -> None:
    shutil.rmtree(split_folder / "test" / "green")
    assert "class 'green' has images in train but none in test" in message_of(split_folder)


def test_single_class(tmp_path: Path) -> None:
    write_images(tmp_path / "photos" / "red", COLOURS["red"], 5)
    assert "a single class, 'red'" in message_of(tmp_path / "photos")


def test_no_train_folder(split_folder: Path) -> None:
    shutil.rmtree(split_folder / "train")
    assert "no train folder" in message_of(split_folder)


def test_two_validation_folders(split_folder: Path) -> None:
    (split_folder / "valid").mkdir()
    assert "two folders for val" in message_of(split_folder)


def test_class_too_small_to_split(class_folder: Path) -> None:
    for picture in sorted((class_folder / "red").iterdir())[2:]:
        picture.unlink()
    assert "class 'red' has 2 image(s)" in message_of(class_folder)


@pytest.mark.parametrize("content", [b"", b"not a picture", None])
def test_corrupt_image(split_folder: Path, content: bytes | None) -> None:
    path = split_folder / "train" / "red" / "03.jpg"
    path.write_bytes(path.read_bytes()[:600] if content is None else content)
    assert "train/red/03.jpg" in message_of(split_folder)
    data = load(split_folder, skip_bad_images=True)
    assert data.facts.unreadable == ["train/red/03.jpg"]
    assert data.facts.counts["train"]["red"] == 5


def test_class_of_nothing_but_corrupt_images(split_folder: Path) -> None:
    for path in (split_folder / "test" / "red").iterdir():
        path.write_bytes(b"broken")
    assert "class 'red' has images in train but none in test" in message_of(split_folder, skip_bad_images=True)


def test_digits() -> None:
    data = load("digits")
    assert data.classes == tuple("0123456789")
    assert sum(len(s) for s in (data.train, data.val, data.test) if s) == 1797
    assert data.train.pixels.max() == 255


def test_sample_of_training_images_is_fixed(split_folder: Path) -> None:
    images = load(split_folder).train
    assert images.sample(5, seed=1).samples == images.sample(5, seed=1).samples
    assert len(images.sample(0, seed=1)) == 0
    assert len(images.sample(99, seed=1)) == 18


def test_pixels_are_the_resized_picture(split_folder: Path) -> None:
    data = load(split_folder)
    with Image.open(split_folder / data.val.samples[3]) as picture:
        expected = np.asarray(picture.convert("RGB").resize((32, 32), Image.Resampling.BILINEAR))
    assert np.array_equal(data.val.pixels[3].numpy(), expected)


@pytest.mark.parametrize("target", ["../blue", ".."])
def test_links_that_lead_back_into_the_data(class_folder: Path, target: str) -> None:
    """Without this a loop gives every picture forty times, in all splits."""
    (class_folder / "blue" / "again").symlink_to(target)
    assert "part of the data already" in message_of(class_folder)


def test_a_link_to_pictures_elsewhere_is_followed(class_folder: Path, tmp_path: Path) -> None:
    write_images(tmp_path / "elsewhere", (1, 2, 3), 12)
    (class_folder / "violet").symlink_to(tmp_path / "elsewhere")
    assert load(class_folder).classes == ("blue", "green", "red", "violet")


def test_a_class_whose_pictures_are_all_unreadable_does_not_vanish(class_folder: Path) -> None:
    for path in (class_folder / "red").iterdir():
        path.write_bytes(b"")
    assert "class 'red': none of its 10 images can be read" in message_of(class_folder, skip_bad_images=True)
    assert "the file is empty" in message_of(class_folder)


def test_names_that_are_not_utf8(class_folder: Path) -> None:
    (class_folder / "blue" / "00.jpg").rename(os.fsdecode(os.fsencode(class_folder / "blue") + b"/\xff.jpg"))
    assert "not UTF-8" in message_of(class_folder)


def test_unreadable_folder(class_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert "cannot read the folder" in message_of(class_folder)


def test_pictures_that_stand_in_two_splits_are_noted(split_folder: Path) -> None:
    assert load(split_folder).facts.duplicates == {}
    shutil.copy(split_folder / "train" / "blue" / "00.jpg", split_folder / "test" / "blue" / "copy.jpg")
    shared = load(split_folder).facts.duplicates
    assert shared == {"train-test": [("train/blue/00.jpg", "test/blue/copy.jpg")]}


def test_missing_weights_are_named_before_anything_is_decoded(tmp_path: Path) -> None:
    with pytest.raises(DermaiError, match=r"no weights file nowhere\.pth"):
        check_named("nowhere.pth")
    (tmp_path / "code.pth").write_bytes(b"\x80\x02cos\nsystem\n.")
    with pytest.raises(DermaiError) as caught:
        read_weights(tmp_path / "code.pth")
    assert "arbitrary code" not in str(caught.value)


def test_a_class_set_aside_is_no_part_of_the_data(split_folder: Path) -> None:
    shutil.copytree(split_folder, split_folder.parent / "without")
    for split in ("train", "val", "test"):
        shutil.rmtree(split_folder.parent / "without" / split / "red")
    assert main(["exclude", "red", "--data", str(split_folder)]) == 0
    data, without = load(split_folder), load(split_folder.parent / "without")
    assert data.classes == ("blue", "green")
    assert data.facts.fingerprint == without.facts.fingerprint
    assert data.facts.excluded == {"red": {"train": 6, "val": 4, "test": 4}}
    assert data.facts.restore == {"red": f"dermai-data restore --data {split_folder} red"}
    assert main(["restore", "red", "--data", str(split_folder)]) == 0
    chosen = load(split_folder, exclude_class=["red"])
    assert chosen.facts.fingerprint == without.facts.fingerprint
    assert chosen.facts.excluded == {"red": {"train": 6, "val": 4, "test": 4}}


def test_a_change_that_was_cut_short_is_no_data_to_train_on(split_folder: Path) -> None:
    (split_folder / ".excluded").mkdir()
    (split_folder / ".excluded" / ".journal").touch()
    assert "was cut short" in message_of(split_folder)


def test_groups_and_columns_reach_the_splits(class_folder: Path) -> None:
    """A table of the images fixes the split, and says what belongs together and what else is known."""
    files = sorted(p.relative_to(class_folder).as_posix() for p in class_folder.rglob("*.jpg"))
    rows = [
        f"{f},{f.split('/')[0]},{f.split('/')[0]}-{int(f[-6:-4]) // 2},{'dark' if int(f[-6:-4]) % 3 else 'light'}"
        for f in files
    ]
    (class_folder / "all.csv").write_text("\n".join(["path,label,group,tone", *rows]))
    data = load(class_folder / "all.csv")
    assert data.held_out == ("val", "test") and data.facts.straddling == {}
    for images in (data.train, data.val, data.test):
        assert images is not None and images.groups is not None
        assert [g.split("-")[0] for g in images.groups] == [s.split("/")[0] for s in images.samples]
        assert set(images.columns["tone"]) <= {"dark", "light"}
    groups = [set(s.groups or ()) for s in (data.train, data.val, data.test) if s]
    assert not (groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2])
    by_pattern = load(class_folder, group_regex=r"(\d)\.jpg")
    assert by_pattern.facts.straddling == {} and len(set(by_pattern.val.groups or ())) < len(by_pattern.val)
    assert load(class_folder).val.groups is None


def test_groups_across_given_splits_are_noted(split_folder: Path) -> None:
    data = load(split_folder, group_regex=r"/(\w+)/")
    assert data.facts.straddling == {s: ["blue", "green", "red"] for s in ("train-test", "train-val", "val-test")}

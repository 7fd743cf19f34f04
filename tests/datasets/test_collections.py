"""Where pictures come from: tables, idx files, MedMNIST files, torchvision's sets; the folder is tested in tests/train/test_data.py."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dermai_report.cli.data import main
from dermai_report.datasets.collections import idx, open_collection
from dermai_report.datasets.items import Collection, count
from dermai_report.errors import DermaiError

from .conftest import write_table

FASHION = Path("/usr/share/datasets/fashion-mnist")
ROOT = Path(__file__).resolve().parent.parent.parent
RNG = np.random.default_rng(0)


def refused(data: Path | str, root: str = "") -> str:
    with pytest.raises(DermaiError) as caught:
        open_collection(str(data), root)
    assert caught.value.hint
    return str(caught.value)


def pixels(collection: Collection, n: int) -> np.ndarray:
    item = collection.items[n]
    return np.asarray(collection.decode(collection.read(item), 32))


def test_a_table_of_images(photos: Callable[..., Path]) -> None:
    root = photos({"ant": 3, "bee": 2})
    files = sorted(p.relative_to(root).as_posix() for p in root.rglob("*.png"))
    columns = {
        "Path": files, "class": ["ant"] * 3 + ["bee"] * 2, "split": ["train", "Validation", "test", "train", "test"],
        "group": ["p1", "p1", "", "p2", "p2"], "skin_tone": ["light", "dark", "", "light", "dark"],
    }  # fmt: skip
    found = open_collection(str(write_table(root / "all.csv", columns)))
    assert [(i.label, i.split, i.group) for i in found.items[:3]] == [
        ("ant", "train", "p1"),
        ("ant", "val", "p1"),
        ("ant", "test", files[2]),
    ]
    assert found.columns == ("skin_tone",)
    assert [i.extra for i in found.items][:3] == [("light",), ("dark",), ("",)]
    assert pixels(found, 0).shape == (2, 2, 3)
    pq.write_table(pa.table(columns), root / "all.parquet")
    assert open_collection(str(root / "all.parquet")).items == found.items


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"picture": ["a"], "label": ["x"]}, "no column with the paths"),
        ({"path": ["ant/none.png"], "age": ["1"]}, "no column with the classes"),
        ({"path": ["ant/none.png"], "label": ["ant"]}, "names ant/none.png, which is not there"),
        ({"path": ["ant/none.png"], "label": [" "]}, "row 1: no label"),
        ({"path": ["a", "a"], "label": ["x", "y"]}, "names a more than once"),
        ({"path": ["a", "b"], "label": ["x", "y"], "split": ["train", "dev"]}, "row 2: split is 'dev'"),
        ({"path": ["a"], "label": ["x"], "predicted": ["y"]}, "'predicted' has a name that predictions use"),
    ],
)
def test_a_table_that_cannot_be_used(columns: dict[str, list[str]], words: str, photos: Callable[..., Path]) -> None:
    assert words in refused(write_table(photos({"ant": 1}) / "t.csv", columns))


def test_rows_of_a_class_set_aside_are_left_out(photos: Callable[..., Path]) -> None:
    root = photos({"ant": 6, "bee": 6, "cat": 6})
    assert main(["split", str(root)]) == 0
    assert main(["exclude", "cat", "--data", str(root)]) == 0
    found = open_collection(str(root / "split.csv"))
    assert {i.label for i in found.items} == {"ant", "bee"}
    assert sum(found.excluded["cat"].counts.values()) == 6
    assert found.excluded["cat"].restore == f"dermai-data restore --data {root} cat"


def write_idx(path: Path, values: np.ndarray) -> None:
    head = bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    data = head + values.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def test_idx_files(tmp_path: Path) -> None:
    images = RNG.integers(0, 256, (30, 28, 28), dtype=np.uint8)
    labels = np.arange(30) % 3
    for prefix, ending in (("train", ".gz"), ("t10k", "")):
        write_idx(tmp_path / f"{prefix}-images-idx3-ubyte{ending}", images)
        write_idx(tmp_path / f"{prefix}-labels-idx1-ubyte{ending}", labels)
    found = open_collection(str(tmp_path))
    assert count(found.items) == {"train": {"0": 10, "1": 10, "2": 10}, "test": {"0": 10, "1": 10, "2": 10}}
    assert np.array_equal(pixels(found, 4)[..., 0], images[4])
    assert (found.image_size, found.home) == (32, None)
    file = tmp_path / "train-images-idx3-ubyte.gz"
    for broken in (b"", gzip.compress(b"\0\0\x08"), gzip.compress(gzip.decompress(file.read_bytes())[:-1]), b"\x1f\x8bno"):
        file.write_bytes(broken)
        assert str(file) in refused(tmp_path)
    file.unlink()
    write_idx(tmp_path / "train-images-idx3-ubyte", images)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    assert "no file of labels" in refused(tmp_path)


@pytest.mark.skipif(not FASHION.exists(), reason="the system package dataset-fashion-mnist is not installed")
def test_fashion_mnist_of_the_system() -> None:
    images = idx.read(FASHION / "t10k-images-idx3-ubyte.gz")
    assert images.shape == (10_000, 28, 28)
    found = open_collection(str(FASHION))
    counts = count(found.items)
    assert set(counts["train"].values()) == {6000} and set(counts["test"].values()) == {1000}
    assert {"Sneaker", "Ankle boot"} < set(counts["test"])


def test_medmnist(tmp_path: Path) -> None:
    arrays = {}
    for split, n in (("train", 12), ("val", 6), ("test", 6)):
        arrays |= {
            f"{split}_images": RNG.integers(0, 256, (n, 28, 28, 3), dtype=np.uint8),
            f"{split}_labels": np.arange(n)[:, None] % 3,
        }
    np.savez(tmp_path / "dermamnist.npz", **arrays)
    found = open_collection(str(tmp_path / "dermamnist.npz"))
    assert count(found.items)["val"] == {"0": 2, "1": 2, "2": 2}
    assert np.array_equal(pixels(found, 13), arrays["val_images"][1])
    np.savez(tmp_path / "chest.npz", train_images=arrays["train_images"], train_labels=np.ones((12, 14), int))
    assert "labels of train" in refused(tmp_path / "chest.npz")
    np.savez(tmp_path / "volumes.npz", train_images=np.zeros((2, 28, 28, 28), np.uint8), train_labels=np.ones((2, 1), int))
    assert "images of train" in refused(tmp_path / "volumes.npz")
    np.savez(tmp_path / "pickled.npz", train_images=np.array([{}]), train_labels=np.ones(1, int))
    assert "cannot read" in refused(tmp_path / "pickled.npz")
    (tmp_path / "torn.npz").write_bytes((tmp_path / "chest.npz").read_bytes()[:500])
    assert "cannot read" in refused(tmp_path / "torn.npz")
    np.savez(tmp_path / "other.npz", x=np.ones(3))
    assert "no train_images" in refused(tmp_path / "other.npz")


TORCHVISION = """
import sys
from pathlib import Path
import dermai_report.train.torchvision_compat
from dermai_report.datasets.collections import open_collection
from dermai_report.datasets.items import count
from dermai_report.errors import DermaiError
found = open_collection(sys.argv[2], sys.argv[1])
print(count(found.items), found.decode(found.read(found.items[1]), 32).size)
Path("FashionMNIST").mkdir()  # a folder of that name is not what is meant
print(len(open_collection("FashionMNIST", sys.argv[1])))
for name, root in (("FashionMNISt", sys.argv[1]), ("CIFAR10", sys.argv[1])):
    try:
        open_collection(name, root)
    except DermaiError as error:
        print(error)
"""


def test_torchvision_by_name(tmp_path: Path) -> None:
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for prefix in ("train", "t10k"):
        write_idx(raw / f"{prefix}-images-idx3-ubyte", RNG.integers(0, 256, (20, 28, 28), dtype=np.uint8))
        write_idx(raw / f"{prefix}-labels-idx1-ubyte", np.arange(20) % 2)
    done = subprocess.run(
        [sys.executable, "-c", TORCHVISION, str(tmp_path), "FashionMNIST"],
        cwd=tmp_path / "FashionMNIST",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    told = "{'train': {'T-shirt/top': 10, 'Trouser': 10}, 'test': {'T-shirt/top': 10, 'Trouser': 10}} (28, 28)"
    assert done.stdout.splitlines()[0] == told
    assert done.stdout.splitlines()[1] == "40"
    assert "did you mean 'FashionMNIST'?" in done.stdout
    assert "cannot open the train split of CIFAR10" in done.stdout


def test_what_is_no_source(tmp_path: Path) -> None:
    assert "no such folder" in refused(tmp_path / "absent")
    (tmp_path / "notes.txt").touch()
    assert "is a file of no kind that holds pictures" in refused(tmp_path / "notes.txt")

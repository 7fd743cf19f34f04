"""A pickled history is read without running anything in it, and without the memory that a number in it asks for."""

import collections
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from dermai_report import DermaiError, read_run
from dermai_report.sources._plain_pickle import load

HISTORY = {"loss": [np.float32(0.5), np.float64(0.25)], "val_loss": np.array([0.75, 0.5]), "epochs": [np.int64(1), 2]}


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_and_numpys_numbers(protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_bytes(pickle.dumps(HISTORY, protocol))
    run = read_run(path, source="keras_history_pickle")
    assert run.series("train", "loss") == (0.5, 0.25)
    assert run.series("val", "loss") == (0.75, 0.5)
    grouped = collections.defaultdict(list, loss=[np.float16(0.5)])
    assert load(pickle.dumps(grouped, protocol), "x") == {"loss": [0.5]}


class Evil:
    def __init__(self, *call: object) -> None:
        self.call = call

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("protocol", range(6))
def test_nothing_is_called(protocol: int, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for call in (
        (os.system, f"touch {mark}"),
        (eval, f"open({str(mark)!r}, 'w')"),
        (np.load, str(mark)),
        (getattr, HISTORY, "clear"),
    ):
        with pytest.raises(DermaiError, match="nothing that would run code is read"):
            load(pickle.dumps({"loss": Evil(*call)}, protocol), "history.pkl")
    assert not mark.exists()


def test_an_object_of_keras_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "history.pkl"
    path.write_bytes(b"\x80\x04ckeras.src.callbacks.history\nHistory\n.")
    with pytest.raises(DermaiError, match=r"holds keras\.src\.callbacks\.history\.History") as caught:
        read_run(path)
    assert "as JSON" in caught.value.hint


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b".",  # a bytearray of a terabyte
        b"\x80\x04N" + b"r" + struct.pack("<I", 2**32 - 1) + b".",  # a memo of four billion places
        b"\x80\x04\x8e" + struct.pack("<Q", 2**50) + b".",
        b"\x80\x04\x8b" + struct.pack("<i", 2**30) + b".",
        b"\x80\x04" + b"(" * 100_000,
        b"\x80\x04" + b"]" * 100_000 + b"a" * 99_999 + b".",
        b"\x80\x02c__main__\nX\n.",
        b"\x80\x02",
    ],
)
def test_what_asks_for_memory_gets_none(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "history.pkl"
    path.write_bytes(data)
    with pytest.raises(DermaiError):
        read_run(path)


def test_one_list_a_million_times_is_bounded(tmp_path: Path) -> None:
    longest = [0.5] * 100_000
    path = tmp_path / "history.pkl"
    path.write_bytes(pickle.dumps({f"loss{i}": longest for i in range(1000)}))
    with pytest.raises(DermaiError, match="more than 5,000,000 values"):
        read_run(path)


def test_lists_of_several_lengths(tmp_path: Path) -> None:
    path = tmp_path / "history.pkl"
    path.write_bytes(pickle.dumps({"loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 2.0]}))
    run = read_run(path)
    assert [e.val.get("loss") for e in run.epochs] == [3.0, 2.0, None]
    assert any("'val_loss' has 2 values" in n for n in run.notes)

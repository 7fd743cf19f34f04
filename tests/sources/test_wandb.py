"""Weights & Biases: the framing of its records, typed and nested values, damage, and the files of old versions."""

import json
import struct
import zlib
from pathlib import Path

import pytest

from dermai_report import DermaiError, read_run
from dermai_report.sources._wandb_file import BLOCK, read_records
from tests.sources.test_event_file import field, varint

HEAD = b":W&B" + struct.pack("<HB", 0xBEE1, 0)


def chunk(kind: int, content: bytes) -> bytes:
    return struct.pack("<IHB", zlib.crc32(content, zlib.crc32(bytes([kind]))), len(content), kind) + content


def framed(records: list[bytes]) -> bytes:
    """A file of these records, cut at the blocks as LevelDB does it."""
    out = bytearray(HEAD)
    for whole in records:
        record, first = whole, True
        while True:
            room = BLOCK - len(out) % BLOCK
            if room < 7:
                out += bytes(room)
                continue
            part, record = record[: room - 7], record[room - 7 :]
            kind = (1 if not record else 2) if first else (4 if not record else 3)
            out += chunk(kind, part)
            first = False
            if not record:
                break
    return bytes(out)


def item(key: str, value: object, *nested: str) -> bytes:
    name = b"".join(field(2, n.encode()) for n in nested) if nested else field(1, key.encode())
    return field(1, name + b"\x82\x01" + varint(len(json.dumps(value))) + json.dumps(value).encode())


def history(step: int, *items: bytes) -> bytes:
    return field(2, b"".join(items) + field(2, b"\x08" + varint(step)))


def test_records_across_blocks() -> None:
    rows = [history(i, item("loss", i / 7), item("note", "x" * (i * 997 % 40_000))) for i in range(40)]
    found = read_records(framed(rows))
    assert [r["loss"] for r in found.rows] == [i / 7 for i in range(40)]
    assert [r["_step"] for r in found.rows] == list(range(40))
    assert not found.problems


def test_typed_and_nested_values() -> None:
    typed = field(1, field(1, b"loss") + b"\x31" + struct.pack("<d", 0.25)) + field(1, field(1, b"epoch") + b"\x28" + varint(6))
    found = read_records(framed([field(2, typed + item("", 0.5, "val", "acc"))]))
    assert found.rows == [{"loss": 0.25, "epoch": 3, "val.acc": 0.5}]


def test_damage_loses_a_block_and_no_more() -> None:
    rows = [history(i, item("loss", 1.0), item("note", "x" * 20_000)) for i in range(12)]
    data = bytearray(framed(rows))
    data[BLOCK * 2 + 100] ^= 1
    found = read_records(bytes(data))
    assert 7 <= len(found.rows) < 12
    assert "wrong checksum" in found.problems[0]
    cut = read_records(bytes(framed(rows)[:-10]))
    assert len(cut.rows) == 11
    assert "cut off" in cut.problems[0]


def test_history_of_old_versions(tmp_path: Path) -> None:
    rows = [{"val_loss": 1 / (e + 1), "epoch": e, "_step": e, "_runtime": 3.0 * e, "_timestamp": 1.7e9} for e in range(3)]
    path = tmp_path / "wandb-history.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + '\n{"val_loss": 0.')
    run = read_run(path)
    assert run.source == "wandb"
    assert run.series("val", "loss") == pytest.approx((1, 1 / 2, 1 / 3))
    assert any("wandb-history.jsonl:4 is not whole" in n for n in run.notes)


def test_a_summary_is_no_history(tmp_path: Path) -> None:
    (tmp_path / "wandb-summary.json").write_text(
        json.dumps({"_wandb": {"runtime": 3}, "_step": 3, "_runtime": 3.0, "val_loss": 0.1})
    )
    with pytest.raises(DermaiError, match="holds the last value of each metric, and no history"):
        read_run(tmp_path / "wandb-summary.json")


def test_runs_below_a_folder_are_asked_about(tmp_path: Path) -> None:
    for name in ("aaa", "bbb"):
        folder = tmp_path / "wandb" / f"run-1-{name}"
        folder.mkdir(parents=True)
        rows = [history(i, item("val_loss", 1.0), item("epoch", i)) for i in range(3)]
        (folder / f"run-{name}.wandb").write_bytes(framed(rows))
    with pytest.raises(DermaiError, match="holds 2 runs: run-1-aaa, run-1-bbb"):
        read_run(tmp_path / "wandb")
    assert len(read_run(tmp_path / "wandb", run="bbb").epochs) == 3
    assert len(read_run(tmp_path / "wandb" / "run-1-aaa").epochs) == 3


def test_the_summary_of_the_trainer_is_no_curve(tmp_path: Path) -> None:
    rows = [
        history(i, item("train/loss", 1 - i / 10), item("train/epoch", (i + 1) / 2), item("eval/loss", 2 - i / 10))
        for i in range(4)
    ]
    end = history(4, item("train/train_loss", 0.123), item("train/train_runtime", 9.0), item("train/epoch", 2.0))
    (tmp_path / "run-a.wandb").write_bytes(framed([*rows, end]))
    run = read_run(tmp_path / "run-a.wandb")
    assert [e.epoch for e in run.epochs] == [1, 2]
    assert run.series("val", "loss") == (1.9, 1.7)
    assert run.series("train", "loss") == pytest.approx((0.95, 0.75))

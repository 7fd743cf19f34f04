"""TensorBoard event files: framing, checksums, every kind of number, and the same series as tensorboard's own reader."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermai_report import DermaiError, read_run
from dermai_report.sources import _crc32c
from dermai_report.sources._event_file import is_event_file, read_scalars

RECORDED = Path(__file__).parent / "recorded"


def crc(data: bytes) -> bytes:
    return struct.pack("<I", int(_crc32c.masked(_crc32c.of(np.frombuffer(data, np.uint8)))[0]))


def record(content: bytes) -> bytes:
    size = struct.pack("<Q", len(content))
    return size + crc(size) + content + crc(content)


def varint(value: int) -> bytes:
    out = bytearray()
    value &= (1 << 64) - 1
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def simple(tag: str, value: float) -> bytes:
    return field(1, tag.encode()) + b"\x15" + struct.pack("<f", value)


def tensor(tag: str, kind: int, holder: bytes, shape: bytes = b"") -> bytes:
    return field(1, tag.encode()) + field(8, b"\x08" + bytes([kind]) + field(2, shape) + holder)


def event(step: int, *values: bytes, wall: float = 1.0) -> bytes:
    head = b"\x09" + struct.pack("<d", wall) + (b"\x10" + varint(step) if step else b"")
    return record(head + field(5, b"".join(field(1, v) for v in values)))


VERSION = record(b"\x09" + struct.pack("<d", 1.0) + field(3, b"brain.Event:2"))


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_checksums_of_the_standard(data: bytes, checksum: int) -> None:
    assert int(_crc32c.of(np.frombuffer(data, np.uint8))[0]) == checksum


@given(st.binary(max_size=3000))
def test_blocks_and_rows_and_bits_agree(data: bytes) -> None:
    array = np.frombuffer(data, np.uint8)
    slow = _crc32c._one_by_one(data)
    assert int(_crc32c.of(array)[0]) == slow
    assert _crc32c.of_rows(np.stack([array] * 3)).tolist() == [slow] * 3


def test_like_records_are_read_as_one_by_one() -> None:
    events = [event(s, simple("a/loss", s / 7), simple("a/acc", -s), wall=s) for s in (0, 1, 127, 128, 300, 2**40, -3)]
    found = read_scalars(VERSION + b"".join(events * 3)).series
    steps = [0, 1, 127, 128, 300, 2**40, -3] * 3
    assert found["a/loss"].step.tolist() == steps
    assert found["a/loss"].value.tolist() == [float(np.float32(s / 7)) for s in steps]
    assert found["a/acc"].value.tolist() == [float(np.float32(-s)) for s in steps]
    assert found["a/loss"].wall.tolist() == [float(s) for s in steps]
    assert found["a/loss"].record.tolist() == list(range(2, 23))


@pytest.mark.parametrize(
    ("kind", "holder", "value"),
    [
        (1, field(4, struct.pack("<f", 0.5)), 0.5),
        (1, field(5, struct.pack("<f", 0.5)), 0.5),
        (1, b"\x2d" + struct.pack("<f", 0.5), 0.5),
        (2, field(4, struct.pack("<d", 0.1)), 0.1),
        (2, field(6, struct.pack("<d", 0.1)), 0.1),
        (3, b"\x38" + varint(-7), -7.0),
        (9, field(4, struct.pack("<q", -(2**40))), -(2.0**40)),
        (19, field(4, struct.pack("<e", 0.25)), 0.25),
        (14, field(4, b"\x80\x3f"), 1.0),
        (14, b"\x68" + varint(0x3F80), 1.0),
    ],
)
def test_numbers_in_tensors(kind: int, holder: bytes, value: float) -> None:
    for n in (1, 9):
        found = read_scalars(VERSION + b"".join(event(s, tensor("t", kind, holder)) for s in range(n))).series
        assert found["t"].value.tolist() == [value] * n


def test_what_is_no_number_is_passed_over() -> None:
    text = tensor("note", 7, field(8, b"words"))
    many = tensor("many", 1, field(4, struct.pack("<2f", 1, 2)), shape=field(2, b"\x08\x02"))
    image = field(1, b"image") + field(4, bytes(10_000))
    assert not read_scalars(VERSION + event(1, text) * 9 + event(1, many) * 9 + event(1, image)).series
    assert read_scalars(VERSION + event(1, text, simple("loss", 1)) * 9).series["loss"].value.tolist() == [1.0] * 9


def test_damage_is_told_and_the_rest_is_read() -> None:
    events = [event(s, simple("loss", s)) for s in range(1, 20)]
    whole = VERSION + b"".join(events)
    flipped = bytearray(whole)
    flipped[len(VERSION) + 5 * len(events[0]) + 30] ^= 1
    found = read_scalars(bytes(flipped))
    assert found.series["loss"].step.tolist() == [s for s in range(1, 20) if s != 6]
    assert found.problems == ["1 record with a wrong checksum or broken content left out"]
    cut = read_scalars(whole[:-3])
    assert len(cut.series["loss"].step) == 18
    assert "cut off" in cut.problems[0]
    length = bytearray(whole)
    length[len(VERSION)] ^= 1
    assert "damaged length" in read_scalars(bytes(length)).problems[0]


def test_a_length_of_exabytes_reserves_nothing() -> None:
    size = struct.pack("<Q", 2**62)
    found = read_scalars(VERSION + event(1, simple("loss", 1)) + size + crc(size))
    assert len(found.series["loss"].step) == 1
    assert "cut off" in found.problems[0]


def test_more_kinds_of_one_length_than_are_read_together() -> None:
    tags = [f"metric/{i:03d}" for i in range(150)]
    found = read_scalars(VERSION + b"".join(event(s, simple(t, s)) for s in range(1, 6) for t in tags)).series
    assert set(found) == set(tags)
    assert all(s.step.tolist() == [1, 2, 3, 4, 5] for s in found.values())


def test_tensorboard_reads_the_same() -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    from tensorboard.util import tensor_util

    files = sorted(RECORDED.rglob("*tfevents*"))
    assert len(files) >= 9
    for file in files:
        mine = {k: (s.step.tolist(), s.value.tolist()) for k, s in read_scalars(file.read_bytes()).series.items()}
        theirs = accumulator.EventAccumulator(str(file), size_guidance={"scalars": 0, "tensors": 0}).Reload()
        known = {k: [(e.step, e.value) for e in theirs.Scalars(k)] for k in theirs.Tags()["scalars"]}
        for tag in theirs.Tags()["tensors"]:
            values = [(e.step, tensor_util.make_ndarray(e.tensor_proto)) for e in theirs.Tensors(tag)]
            if values[0][1].ndim == 0 and values[0][1].dtype.kind in "fi":
                known[tag] = [(s, float(v)) for s, v in values]
        assert mine == {k: ([s for s, _ in v], [x for _, x in v]) for k, v in known.items()}


def write(path: Path, *events: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(VERSION + b"".join(events))
    return path


def curve(start: int, stop: int, split: str = "val") -> list[bytes]:
    return [event(s, simple(f"{split}/loss", 10 - s), wall=100 + s) for s in range(start, stop)]


def test_runs_below_a_logdir_are_asked_about(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name / "events.out.tfevents.1.h.1.0", *curve(0, 4), *curve(0, 4, "train"))
    with pytest.raises(DermaiError, match="holds 2 runs: a, b"):
        read_run(tmp_path)
    assert read_run(tmp_path, run="b").epochs[-1].val["loss"] == 7


def test_two_trainings_in_one_folder_are_asked_about(tmp_path: Path) -> None:
    write(tmp_path / "events.out.tfevents.1.h.1.0", *curve(0, 4))
    write(tmp_path / "events.out.tfevents.2.h.1.0", *curve(0, 6))
    with pytest.raises(DermaiError, match="2 runs in one folder"):
        read_run(tmp_path)
    assert len(read_run(tmp_path, run="events.out.tfevents.2.h.1.0").epochs) == 6


def test_a_file_that_goes_on_replaces_what_it_repeats(tmp_path: Path) -> None:
    write(tmp_path / "events.out.tfevents.1.h.1.0", *curve(0, 4))
    write(tmp_path / "events.out.tfevents.2.h.1.0", *[event(s, simple("val/loss", 1)) for s in range(3, 6)])
    run = read_run(tmp_path)
    assert run.series("val", "loss") == (10, 9, 8, 1, 1, 1)
    assert any("goes on from an earlier step: 1 values" in n for n in run.notes)


def test_an_event_file_is_known_by_its_first_record(tmp_path: Path) -> None:
    assert is_event_file(VERSION + event(1, simple("loss", 1)))
    assert not is_event_file(b"brain.Event:2")
    write(tmp_path / "events.out.tfevents.1")
    with pytest.raises(DermaiError, match="holds no scalars"):
        read_run(tmp_path / "events.out.tfevents.1")

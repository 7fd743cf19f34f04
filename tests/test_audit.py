"""audit.json: what is written is read back, and what cannot be is said."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from dermai_report import diagnose, measures, read_run, schemas
from dermai_report.audit import Audit, Groups, Image, Labels, Pair, Poor, Size, Straddling, Suspect, Unreadable
from dermai_report.errors import DermaiError
from dermai_report.storage.audit_files import AUDIT, read_audit, write_audit
from dermai_report.storage.run_directory import RunWriter

TRAIN, TEST = (Image(sample=f"{split}/a/1.jpg", label="a", split=split) for split in ("train", "test"))
WHOLE = Audit(
    source="photos",
    n=4,
    counts={"train": {"a": 2}, "test": {"a": 2}},
    fingerprint="sha256:0",
    unreadable=[Unreadable(image=TRAIN, reason="the file is empty")],
    kinds={"JPEG RGB": 4},
    sizes=[Size(width=8, height=9, n=4)],
    n_sizes=1,
    duplicates=[Pair(first=TRAIN, second=TEST, kind="near duplicate", agreement=0.9, mirrored=True)],
    clusters=[[TRAIN.sample, TEST.sample]],
    compared=3,
    poor=[Poor(image=TEST, why="dark", value=3.0)],
    groups=Groups(n=1, straddling=[Straddling(group="7", samples={"train": ["x"], "test": ["y"]})]),
    labels=Labels(by="run", n=2, expected=0.1, suspects=[Suspect(image=TEST, suggested="b")]),
)


def test_it_reads_back_and_satisfies_its_schema(tmp_path: Path) -> None:
    write_audit(tmp_path / AUDIT, WHOLE)
    assert read_audit(tmp_path / AUDIT) == WHOLE
    schema = json.loads((schemas.FOLDER / "audit.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads((tmp_path / AUDIT).read_text(encoding="utf-8")), schema)


@pytest.mark.parametrize("content", ['{"format": 2, "source": "", "n": 0, "counts": {}}', '{"n": "many"}', "["])
def test_what_cannot_be_read_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / AUDIT).write_text(content)
    with pytest.raises(DermaiError, match=r"audit\.json"):
        read_audit(tmp_path / AUDIT)


def test_leaked_images_by_split() -> None:
    assert WHOLE.leaked() == {"test/a/1.jpg"}
    assert WHOLE.leaked("train") == {"train/a/1.jpg"}
    assert WHOLE.leaked("val") == set()


def test_the_report_quotes_the_audit_of_its_run(tmp_path: Path) -> None:
    """Of 40 test images 10 are leaked and right; without them 15 of 30 are."""
    samples = [f"test/a/{n}.jpg" for n in range(40)]
    right = [n < 25 for n in range(40)]
    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        run.log_epoch(train={"loss": 1.0}, val={"loss": 1.0, "accuracy": 0.5})
        run.log_evaluation("test", labels=[0] * 40, predicted=[0 if r else 1 for r in right], samples=samples)
    pairs = [
        Pair(first=TRAIN, second=Image(sample=samples[n], label="a", split="test"), kind="near duplicate", agreement=0.8)
        for n in range(10)
    ]
    write_audit(run.path / AUDIT, Audit(source="photos", n=80, counts={}, duplicates=pairs))
    report = diagnose(read_run(run.path))
    assert report.test is not None and report.test.without_leaked is not None
    clean = report.test.without_leaked
    assert (report.test.accuracy, clean.accuracy, clean.n, clean.leaked) == (25 / 40, 0.5, 30, 10)
    assert clean.accuracy_ci95 == measures.wilson(15, 30)
    finding = next(f for f in report.findings if f.rule == "leakage")
    assert "train/a/1.jpg and test/a/0.jpg" in finding.message and "10 of them near duplicates" in finding.message
    assert any(n.label == "Test accuracy without leaked images" and n.value == 0.5 for n in report.numbers)
    assert "without 10 images with a copy elsewhere" in Path(report.save(tmp_path / "report.html")).read_text(encoding="utf-8")
    assert any(fact.label == "File audit.json" for fact in report.provenance)

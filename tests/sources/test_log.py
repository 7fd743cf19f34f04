"""What is read of a log, whatever its encoding, and within its bounds."""

from pathlib import Path

import pytest

from dermai_report import DermaiError, read_run
from dermai_report.sources._log import NOT_JSON, Log, parse_json, read_yaml

TEXT = "epoch,train_loss,val_loss,größe\n1,1.0,1.1,3\n2,0.9,1.0,3\n"


@pytest.mark.parametrize(
    ("encoding", "note"), [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252")]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n", "\r"])
def test_encodings_and_ends_of_lines(tmp_path: Path, encoding: str, note: str, end: str) -> None:
    (tmp_path / "log.csv").write_bytes(TEXT.replace("\n", end).encode(encoding))
    run = read_run(tmp_path / "log.csv")
    assert run.series("val", "loss") == (1.1, 1.0)
    assert [e.at for e in run.epochs] == ["log.csv:2", "log.csv:3"]
    assert note in " ".join(run.notes)
    assert "größe" in run.epochs[0].extra


def test_a_file_past_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "log.csv").write_text(TEXT)
    monkeypatch.setattr("dermai_report.sources._log.LARGEST", 10)
    with pytest.raises(DermaiError, match="larger than"):
        read_run(tmp_path / "log.csv")


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(5):
        (tmp_path / f"{i}.txt").touch()
    monkeypatch.setattr("dermai_report.sources._log.MOST_FILES", 3)
    with pytest.raises(DermaiError, match="more than 3 files"):
        read_run(tmp_path)


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "log.csv").write_text(TEXT)
    (tmp_path / "run" / "log.csv").symlink_to(tmp_path / "log.csv")
    assert Log(tmp_path / "run").files("*") == []


@pytest.mark.parametrize(
    "content",
    [
        "!!python/object/apply:os.system ['touch /tmp/x']",
        "a: &a [1,1,1,1,1,1,1,1,1]\n"
        + "".join(f"{c}: &{c} [{', '.join(['*' + p] * 9)}]\n" for p, c in ("ab", "bc", "cd", "de", "ef", "fg")),
        "a: [" * 200,
    ],
)
def test_yaml_that_is_no_configuration_is_left_out(tmp_path: Path, content: str) -> None:
    (tmp_path / "hparams.yaml").write_text(content)
    notes: list[str] = []
    assert read_yaml(tmp_path / "hparams.yaml", notes) == {}
    assert "hparams.yaml was left out" in notes[0]


def test_json_as_writers_leave_it() -> None:
    assert parse_json(b'{"a": [1, 2]}') == {"a": [1, 2]}
    assert parse_json(b'{"a": -Infinity}') == {"a": float("-inf")}
    assert parse_json(b'{"a": 1}{"a": 2}') is NOT_JSON
    assert parse_json(b"[" * 100_000) is NOT_JSON


def test_two_logs_in_a_folder_are_asked_about(tmp_path: Path) -> None:
    for version in ("version_0", "version_1"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "metrics.csv").write_text("epoch,step,train_loss,val_loss\n0,9,1.0,\n0,9,,1.1\n")
    with pytest.raises(DermaiError, match=r"version_0.*version_1") as caught:
        read_run(tmp_path)
    assert "--run" in caught.value.hint
    assert read_run(tmp_path, run="version_1").name == "version_1/metrics"

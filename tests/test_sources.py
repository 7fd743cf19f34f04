"""Finding the format of a path, and saying what is wrong with it."""

from pathlib import Path

import pytest

from dermai_report import DermaiError, read_run, registry
from tests.builders import PUBLISHED


def test_every_source_says_what_it_reads() -> None:
    for _, module in registry.load_all("sources"):
        assert module.__doc__
        assert callable(module.recognises)
        assert callable(module.read)


def test_a_file_of_the_run_is_enough() -> None:
    assert read_run(PUBLISHED / "run.json").id == read_run(PUBLISHED).id


def test_missing_path_names_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "other-run").mkdir()
    with pytest.raises(DermaiError, match="there is nothing at") as caught:
        read_run(tmp_path / "latest")
    assert "other-run" in caught.value.hint


def test_empty_folder_and_folder_of_runs(tmp_path: Path) -> None:
    with pytest.raises(DermaiError, match="is empty"):
        read_run(tmp_path)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "run.json").write_text("{}")
    with pytest.raises(DermaiError) as caught:
        read_run(tmp_path)
    assert "name one of them: one" in caught.value.hint


def test_unknown_format_and_source(tmp_path: Path) -> None:
    (tmp_path / "image.bin").write_bytes(b"\x00\x01")
    with pytest.raises(DermaiError, match="no known log format"):
        read_run(tmp_path / "image.bin")
    with pytest.raises(DermaiError, match="did you mean 'run_directory'"):
        read_run(PUBLISHED, source="run-directory")


def test_dangling_latest(tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to("gone")
    with pytest.raises(DermaiError, match="points to a run that is gone"):
        read_run(tmp_path / "latest")


@pytest.mark.parametrize("content", [b"\x00\x01\xff\xfe", b"", b"one\ntwo", "\u202erun".encode()])
def test_pointer_file_that_names_no_run(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "latest").write_bytes(content)
    with pytest.raises(DermaiError, match="does not hold the name of a run"):
        read_run(tmp_path / "latest")


def test_path_that_no_system_takes(tmp_path: Path) -> None:
    with pytest.raises(DermaiError, match=r"cannot read .*name too long"):
        read_run(tmp_path / ("x" * 300))
    (tmp_path / "latest").write_text("x" * 300)
    with pytest.raises(DermaiError, match=r"cannot read .*name too long"):
        read_run(tmp_path / "latest")


def test_pointer_file_instead_of_a_link(tmp_path: Path) -> None:
    (tmp_path / "latest").write_text(f"{PUBLISHED}\n")
    assert read_run(tmp_path / "latest").id == "resnet18-10-epochs"

"""Logs that stand elsewhere: in an archive, in memory; on a real S3 server in tests/integrations/test_remote.py."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from dermai_report import DermaiError, diagnose, read_run
from dermai_report.cli import report
from dermai_report.sources import _remote
from tests.builders import PUBLISHED

TRAINED = PUBLISHED.parent / "resnet18-digits"
LOG = "epoch,train_loss,val_loss,val_accuracy\n1,1.0,1.1,0.5\n2,0.8,0.9,0.6\n"


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    files = fsspec.filesystem("memory")
    yield files
    files.store.clear()
    files.pseudo_dirs[:] = [""]


def archive(place: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return place


def zipped(run: Path, place: Path, folder: str) -> Path:
    return archive(place, {f"{folder}{p.relative_to(run).as_posix()}": p.read_bytes() for p in run.rglob("*") if p.is_file()})


def test_a_run_in_memory_reads_as_the_local_one(memory: fsspec.AbstractFileSystem) -> None:
    memory.put(str(TRAINED), "/bucket/run", recursive=True)
    far, near = read_run("memory://bucket/run"), read_run(TRAINED)
    assert far.path == "memory://bucket/run" and far.id == near.id
    assert far.files == near.files and far.notes == near.notes
    assert diagnose(far).headline == diagnose(near).headline
    assert "Read from" in str(diagnose(far).provenance) and "memory://bucket/run (run_directory)" in str(
        diagnose(far).provenance
    )


@pytest.mark.parametrize("folder", ["", "run/", "runs/deep/run/"])
def test_a_run_in_an_archive(tmp_path: Path, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    zipped(TRAINED, Path("a.zip"), folder)
    addresses = [f"zip://{folder}::a.zip", f"zip://{folder}run.json::{tmp_path}/a.zip"] + (
        [] if "deep" in folder else ["a.zip"]
    )
    for address in addresses:
        run = read_run(address)
        assert run.files == read_run(TRAINED).files and run.path == address


def test_one_file_of_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    archive(Path("a.zip"), {"tries/first.csv": LOG, "tries/second.csv": LOG})
    run = read_run("zip://tries/second.csv::a.zip")
    (tmp_path / "tries").mkdir()
    (tmp_path / "tries" / "second.csv").write_text(LOG)
    near = read_run(tmp_path / "tries" / "second.csv")
    assert (run.name, run.series("val", "loss")) == (near.name, (1.1, 0.9))
    with pytest.raises(DermaiError) as caught:
        read_run("a.zip")
    assert caught.value.message.startswith("a.zip holds several logs: first.csv") and "dermai-report-" not in str(caught.value)


def test_weights_and_models_are_not_fetched(memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_remote, "LARGEST_FILE", 2_000_000)
    memory.put(str(TRAINED), "/run", recursive=True)
    for name in ("model/last", "model/dermai_model.pth", "other.safetensors", "predictions/x.ckpt"):
        memory.pipe(f"/run/{name}", bytes(3_000_000))
    with _remote.fetched("memory://run", {".safetensors", ".ckpt", ".pth"}) as place:
        assert sorted(p.name for p in place.iterdir()) == ["README.txt", "epochs.jsonl", "predictions", "run.json", "test.json"]
        assert not list(place.rglob("*.ckpt"))
    assert read_run("memory://run").status == "finished"


def test_names_with_a_colon_are_names(memory: fsspec.AbstractFileSystem) -> None:
    memory.pipe("/run-10:30/log 10:31.csv", LOG.encode())
    assert read_run("memory://run-10:30").series("val", "loss") == (1.1, 0.9)


def test_sizes_and_counts_are_bounded(memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(6):
        memory.pipe(f"/run/{n}.csv", LOG.encode() * 20)
    monkeypatch.setattr(_remote, "MOST_FILES", 5)
    with pytest.raises(DermaiError, match=r"memory://run: there are more than 5 files"):
        read_run("memory://run")
    monkeypatch.setattr(_remote, "MOST_FILES", 50)
    monkeypatch.setattr(_remote, "LARGEST_LOG", 3000)
    with pytest.raises(DermaiError, match="more than 0 MB together"):
        read_run("memory://run")
    monkeypatch.setattr(_remote, "LARGEST_FILE", 100)
    with pytest.raises(DermaiError, match=r"3\.csv is larger than 0 MB"):
        read_run("memory://run/3.csv")


def test_an_archive_that_unpacks_without_end_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_remote, "LARGEST_FILE", 10 * 1024**2)
    bomb = archive(tmp_path / "bomb.zip", {"run/log.csv": bytes(64 * 1024**2)})
    assert bomb.stat().st_size < 100_000
    with pytest.raises(DermaiError, match=r"log\.csv is larger than 10 MB"):
        read_run(bomb)


@pytest.mark.parametrize(
    "name", ["../evil.csv", "run/../../evil.csv", "/../evil.csv", "run/..\\evil.csv", "C:evil.csv", "run/./log.csv"]
)
def test_names_cannot_leave_their_folder(tmp_path: Path, name: str) -> None:
    place = archive(tmp_path / "a.zip", {"run.csv": LOG, name: LOG})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DermaiError, match="leads out of its folder"):
        read_run(place)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("address", "message", "hint"),
    [
        ("memory://nowhere/run", "there is nothing at memory://nowhere/run", "check the address"),
        ("zip://x::missing.zip", "there is nothing at zip://x::missing.zip", "check the address"),
        ("nonsense://x", "Protocol not known: nonsense", "check the address"),
    ],
)
def test_what_cannot_be_read(address: str, message: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main([address]) == 2
    said = capsys.readouterr().err
    assert message in said and hint in said


def test_a_broken_archive(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("no archive")
    with pytest.raises(DermaiError, match=r"cannot read .*a\.zip: BadZipFile"):
        read_run(tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("missing", "address"), [("fsspec", "memory://x"), ("s3fs", "s3://bucket/run"), ("aiohttp", "https://host/run")]
)
def test_a_missing_package_names_the_command(missing: str, address: str) -> None:
    code = (
        f"import sys\nsys.modules[{missing!r}] = None\nfrom dermai_report.cli.report import main\nsys.exit(main([{address!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and 'pip install "dermai-report[remote]"' in done.stderr


def test_errors_name_the_address_and_not_the_copy(memory: fsspec.AbstractFileSystem) -> None:
    memory.pipe("/run/run.json", b"{broken")
    with pytest.raises(DermaiError) as caught:
        read_run("memory://run")
    assert "memory://run/run.json" in caught.value.message


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://me:secret@host/run/log.csv?X-Amz-Signature=secret", "https://host/run/log.csv"),
        ("sftp://me@host/run/", "sftp://host/run"),
        ("zip://run::https://host/a.zip?token=se:cret", "zip://run::https://host/a.zip"),
        ("zip://run::https://host/a.zip?token=secret::file://x", "zip://run::https://host/a.zip::file://x"),
        ("s3://bucket/a@b/run", "s3://bucket/a@b/run"),
    ],
)
def test_secrets_of_an_address_are_not_shown(address: str, told: str) -> None:
    assert _remote.shown(address) == told


def test_nothing_is_left_behind(memory: fsspec.AbstractFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    memory.pipe("/run/run.json", json.dumps({"format": 1, "id": "x", "name": "x", "status": "finished"}).encode())
    read_run("memory://run")
    with pytest.raises(DermaiError):
        read_run("memory://nowhere")
    assert not list(tmp_path.iterdir())


def test_a_local_path_needs_no_fsspec() -> None:
    code = f"import sys\nfrom dermai_report import read_run\nread_run({str(PUBLISHED)!r})\nprint('fsspec' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"

"""Logs on real servers, each a process of its own on this machine: S3 (moto's) and HTTP."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dermai_report import DermaiError, diagnose, read_run
from dermai_report.cli import report
from tests.builders import PUBLISHED

FRAMEWORK = "s3fs"
TRAINED = PUBLISHED.parent / "resnet18-digits"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def serve(*command: str) -> Iterator[int]:
    """A server's port, from when it answers until the tests are done."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", *(word.format(port=port) for word in command)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, "the server ended"
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def s3_port() -> Iterator[int]:
    yield from serve("moto.server", "-H", "127.0.0.1", "-p", "{port}")


@pytest.fixture(scope="module")
def http_port() -> Iterator[int]:
    yield from serve("http.server", "--bind", "127.0.0.1", "--directory", str(TRAINED.parent), "{port}")


@pytest.fixture
def bucket(s3_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket with the trained run, and a model beside it that is too large to fetch."""
    import s3fs

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{s3_port}")
    files = s3fs.S3FileSystem()
    files.mkdir("runs")
    files.put(str(TRAINED), "runs/one", recursive=True)
    files.pipe("runs/one/model/weights", bytes(1000))
    files.pipe("runs/one/dermai_model.pth", bytes(1000))
    yield "s3://runs"
    files.rm("runs", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_run_on_s3_reads_as_the_local_one(bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    far, near = read_run(f"{bucket}/one"), read_run(TRAINED)
    assert far.path == "s3://runs/one" and far.files == near.files and far.epochs == near.epochs
    assert diagnose(far).headline == diagnose(near).headline
    assert report.main([f"{bucket}/one", "--format", "html,json", "-o", "out/"]) == 0
    page = Path("out/report.html").read_text(encoding="utf-8")
    assert "s3://runs/one" in page and "dermai-report-" not in page.replace("dermai-report-file", "")
    assert capsys.readouterr().out.split() == ["out/report.html", "out/report.json"]


def test_no_weights_are_asked_for(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from dermai_report.sources import _remote

    asked: list[str] = []
    copy = _remote._copy
    monkeypatch.setattr(
        _remote, "_copy", lambda files, source, place, most: asked.append(source) or copy(files, source, place, most)
    )
    read_run(f"{bucket}/one")
    assert "runs/one/run.json" in asked and not [name for name in asked if "model" in name]


def test_what_is_not_on_s3(bucket: str) -> None:
    with pytest.raises(DermaiError, match="there is nothing at s3://runs/two"):
        read_run(f"{bucket}/two")
    with pytest.raises(DermaiError, match="s3://nobody/run"):
        read_run("s3://nobody/run")


def test_a_server_that_is_gone(monkeypatch: pytest.MonkeyPatch, bucket: str) -> None:
    with pytest.raises(DermaiError, match="cannot read http://127"):
        read_run(f"http://127.0.0.1:{free_port()}/log.csv")


def test_a_run_over_http_and_one_of_its_files(http_port: int) -> None:
    address = f"http://127.0.0.1:{http_port}/resnet18-digits"
    far, near = read_run(address), read_run(TRAINED)
    assert far.path == address and far.files == near.files and far.epochs == near.epochs
    assert read_run(f"{address}/run.json").files == near.files
    assert read_run(f"{address}/epochs.jsonl?signature=secret").path == f"{address}/epochs.jsonl"
    with pytest.raises(DermaiError, match="there is nothing at http"):
        read_run(f"http://127.0.0.1:{http_port}/nowhere.csv")


def test_an_archive_behind_a_server_that_sends_whole_files_alone() -> None:
    import shutil

    shutil.make_archive("a", "zip", TRAINED.parent, TRAINED.name)
    for port in serve("http.server", "--bind", "127.0.0.1", "{port}"):
        with pytest.raises(DermaiError, match="range requests"):
            read_run(f"zip://{TRAINED.name}::http://127.0.0.1:{port}/a.zip")


def test_an_archive_on_s3(bucket: str) -> None:
    import shutil

    import s3fs

    shutil.make_archive("a", "zip", TRAINED.parent, TRAINED.name)
    s3fs.S3FileSystem().put("a.zip", "runs/a.zip")
    assert read_run(f"zip://{TRAINED.name}::{bucket}/a.zip").files == read_run(TRAINED).files

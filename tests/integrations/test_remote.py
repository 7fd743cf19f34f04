"""Logs and runs on real servers, each a process of its own on this machine: S3 (moto's) and HTTP."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dermai_report import DermaiError, RunWriter, diagnose, read_run
from dermai_report.cli import report
from dermai_report.remote.store import Store
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
def bucket(s3_port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
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
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
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


def test_a_run_is_written_to_s3_and_read_while_it_grows(bucket: str, tmp_path: Path) -> None:
    with RunWriter(f"{bucket}/own", classes=["a", "b"]) as run:
        for epoch in (1, 2):
            run.log_epoch(val={"loss": 1.0, "accuracy": 0.5}, val_samples=([1.0, 0.9], [0, 1], [0, 1]))
            until(lambda epoch=epoch: len(read_run(f"{bucket}/own/latest").epochs) == epoch)
            assert read_run(run.address).status == "running"
        with pytest.raises(DermaiError, match="still running, written by process"):
            RunWriter.resume(run.address)
        run.log_evaluation("test", labels=[0, 1], predicted=[0, 1])
    far = read_run(run.address)
    assert (far.status, len(far.epochs)) == ("finished", 2) and far.test is not None
    assert not list((tmp_path / "state").rglob("run.json"))
    assert report.main([f"{bucket}/own", "--format", "json", "-o", "index.json"]) == 0
    assert far.id in Path("index.json").read_text()


def test_of_many_that_create_an_object_on_s3_one_succeeds(bucket: str) -> None:
    """The lease rests on this. The conditions are the server's, so threads do as well as machines."""
    store = Store(bucket)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: store.create("writers/0001.json", str(n).encode()), range(8)))
    assert sum(won) == 1 and store.read("writers/0001.json") == str(won.index(True)).encode()


WRITE = """
import sys
from dermai_report import RunWriter
for _ in range(3):
    with RunWriter(sys.argv[1], name="same", classes=["a", "b"]) as run:
        for loss in (1.0, 0.9):
            run.log_epoch(val={"loss": loss}, val_samples=([loss, loss], [0, 1], [0, 1]))
        run.log_evaluation("test", labels=[0, 1], predicted=[0, 1])
"""


def test_processes_that_write_to_s3_at_once_leave_whole_runs(bucket: str) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITE, f"{bucket}/many"]) for _ in range(4)]
    store, pointed = Store(f"{bucket}/many"), set()
    while any(writer.poll() is None for writer in writers):
        latest = (store.read("latest") or b"").decode().strip()
        if latest:
            pointed.add(latest)
            assert json.loads(store.read(f"{latest}/run.json") or b"")["id"] == latest
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    names = {name.partition("/")[0] for name in store.names()} - {"latest"}
    assert len(names) == 12 and len(pointed) > 1
    for name in names:
        run = read_run(f"{bucket}/many/{name}")
        assert (run.status, len(run.epochs), run.id) == ("finished", 2, name) and run.test is not None


def test_a_bucket_that_is_not_there_is_told_before_anything_is_trained(bucket: str, tmp_path: Path) -> None:
    with pytest.raises(DermaiError, match="s3://nobody/runs"):
        RunWriter("s3://nobody/runs", classes=["a"])
    assert not list((tmp_path / "state").rglob("run.json"))


TRAIN = ["--weights", "none", "--model", "mobilenet_v3_small", "--image-size", "32", "--threads", "1", "--data", "digits"]


def test_a_training_killed_goes_on_from_s3_alone(bucket: str, tmp_path: Path) -> None:
    """Nothing is left where it was written: as in a new container."""
    command = [sys.executable, "-m", "dermai_report.cli.train"]
    words = ["--epochs", "4", "--runs", f"{bucket}/own", *TRAIN]
    process = subprocess.Popen([*command, *words], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    store = Store(f"{bucket}/own")
    until(lambda: any(name.endswith("last.ckpt") for name in store.names()))
    process.kill()
    process.wait()
    (name,) = {name.partition("/")[0] for name in store.names()} - {"latest"}
    before = len(read_run(f"{bucket}/own/{name}").epochs)
    shutil.rmtree(tmp_path / "state")
    lease = json.loads(store.read(f"{name}/writers/0001.json") or b"")
    store.put(f"{name}/writers/0001.json", json.dumps({**lease, "until": time.time()}).encode())  # two minutes later
    done = subprocess.run([*command, "--resume", f"{bucket}/own/latest"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{bucket}/own/{name}"
    run = read_run(done.stdout.strip())
    assert 1 <= before < 4 and (run.status, len(run.epochs)) == ("finished", 4) and run.test is not None


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


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
    shutil.make_archive("a", "zip", TRAINED.parent, TRAINED.name)
    for port in serve("http.server", "--bind", "127.0.0.1", "{port}"):
        with pytest.raises(DermaiError, match="range requests"):
            read_run(f"zip://{TRAINED.name}::http://127.0.0.1:{port}/a.zip")


def test_an_archive_on_s3(bucket: str) -> None:
    import s3fs

    shutil.make_archive("a", "zip", TRAINED.parent, TRAINED.name)
    s3fs.S3FileSystem().put("a.zip", "runs/a.zip")
    assert read_run(f"zip://{TRAINED.name}::{bucket}/a.zip").files == read_run(TRAINED).files

"""A run behind an address: there while it is written, whole whoever looks, and never lost; on a real S3 server in tests/integrations."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dermai_report import DermaiError, RunWriter, read_run
from dermai_report.remote import lease
from dermai_report.remote.store import Store
from dermai_report.storage.run_places import reopen
from tests import stores

CLASSES = ["a", "b"]


def log_epochs(run: RunWriter, n: int) -> None:
    for _ in range(n):
        run.log_epoch(val={"loss": 1.0, "accuracy": 0.5}, val_samples=([1.0, 0.9], [0, 1], [0, 1]))


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def copies(tmp_path: Path) -> list[Path]:
    """The run directories that are kept on this machine."""
    return [path.parent for path in (tmp_path / "state").rglob("run.json")]


def test_it_is_readable_as_it_grows_and_whole_at_the_end(runs: str, tmp_path: Path) -> None:
    with RunWriter(runs, name="far", classes=CLASSES) as run:
        assert run.address == f"{runs}/{run.path.name}" and str(run.path).startswith(str(tmp_path / "state"))
        for epoch in (1, 2):
            log_epochs(run, 1)
            (run.path / "model").mkdir(exist_ok=True)
            (run.path / "model" / "best.pth").write_bytes(b"weights" * epoch)
            run.log_checkpoint("best", "model/best.pth", epoch=epoch)
            until(lambda epoch=epoch: len(read_run(run.address).epochs) == epoch)
            assert read_run(f"{runs}/latest").status == "running"
        run.log_evaluation("test", labels=[0, 1], predicted=[0, 1])
        (run.path / "notes.txt").write_text("beside")
        run.changed()
    far = read_run(f"{runs}/latest")
    assert (far.status, len(far.epochs), far.id) == ("finished", 2, run.path.name)
    assert far.test is not None and far.test.accuracy == 1.0 and far.val_epochs is not None
    there = tmp_path / "store" / "runs" / run.path.name
    assert (there / "model" / "best.pth").read_bytes() == b"weights" * 2 and (there / "notes.txt").read_text() == "beside"
    assert copies(tmp_path) == []
    assert not [path for path in (tmp_path / "store").rglob("*") if path.name.startswith(".")]


def test_a_file_that_is_removed_here_is_removed_there(runs: str, tmp_path: Path) -> None:
    with RunWriter(runs, classes=CLASSES) as run:
        (run.path / "member.pth").write_bytes(b"1")
        run.changed()
        there = tmp_path / "store" / "runs" / run.path.name / "member.pth"
        until(there.exists)
        (run.path / "member.pth").unlink()
    assert not there.exists()


def test_what_is_there_stays_when_the_directory_here_is_lost(
    runs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost copy is no run without files: nothing is removed there, and the run is not called finished."""
    monkeypatch.setattr("dermai_report.remote.mirror.PAUSES", ())
    run = RunWriter(runs, classes=CLASSES)
    log_epochs(run, 2)
    until(lambda: len(read_run(run.address).epochs) == 2)
    there = tmp_path / "store" / "runs" / run.path.name
    before = {path.name: path.read_bytes() for path in there.glob("*.json*")}
    shutil.rmtree(run.path)
    with pytest.raises(DermaiError, match="was removed while the run was written"):
        run.finish()
    assert {path.name: path.read_bytes() for path in there.glob("*.json*")} == before


def test_readers_never_see_half_an_object(runs: str) -> None:
    """One process writes a manifest of 200 KB again and again; whoever reads, reads one of its states."""
    with RunWriter(runs, classes=CLASSES) as run:
        over = threading.Event()

        def change() -> None:
            for n in range(25):
                run.update(notes=[str(n)] * 20_000)
            over.set()

        writer = threading.Thread(target=change)
        writer.start()
        store, seen = Store(run.address), set()
        while not over.is_set():
            notes = json.loads(store.read("run.json") or b"")
            seen |= set(notes.get("notes", []))
            assert len(set(notes.get("notes", []))) <= 1
        writer.join()
    assert len(seen) > 1


def test_a_network_that_is_away_for_a_while_costs_nothing(runs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with RunWriter(runs, classes=CLASSES) as run:
        log_epochs(run, 1)
        until(lambda: len(read_run(run.address).epochs) == 1)
        with monkeypatch.context() as away:
            away.setattr(stores.Disk, "put_file", unreachable)
            away.setattr(stores.Disk, "pipe_file", unreachable)
            log_epochs(run, 3)
            until(lambda: run.trouble)
            assert "no route to host" in str(run.trouble) and str(run.path) in str(run.trouble)
        until(lambda: run.trouble is None)  # no further epoch is needed
        assert len(read_run(run.address).epochs) == 4
    assert read_run(run.address).status == "finished"


def unreachable(*args: object, **options: object) -> None:
    raise ConnectionError("no route to host")


def test_what_cannot_be_mirrored_is_named_and_kept(runs: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run = RunWriter(runs, classes=CLASSES)
    log_epochs(run, 1)
    until(lambda: len(read_run(run.address).epochs) == 1)
    with monkeypatch.context() as away:
        away.setattr(stores.Disk, "put_file", unreachable)
        away.setattr(stores.Disk, "pipe_file", unreachable)
        log_epochs(run, 1)
        with pytest.raises(DermaiError, match=r"lacks .*epochs\.jsonl, run\.json: cannot write .*no route to host") as caught:
            run.finish()
    assert str(run.path) in caught.value.hint
    assert copies(tmp_path) == [run.path] and read_run(run.path).status == "finished"
    place = reopen(run.address)  # and what the hint says mends it
    assert place.path == run.path
    RunWriter.resume(place).finish()
    assert len(read_run(run.address).epochs) == 2 and copies(tmp_path) == []


def test_an_error_of_the_training_is_told_before_one_of_the_network(runs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError) as caught, RunWriter(runs, classes=CLASSES):
        monkeypatch.setattr(stores.Disk, "pipe_file", unreachable)
        monkeypatch.setattr(stores.Disk, "put_file", unreachable)
        _ = 1 / 0
    assert "no route to host" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("address", "message"),
    [("nonsense://x", "Protocol not known"), ("disk:///proc/nowhere/runs", "there is nothing at disk:///proc")],
)
def test_a_wrong_address_is_told_before_anything_is_trained(address: str, message: str, runs: str, tmp_path: Path) -> None:
    with pytest.raises(DermaiError, match=message):
        RunWriter(address, classes=CLASSES)
    assert copies(tmp_path) == []


def test_an_address_of_this_file_system_is_a_path(tmp_path: Path) -> None:
    with RunWriter(f"file://{tmp_path}/runs", classes=CLASSES) as run:
        assert run.path.parent == tmp_path / "runs" and run.address == str(run.path)
    assert (tmp_path / "runs" / "latest").resolve() == run.path


KILLED = """
import sys, time
from dermai_report import RunWriter
from tests import stores
stores.register()
run = RunWriter(sys.argv[1], classes=["a", "b"])
print(run.path, flush=True)
for epoch in range(int(sys.argv[2])):
    run.log_epoch(val={"loss": 1.0, "accuracy": 0.5})
time.sleep(1)
print("logged", flush=True)
time.sleep(60)
"""


def killed(runs: str, epochs: int) -> Path:
    """The directory of a run whose process was killed after so many epochs."""
    command = [sys.executable, "-c", KILLED, runs, str(epochs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout
        path = Path(process.stdout.readline().strip())
        assert process.stdout.readline() == "logged\n"
        process.send_signal(signal.SIGKILL)
    return path


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_killed_run_goes_on(elsewhere: bool, runs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here from what the process has left, at once; elsewhere from what was mirrored, when its lease has run out."""
    path = killed(runs, 2)
    address, said = f"{runs}/{path.name}", []
    assert read_run(address).status == "running"  # nobody can tell yet
    if elsewhere:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another" / "state"))
        monkeypatch.setattr(lease.socket, "gethostname", lambda: "another")
        now = time.time
        monkeypatch.setattr(lease.time, "time", lambda: now() + lease.LASTS - 4)
    place = reopen(f"{runs}/latest", said.append)
    assert (place.path == path) is not elsewhere
    assert len(said) == elsewhere
    with RunWriter.resume(place, epochs=1) as run:
        log_epochs(run, 2)
    far = read_run(address)
    assert (far.status, [e.epoch for e in far.epochs]) == ("finished", [1, 2, 3])
    assert "Resumed after epoch 1." in far.notes


def test_what_was_mirrored_goes_on_where_it_is_further(runs: str, tmp_path: Path) -> None:
    path = killed(runs, 3)
    (path / "epochs.jsonl").write_bytes((path / "epochs.jsonl").read_bytes().splitlines(keepends=True)[0])
    with RunWriter.resume(f"{runs}/{path.name}") as run:
        assert run.path != path and len(read_run(run.path).epochs) == 3
    assert copies(tmp_path) == []  # what was left is no longer needed


def test_of_two_that_resume_at_once_the_second_is_told(runs: str, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), RunWriter(runs, classes=CLASSES) as run:
        log_epochs(run, 1)
        raise KeyboardInterrupt
    assert read_run(run.address).status == "interrupted"
    first, second = reopen(run.address), reopen(run.address)
    with RunWriter.resume(first) as going:
        with pytest.raises(DermaiError, match=r"is still running, written by process \d+ on "):
            RunWriter.resume(second)
        assert copies(tmp_path) == [going.path] and read_run(run.address).status == "running"
        log_epochs(going, 1)
    assert len(read_run(run.address).epochs) == 2 and copies(tmp_path) == []


def test_a_pointer_that_leads_elsewhere_is_no_run(runs: str) -> None:
    for name in ("../other", "..", "", "a/b"):
        Store(runs).put("latest", name.encode())
        with pytest.raises(DermaiError, match="no run directory"):
            reopen(f"{runs}/latest")


def test_a_run_that_is_written_is_not_resumed(runs: str) -> None:
    path = killed(runs, 1)
    first = reopen(f"{runs}/{path.name}")
    with pytest.raises(DermaiError, match="is still running, written by process"):
        reopen(f"{runs}/{path.name}")
    with RunWriter.resume(first) as run, pytest.raises(DermaiError, match="is still running, written by process"):
        reopen(run.address)
    with pytest.raises(DermaiError, match="is no run directory"):
        reopen(f"{runs}/nothing")


def test_who_was_not_heard_of_stops_when_another_has_taken_over(runs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as silent:
        silent.setattr(lease, "RENEWED", 3600)
        run = RunWriter(runs, classes=CLASSES)
        silent.setattr(lease, "LASTS", 0.0)
        slow = run._place._lease  # type: ignore[union-attr]
        slow._store.put("writers/0001.json", slow._terms())  # it has run out, and its process lives
        other = RunWriter.resume(run.address)
    slow._renew()
    with pytest.raises(DermaiError, match="is written by process") as caught:
        log_epochs(run, 1)
    assert str(run.path) in caught.value.hint
    with pytest.raises(DermaiError, match="is written by process"):
        run.finish()
    log_epochs(other, 1)
    other.finish()
    assert len(read_run(run.address).epochs) == 1


def test_writers_at_once_leave_whole_runs_and_latest_is_always_one(runs: str) -> None:
    from tests.storage.test_run_places import WRITE

    code = f"from tests import stores\nstores.register()\n{WRITE}"
    command = [sys.executable, "-c", code, runs, "3"]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) for _ in range(3)]
    store, pointed = Store(runs), set()
    while any(writer.poll() is None for writer in writers):
        latest = store.read("latest")
        if latest is not None:
            pointed.add(latest)
            assert json.loads(store.read(f"{latest.decode().strip()}/run.json") or b"")["id"] == latest.decode().strip()
    for writer in writers:
        _, told = writer.communicate()
        assert writer.returncode == 0, told
    found = {name.partition("/")[0] for name in store.names()} - {"latest"}
    assert len(found) == 9 and len(pointed) > 1
    for name in found:
        run = read_run(f"{runs}/{name}")
        assert (run.status, len(run.epochs), run.id) == ("finished", 2, name) and run.test is not None

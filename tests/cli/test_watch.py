"""--watch, driven by a run that moves between two looks."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dermai_report import RunWriter, read_run
from dermai_report.cli import watch
from dermai_report.cli.report import main
from tests import stores

Captured = pytest.CaptureFixture[str]
REFRESH = '<meta http-equiv="refresh" content="5">'


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunWriter]:
    monkeypatch.chdir(tmp_path)
    with RunWriter("runs", name="live", classes=["a", "b"]) as writer:
        writer.log_epoch(train={"loss": 1.0}, val={"loss": 1.0, "accuracy": 0.5})
        yield writer


def between_looks(monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], object]) -> None:
    """Instead of waiting, do the next step; after the last one the run must have ended."""
    left = iter(steps)

    def sleep(seconds: float) -> None:
        next(left)()

    monkeypatch.setattr(watch, "sleep", sleep)


def page() -> str:
    (found,) = Path("report").glob("*/report.html")
    return found.read_text(encoding="utf-8")


def interrupt() -> None:
    raise KeyboardInterrupt


def test_it_renders_again_as_epochs_arrive_and_ends_with_the_run(
    run: RunWriter, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    pages: list[str] = []

    def epoch() -> None:
        pages.append(page())
        run.log_epoch(train={"loss": 0.9}, val={"loss": 0.9, "accuracy": 0.6})

    def finish() -> None:
        pages.append(page())
        run.__exit__(None, None, None)

    between_looks(monkeypatch, epoch, finish)
    assert main(["runs/latest", "--watch", "--format", "html"]) == 0
    assert all(REFRESH in text for text in pages) and "still running" in pages[0]
    assert "<span>1 epoch</span>" in pages[0] and "<span>2 epochs</span>" in pages[1]
    assert "http-equiv" not in page() and "<span>finished</span>" in page()
    said = capsys.readouterr()
    assert said.out.count("report.html") == 1
    assert said.err.splitlines() == ["running, epoch 1", "running, epoch 2", "finished, epoch 2"]


def test_nothing_is_rendered_while_nothing_moves(run: RunWriter, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    between_looks(monkeypatch, *[lambda: None] * 3, interrupt)
    assert main(["runs/latest", "--watch"]) == 0
    assert capsys.readouterr().err.count("running, epoch 1") == 1


def test_a_run_that_is_killed_ends_it(run: RunWriter, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    between_looks(monkeypatch, run._log.close)  # what the kernel does for kill -9: the lock is free
    assert main(["runs/latest", "--watch", "--format", "html"]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == "interrupted, epoch 1"
    assert "http-equiv" not in page()


def test_ctrl_c_takes_the_refresh_away(run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    between_looks(monkeypatch, lambda: None, interrupt)
    assert main(["runs/latest", "--watch", "--format", "html"]) == 0
    assert "http-equiv" not in page() and "still running" in page()


def test_a_half_written_file_is_waited_for(run: RunWriter, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    manifest = run.path / "run.json"
    whole = manifest.read_text()

    def mend() -> None:
        manifest.write_text(whole)

    between_looks(monkeypatch, lambda: manifest.write_text(whole[:50]), lambda: None, mend, interrupt)
    assert main(["runs/latest", "--watch", "--format", "html"]) == 0
    assert capsys.readouterr().err.count("not readable yet") == 2
    assert "still running" in page()


def test_one_that_stays_broken_is_an_error(run: RunWriter, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    (run.path / "run.json").write_text("{")
    between_looks(monkeypatch, *[lambda: None] * 10)
    assert main(["runs/latest", "--watch"]) == 2
    said = capsys.readouterr()
    assert said.err.count("not readable yet") == watch.PATIENCE - 1 and "error: " in said.err
    run.path.joinpath("run.json").unlink()


def test_a_wrong_path_is_an_error_at_once(run: RunWriter, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    between_looks(monkeypatch)
    assert main(["runs/nowhere", "--watch"]) == 2
    assert "there is nothing at runs/nowhere" in capsys.readouterr().err


def test_a_new_run_does_not_turn_it_away(run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    def another() -> None:
        with RunWriter("runs", name="another", classes=["a", "b"]) as other:
            other.log_epoch(train={"loss": 1.0}, val={"loss": 1.0})

    between_looks(monkeypatch, another, interrupt)
    assert main(["runs/latest", "--watch", "--format", "html"]) == 0
    assert "live" in page()


@pytest.mark.parametrize("more", [["-o", "-", "-f", "html"], ["runs/other"]])
def test_what_cannot_be_watched_says_so(run: RunWriter, capsys: Captured, more: list[str]) -> None:
    assert main(["runs/latest", *more, "--watch"]) == 2
    assert "--watch" in capsys.readouterr().err


def test_a_run_behind_an_address_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    stores.register()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    runs = f"disk://{tmp_path}/store/runs"
    run = RunWriter(runs, name="far", classes=["a", "b"])

    def epoch() -> None:
        run.log_epoch(val={"loss": 0.9, "accuracy": 0.6})
        end = time.monotonic() + 20
        while not read_run(run.address).epochs and time.monotonic() < end:
            time.sleep(0.01)

    between_looks(monkeypatch, lambda: None, epoch, lambda: None, run.finish)
    assert main([f"{runs}/latest", "--watch"]) == 0
    assert capsys.readouterr().err.splitlines() == ["running, epoch 0", "running, epoch 1", "finished, epoch 1"]

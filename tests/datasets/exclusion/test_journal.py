"""Killed at every step, torn at every byte, refused by the system: finished or undone, and nothing lost."""

from __future__ import annotations

import errno
import io
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dermai_report.cli.data import main
from dermai_report.datasets.exclusion import journal, plan
from dermai_report.errors import DermaiError

from . import trees

CALLS = ("mkdir", "rename", "utime", "fsync", "unlink", "rmdir")


def dies_at(step: int, action: Callable[[], None]) -> bool:
    """Do it in a process that is killed before its call number `step` that changes the disk; whether it came that far."""
    child = os.fork()
    if child == 0:
        left = [step]

        def counted(call: Callable[..., Any]) -> Callable[..., Any]:
            def wrapped(*args: Any, **options: Any) -> Any:
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1
                return call(*args, **options)

            return wrapped

        for name in CALLS:
            setattr(os, name, counted(getattr(os, name)))
        io.open = counted(io.open)  # type: ignore[assignment]
        try:
            action()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def copy(before: Path, to: Path) -> Path:
    shutil.copytree(before, to, symlinks=True)
    status = before.stat()
    os.utime(to, ns=(status.st_atime_ns, status.st_mtime_ns))
    return to


@pytest.mark.parametrize("action", ["exclude", "restore"])
def test_killed_before_every_step(action: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = trees.make(tmp_path / "before")
    if action == "restore":
        trees.exclude(before, "rash")
    change = trees.exclude if action == "exclude" else trees.restore
    after = copy(before, tmp_path / "after")
    change(after, "rash")
    ends = [trees.of_data(trees.picture(root)) for root in (before, after)]
    assert ends[0] != ends[1]
    files = sorted(content for kind, content, _ in ends[0].values() if kind == "file")
    time = before.stat().st_mtime_ns
    step, reached, times_lost = 0, set(), 0
    while True:
        root = copy(before, tmp_path / str(step))
        killed = dies_at(step, lambda root=root: change(root, "rash"))  # type: ignore[misc]
        cut = trees.of_data(trees.picture(root))
        assert sorted(content for kind, content, _ in cut.values() if kind == "file") == files, (
            f"lost or doubled at step {step}"
        )
        assert main(["list", "--data", str(root)]) == 0
        capsys.readouterr()
        result = trees.picture(root)
        reached.add(ends.index(trees.of_data(result)))
        assert not journal.is_pending(root)
        times_lost += result[b"."][2] != time
        if not killed:
            break
        step += 1
    assert step > 15
    assert reached == {0, 1}
    assert times_lost <= 1  # killed after .excluded is made (or removed), before DIR's own time is set back: nothing knows it


def test_a_torn_journal_is_one_before_anything_moved(tmp_path: Path) -> None:
    before = trees.make(tmp_path / "before")
    records = plan.exclude(before, ["rash"])
    journal._write(before, journal.Journal("exclude", tuple(records), {".": before.stat().st_mtime_ns}))
    whole = (before / ".excluded" / journal.NAME).read_bytes()
    for length in range(0, len(whole), 29):
        root = trees.make(tmp_path / str(length))
        (root / ".excluded").mkdir()
        (root / ".excluded" / journal.NAME).write_bytes(whole[:length])
        expected = trees.of_data(trees.picture(root))
        assert "nothing is changed" in (journal.recover(root) or "")
        assert not (root / ".excluded").exists()
        assert trees.of_data(trees.picture(root)) == expected


@pytest.mark.parametrize("action", ["exclude", "restore"])
@pytest.mark.parametrize("refused", [0, 1])
def test_what_the_system_refuses_leaves_everything_as_it_was(
    action: str, refused: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = trees.make(tmp_path / "data")
    if action == "restore":
        trees.exclude(root, "rash")
    before = trees.picture(root)
    rename, calls = os.rename, [0]

    def refuse(source: Path, target: Path) -> None:
        calls[0] += 1
        if calls[0] == refused + 1:
            raise OSError(errno.EXDEV, "Invalid cross-device link", str(source))
        rename(source, target)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(DermaiError, match="nothing is changed") as caught:
        (trees.exclude if action == "exclude" else trees.restore)(root, "rash")
    assert "Invalid cross-device link" in str(caught.value)
    assert trees.of_data(trees.picture(root)) == trees.of_data(before)
    assert trees.picture(root)[b"."] == before[b"."]
    assert not journal.is_pending(root)


def cut_short(root: Path, step: str) -> None:
    """An exclusion of rash that was killed after the folder of train had moved."""
    rename, left = os.rename, [1]

    def act() -> None:
        def dying(source: Path, target: Path) -> None:
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            rename(source, target)

        os.rename = dying  # type: ignore[assignment]
        (trees.exclude if step == "exclude" else trees.restore)(root, "rash")

    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_a_folder_made_anew_meanwhile_is_left_alone(tmp_path: Path) -> None:
    root = trees.make(tmp_path / "data")
    cut_short(root, "exclude")
    (root / "train" / "rash").mkdir()
    (root / "train" / "rash" / "mine").touch()
    assert "is finished" in (journal.recover(root) or "")
    assert (root / "train" / "rash" / "mine").exists()
    assert (root / ".excluded" / "rash" / "train" / "1.png").exists()
    assert not (root / "val" / "rash").exists()


def test_a_restore_that_finds_its_place_taken_is_undone(tmp_path: Path) -> None:
    root = trees.make(tmp_path / "data")
    trees.exclude(root, "rash")
    cut_short(root, "restore")
    (root / "val" / "rash").mkdir()
    assert "is undone" in (journal.recover(root) or "")
    assert (root / ".excluded" / "rash" / "train" / "1.png").exists()
    assert (root / ".excluded" / "rash" / "val" / "1.png").exists()
    assert list((root / "val" / "rash").iterdir()) == []


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    root = trees.make(tmp_path / "data")
    cut_short(root, "exclude")
    (root / "val" / "rash").rename(tmp_path / "taken")
    with pytest.raises(DermaiError, match=r"neither .*val/rash nor .*rash/val is there"):
        journal.recover(root)
    (tmp_path / "taken").rename(root / "val" / "rash")
    assert "is finished" in (journal.recover(root) or "")


@pytest.mark.parametrize("text", ["\n", "{}\n", "[]\n", '{"action": "copy", "records": [], "times": {".": 1}}\n', "\xff\n"])
def test_a_journal_of_something_else_is_left_alone(tmp_path: Path, text: str) -> None:
    root = trees.make(tmp_path / "data")
    (root / ".excluded").mkdir()
    (root / ".excluded" / journal.NAME).write_text(text, encoding="latin-1")
    before = trees.picture(root)
    with pytest.raises(DermaiError, match="is no journal of dermai-data"):
        journal.recover(root)
    assert trees.picture(root) == before

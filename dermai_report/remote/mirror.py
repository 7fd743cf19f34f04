"""A run that is written on this machine and mirrored to an address meanwhile: readable there as it grows, and never half-written.

Uploads run beside the training and never hold it up: what is slower than an epoch is taken at the next state of the run. The network may
be away for hours; what was missed is caught up, at last when the run is closed. The copy here goes once all of it is there.
"""

from __future__ import annotations

import contextlib
import datetime
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from dermai_report.errors import DermaiError
from dermai_report.files import writing_to
from dermai_report.remote import lease
from dermai_report.remote.staging import Staging, left, lives, progress, remove_left
from dermai_report.remote.store import Store
from dermai_report.storage.run_files import EPOCHS, LATEST, MANIFEST, Manifest, no_run, read_manifest

MODELS = "model/"
PAUSES = (1.0, 5.0, 25.0)  # seconds, before each further attempt of the last upload

State = tuple[int, int, int] | None


class Mirror:
    """The place of a run behind an address: `path` is the directory that the run is written to, `address` what it is mirrored to.

    Its writer calls the same as of a `run_places.Folder`.
    """

    def __init__(self, root: Store, path: Path, staging: Staging, seen: int | None, known: Mapping[str, State]) -> None:
        """seen: the last lease of a run that goes on, None for a new one; known: of what is there already, which local state that is."""
        self._root, self._store = root, root.below(path.name)
        self.path, self.address = path, str(self._store)
        self.trouble: str | None = None
        self._staging, self._seen, self._known = staging, seen, dict(known)
        self._has_more = None in self._known.values()  # than what is there, or may have
        self._lease = lease.Lease(self._store, path)
        self._changed, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True, name="mirror")

    def opened(self) -> None:
        """Claim the run and upload what there is: what is wrong with the address is said before anything is trained."""
        try:
            self._lease.claim((self._seen or 0) + 1)
            self._upload()
            if self._seen is None:
                self._root.put(LATEST, f"{self.path.name}\n".encode())
        except DermaiError:
            self._lease.give_back()
            self.abandoned()
            raise
        self._thread.start()

    def changed(self) -> None:
        """Upload what is new, soon. Raises DermaiError where another process has taken the run over."""
        self._lease.check()
        self._changed.set()

    def closed(self) -> None:
        """Upload the rest. Raises DermaiError where that cannot be done, with what is missing and where the whole run is."""
        self._over.set()
        self._changed.set()
        self._thread.join()
        try:
            for pause in (*PAUSES, None):
                self._lease.check()
                try:
                    self._upload()
                    break
                except DermaiError as error:
                    if pause is None:
                        raise self._not_mirrored(error) from None
                time.sleep(pause)
        except DermaiError:
            self._lease.give_back()
            self._staging.let_go(remove=False)
            raise
        self._lease.give_back()
        remove_left(self._root.address, self.path.name, self.path)
        self._staging.let_go(remove=True)

    def abandoned(self) -> None:
        """Nothing goes on here: leave what a killed process has left to the next one."""
        self._staging.let_go(remove=not self._has_more)

    def _follow(self) -> None:
        while not self._over.is_set():
            self._changed.wait(None if self.trouble is None else lease.RENEWED)
            self._changed.clear()
            if self._over.is_set() or self._lease.lost:
                return
            try:
                self._upload()
                self.trouble = None
            except DermaiError as error:
                now = datetime.datetime.now(datetime.UTC)
                told = f"not mirrored since {now:%H:%M:%S} UTC, tried again: {error.message}; all of it is in {self.path}"
                self.trouble = self.trouble or told

    def _upload(self) -> None:
        """Upload what has changed, and remove what is no longer part of the run."""
        with writing_to(self._staging.folder), tempfile.TemporaryDirectory(dir=self._staging.folder) as folder:
            states = _states(self.path)
            if EPOCHS not in states:  # the writer holds it open, so it is there as long as the directory is
                raise self._vanished()
            pinned = _pinned(self.path, {n: s for n, s in states.items() if self._known.get(n) != s}, Path(folder))
            for name in [name for name in self._known if name not in states]:
                self._store.remove(name)
                del self._known[name]
            for name, file in pinned.items():
                self._lease.check()
                self._store.put(name, file)
                self._known[name] = states[name]

    def _vanished(self) -> DermaiError:
        return DermaiError(
            f"{self.path} was removed while the run was written",
            f"what was mirrored before stays at {self.address}; dermai-train --resume {self.address} goes on from it",
        )

    def _not_mirrored(self, error: DermaiError) -> DermaiError:
        states = _states(self.path)
        if EPOCHS not in states:
            return self._vanished()
        missing = [name for name, state in states.items() if self._known.get(name) != state]
        named = f"{', '.join(missing[:5])}{f' and {len(missing) - 5} more' if len(missing) > 5 else ''}"
        return DermaiError(
            f"{self.address} lacks {named}: {error.message}",
            f"the whole run is in {self.path}: copy that folder there, or let dermai-train --resume {self.address} do it from this machine",
        )


def begin(root: str, make: Callable[[Path], Path]) -> Mirror:
    """The place of a new run. make: makes its directory below the folder that it is given."""
    store, staging = Store(root), Staging(root)
    return Mirror(store, make(staging.folder), staging, None, {})


def reopen(address: str, say: Callable[[str], None]) -> Mirror:
    """The place of a run that ended early: what a killed process has left here, or a copy of what is there if that is further.

    Waits for the lease of a process on another machine to run out, and tells `say` so. Raises DermaiError where the run is still
    written, or there is none.
    """
    root, name = named(address)
    store = Store(root).below(name)
    seen = lease.last_number(store, lambda terms: lives(Path(terms.copy)) if terms.is_here else None, say)
    names = [n for n in store.names() if not n.startswith(f"{lease.FOLDER}/")]
    if MANIFEST not in names:
        raise no_run(store)
    staging = Staging(root)
    path = staging.folder / name
    try:
        for small in {MANIFEST, EPOCHS}.intersection(names):
            store.fetch(small, path / small)
        for copy in sorted(left(root, name), key=progress, reverse=True):
            if copy != path and progress(copy) >= progress(path) and (taken := Staging.taken_over(copy)):
                staging.let_go(remove=True)
                return Mirror(Store(root), copy, taken, seen, dict.fromkeys(names))
        for other in names:
            store.fetch(other, path / other)
    except BaseException:
        staging.let_go(remove=True)
        raise
    return Mirror(Store(root), path, staging, seen, _states(path))


def manifest_of(address: str) -> Manifest:
    """What run.json of the run at an address says, if only it. Raises DermaiError where there is no run."""
    root, name = named(address)
    store = Store(root).below(name)
    content = store.read(MANIFEST)
    if content is None:
        raise no_run(store)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / MANIFEST).write_bytes(content)
        try:
            return read_manifest(Path(folder))
        except DermaiError as error:
            raise DermaiError(error.message.replace(folder, str(store)), error.hint) from None


def named(address: str) -> tuple[str, str]:
    """The folder of runs and the name of the run at an address; of `latest`, that which it names. Raises DermaiError where it is none."""
    root, _, name = address.rstrip("/").rpartition("/")
    if name == LATEST:
        name = (Store(root).read(LATEST) or b"").decode("utf-8", "replace").strip()
    if "/" in name or not name.strip("."):
        raise no_run(address)
    return root, name


def _states(run: Path) -> dict[str, State]:
    """What tells a file from what it was before, by name, in the order in which they are uploaded.

    A reader finds what a line of the log tells of; and who resumes finds the epochs that a checkpoint holds in the log. The
    manifest is the last: it says when all is there.
    """
    found: dict[str, State] = {}
    for path in run.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # replaced or removed at this moment
            if path.is_file() and not path.name.startswith("."):
                status = path.stat()
                found[path.relative_to(run).as_posix()] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return dict(sorted(found.items(), key=_order))


def _order(item: tuple[str, State]) -> tuple[int, int]:
    name, state = item
    turn = 3 if name == MANIFEST else 2 if name.startswith(MODELS) else 1 if name == EPOCHS else 0
    return turn, state[0] if state else 0


def _pinned(run: Path, states: Mapping[str, State], folder: Path) -> dict[str, bytes | Path]:
    """The content of these files as it is now, whatever replaces them during the upload: links in `folder`, and of the log its whole lines.

    From the last to the first in the order of upload, so that what is uploaded earlier is at least as new.
    """
    pinned: dict[str, bytes | Path] = {}
    for number, name in enumerate(reversed(list(states))):
        if name == EPOCHS:
            content = (run / name).read_bytes()
            pinned[name] = content[: content.rfind(b"\n") + 1]
            continue
        place = folder / str(number)
        try:
            place.hardlink_to(run / name)
        except FileNotFoundError:  # removed since
            continue
        except OSError:  # no links on this file system
            shutil.copyfile(run / name, place)
        pinned[name] = place
    return dict(reversed(pinned.items()))

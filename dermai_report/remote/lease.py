"""Who writes a run behind an address. An object store has no locks that end with a process, so there is a lease that runs out.

A lease is an object of the run, writers/0001.json and so on, that its holder renews. Who wants to write when it has run out creates
the next number, which one process alone can do; the holder before, should it still live, sees the number above its own and stops. Numbers
only grow, so a run that has changed since it was copied is noticed. Clocks must agree to well within LASTS.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from dermai_report.errors import DermaiError
from dermai_report.remote.store import Store

FOLDER = "writers"
NAME = re.compile(rf"{FOLDER}/(\d+)\.json")
LASTS = 120.0  # seconds
RENEWED = 30.0  # seconds between two renewals: three may fail


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a lease. until: seconds since 1970, UTC, 0 when it was given back; copy: where its holder writes the run first."""

    host: str
    pid: int
    copy: str
    until: float

    @property
    def is_live(self) -> bool:
        """Whether it has not run out."""
        return self.until > time.time()

    @property
    def is_here(self) -> bool:
        """Whether its holder is on this machine."""
        return self.host == socket.gethostname()

    def __str__(self) -> str:
        """Who holds it until when."""
        end = datetime.datetime.fromtimestamp(self.until, datetime.UTC)
        return f"process {self.pid} on {self.host} (its lease runs until {end:%H:%M:%S} UTC unless it renews it)"


def is_live(content: bytes) -> bool:
    """Whether the lease with that content has not run out."""
    try:
        return msgspec.json.decode(content, type=Terms).is_live
    except msgspec.DecodeError:
        return False


def is_leased(run: Path) -> bool:
    """Whether the copy of a run, as it was fetched, says that somebody writes the run."""
    files = sorted((run / FOLDER).glob("[0-9]*.json"))
    return bool(files) and is_live(files[-1].read_bytes())


class Lease:
    """The right to write the run in `store`, from `claim` to `give_back`."""

    def __init__(self, store: Store, copy: Path) -> None:
        """store: the run's folder; copy: where this process writes it first."""
        self._store, self._copy = store, copy
        self._number = 0  # none yet
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True, name="lease")
        self.lost: str | None = None  # who has taken over

    def claim(self, number: int) -> None:
        """Take the lease of that number, the one after the last that was seen. Raises DermaiError where somebody else has it."""
        terms = self._terms()
        if not self._store.create(_name(number), terms):
            found = self._store.read(_name(number))
            if found != terms:  # the same: created, but the answer was lost and the client has tried again
                raise _still_written(self._store, _read(self._store, number))
        self._number = number
        self._thread.start()

    def check(self) -> None:
        """Raise DermaiError where another process has taken over."""
        if self.lost:
            raise DermaiError(
                f"{self._store} is written by {self.lost}, which took it over while this process was not heard of",
                f"this process has stopped; what it did since is in {self._copy}",
            )

    def give_back(self) -> None:
        """Let the next one have it at once, if it was claimed."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._number and not self.lost:
            with contextlib.suppress(DermaiError):  # the network: then it runs out
                self._store.put(_name(self._number), self._terms(until=0.0))

    def _keep(self) -> None:
        while not self._over.wait(RENEWED):
            try:
                self._renew()
            except DermaiError:  # the network: it is renewed when that is back, or runs out
                continue

    def _renew(self) -> None:
        later = _read(self._store, self._number + 1)
        if later:
            self.lost = str(later)
            self._over.set()
        else:
            self._store.put(_name(self._number), self._terms())

    def _terms(self, until: float | None = None) -> bytes:
        end = time.time() + LASTS if until is None else until
        return msgspec.json.encode(Terms(host=socket.gethostname(), pid=os.getpid(), copy=str(self._copy), until=end))


def last_number(store: Store, lives: Callable[[Terms], bool | None], say: Callable[[str], None]) -> int:
    """The number of the run's last lease, 0 where there is none, once its holder has ended, or it has run out, for which this waits.

    lives: whether a holder is known to live, or to have ended; None where that cannot be told. say: is told what is waited for. Raises
    DermaiError where the run is still written.
    """
    number = max((int(found[1]) for name in store.names() if (found := NAME.fullmatch(name))), default=0)
    first = terms = _read(store, number) if number else None
    waited = False
    while terms and terms.is_live:
        living = lives(terms)
        if living or terms != first:  # renewed
            raise _still_written(store, terms)
        if living is False:
            break
        if not waited:
            say(f"{store} may still be written by {terms}: waiting")
            waited = True
        time.sleep(min(5.0, max(0.1, terms.until - time.time())))
        terms = _read(store, number)
    return number


def _still_written(store: Store, terms: Terms | None) -> DermaiError:
    return DermaiError(f"{store} is still running, written by {terms or 'another process'}", "wait for it, or stop it")


def _read(store: Store, number: int) -> Terms | None:
    content = store.read(_name(number))
    try:
        return None if content is None else msgspec.json.decode(content, type=Terms)
    except msgspec.DecodeError as error:
        raise DermaiError(f"{store}/{_name(number)}: {error}", "remove it if nobody writes the run") from None


def _name(number: int) -> str:
    return f"{FOLDER}/{number:04d}.json"

"""Where the numbers come from: files and digests, versions, seed, data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from dermai_report import wording
from dermai_report.report import Fact
from dermai_report.run import Run


def provenance(run: Run) -> list[Fact]:
    """What a reader needs to find or repeat the run; what was not logged is left out (the notes say so)."""
    return list(_facts(run))


def _facts(run: Run) -> Iterator[Fact]:
    yield Fact("Run", run.id)
    yield Fact("Read from", f"{run.path} ({run.source})")
    yield Fact("Status", run.status)
    if run.started:
        yield Fact("Started", run.started)
    seconds = [e.seconds for e in run.epochs if e.seconds]
    if seconds:
        yield Fact("Training time", f"{wording.duration(sum(seconds))} in {wording.plural(len(seconds), 'epoch')}")
    if run.seed is not None:
        yield Fact("Seed", str(run.seed))
    if run.parent is not None:
        yield Fact("Made from", f"{run.parent.id}, with {', '.join(run.parent.actions) or 'no action'}")
    if run.git.get("revision"):
        yield Fact("Code", f"{run.git['revision']}{' with uncommitted changes' if run.git.get('dirty') else ''}")
    yield from _data(run)
    for role, saved in run.checkpoints.items():
        digest = f", sha256 {saved.sha256}" if saved.sha256 else ""
        yield Fact(f"Checkpoint, {role}", f"{saved.file}, epoch {saved.epoch}{digest}")
    yield from (Fact(name, str(value), "Configuration") for name, value in run.config.items())
    yield from (Fact(name, str(value), "Environment") for name, value in run.environment.items())
    yield from _files(run)


def _files(run: Run) -> Iterator[Fact]:
    """Each file with its digest; the many of a folder such as predictions/val_epochs together, with the digest of their digests."""
    folders: dict[str, list[str]] = {}
    for name, digest in run.files.items():
        if name.count("/") > 1:
            folders.setdefault(name.rpartition("/")[0], []).append(digest)
        else:
            yield Fact(f"File {name}", f"sha256 {digest}")
    for folder, digests in folders.items():
        together = hashlib.sha256("\n".join(digests).encode()).hexdigest()
        yield Fact(f"Folder {folder}", f"{wording.plural(len(digests), 'file')}, sha256 of their sha256 {together}")


def _data(run: Run) -> Iterator[Fact]:
    data = run.data
    for split, counts in data.counts.items():
        yield Fact(f"Images, {split}", f"{sum(counts.values()):,}")
    if data.counts and not data.excluded:
        yield Fact("Excluded classes", "none")
    for name, splits in data.excluded.items():
        how = f"; {data.restore[name]} brings it back" if name in data.restore else ""
        yield Fact(f"Excluded class {name}", wording.plural(sum(splits.values()), "image") + how)
    if data.unreadable:
        names = wording.listed(data.unreadable, 3)
        yield Fact("Left out, unreadable", f"{wording.plural(len(data.unreadable), 'image')}: {names}")
    if data.source:
        yield Fact("Data", data.source)
    if data.fingerprint:
        yield Fact("Data fingerprint", data.fingerprint)

"""A Run, read from any log, as a run directory of this project's own format."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from dermai_report.errors import DermaiError
from dermai_report.files import flush_folder, write_atomically, writing_to
from dermai_report.run import FORMAT, Run
from dermai_report.storage import prediction_files, val_epoch_files
from dermai_report.storage.epoch_line import epoch_line
from dermai_report.storage.run_files import EPOCHS, MANIFEST, TEST, Manifest, make_manifest, pretty


def write_run(run: Run, place: str | Path) -> Path:
    """Write the run as the directory `place`, whole or not at all, and return the path.

    What was not logged stays absent, and a note says where the run was read. Models are not copied. Raises DermaiError where there
    is something at `place` already, it cannot be written, or a value does not fit the format.
    """
    place = Path(place)
    with writing_to(place):
        if place.is_file() or (place.is_dir() and any(place.iterdir())):
            raise DermaiError(f"there is something at {place} already", "name a directory that does not exist yet")
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
        try:
            _write(run, temporary)
            temporary.chmod(0o755)
            temporary.replace(place)
            flush_folder(place.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return place


def _write(run: Run, folder: Path) -> None:
    facts = {name: getattr(run, name) for name in Manifest.__struct_fields__ if hasattr(run, name)}
    facts["format"] = FORMAT
    facts["status"] = "unknown" if run.status == "running" else run.status  # a copy does not run on
    facts["notes"] = [*run.notes, f"Written from {run.path}, read as {run.source}."]
    manifest = make_manifest(**facts)
    write_atomically(folder / MANIFEST, pretty(manifest))
    lines = [
        epoch_line(e.epoch, train=e.train, val=e.val, lr=e.lr or None, seconds=e.seconds, phase=e.phase, extra=e.extra)
        for e in run.epochs
    ]
    write_atomically(folder / EPOCHS, b"".join(lines))
    if run.test is not None:
        write_atomically(folder / TEST, pretty(run.test))
    for split, outcome in run.predictions.items():
        prediction_files.write(folder, split, outcome, run.classes)
    if run.val_epochs is not None:
        samples = run.val_epochs
        for epoch, loss, predicted in zip(samples.epochs, samples.loss, samples.predicted, strict=True):
            val_epoch_files.write(folder, epoch, *val_epoch_files.check((loss, predicted, samples.label), len(run.classes)))

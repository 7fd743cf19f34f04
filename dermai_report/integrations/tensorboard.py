"""TensorBoard: the curves of any run, written by TensorBoard's own writer.

write_events(read_run("runs/latest"), "logs/latest")
"""

from __future__ import annotations

from pathlib import Path

from dermai_report.errors import DermaiError
from dermai_report.files import writing_to
from dermai_report.integrations._frameworks import needs
from dermai_report.integrations._scalars import scalars
from dermai_report.run import Run

with needs("tensorboard", "tensorboard"):
    from tensorboard.summary import Writer


def write_events(run: Run, folder: str | Path) -> Path:
    """Write train/loss, val/accuracy, lr, … with the epoch as their step, and return the folder; numbers are float32 there.

    Raises DermaiError where the folder has events already: TensorBoard would draw both as one run.
    """
    place = Path(folder)
    with writing_to(place):
        if any(place.glob("*tfevents*")):
            raise DermaiError(f"{place} has TensorBoard events already", "name a folder of its own for each run")
        writer = Writer(str(place))
        try:
            for name, epoch, value in scalars(run):
                writer.add_scalar(name, value, epoch)
        finally:
            writer.close()
    return place

"""results.csv of Ultralytics' classification (v8 and later) and of YOLOv5's, with `args.yaml` or `opt.yaml` beside it.

Names may be padded with blanks. `metrics/accuracy_top1` is of validation, and so is YOLOv5's `test/loss`, where the data set has
a test folder. Epochs count from 0 in YOLOv5 and up to 8.0.150, from 1 later; `time` runs on from the start.
"""

from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._columns import Meaning
from dermai_report.sources._csv import csv_table, dialect_of
from dermai_report.sources._log import NO, SURE, Log

FILE = "results.csv"
KNOWN = {
    "metrics/accuracy_top1": Meaning("metric", "val", "accuracy"),
    "metrics/accuracy_top5": Meaning("metric", "val", "top5_accuracy"),
    "test/loss": Meaning("metric", "val", "loss"),
    "time": Meaning("seconds", metric="cumulative"),
}


def recognises(log: Log) -> int:
    """Its column names, of classification or of another task (which is refused)."""
    dialect = dialect_of(log.inside(FILE))
    names = set(dialect.names) if dialect else set()
    return (
        SURE
        if "epoch" in names and any(n.startswith("metrics/") for n in names) and any("/" in n for n in names - KNOWN.keys())
        else NO
    )


def read(log: Log) -> Run:
    """Read it; raises DermaiError where it is the log of a detection or another task."""
    file = log.inside(FILE)
    config = file.beside("args.yaml") or file.beside("opt.yaml")
    return assemble(file, [csv_table(file)], source="ultralytics_csv", known=KNOWN, config=config)

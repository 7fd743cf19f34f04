"""Logs of other people with their truth: each is read right, or refused where it is not the log of a classifier's epochs.

    python benchmarks/sources/samples.py FOLDER

FOLDER holds INDEX.csv (format, file, n_epochs, acc_unit, best_epoch_by_val_loss, best_val_loss, best_epoch_by_val_acc,
best_val_acc, notes) and the logs that it names. Prints a line a log; exit status 1 where one is wrong. Values agree to 1e-6; an epoch is
the first of those with the best value. Where only an F1 score was logged it stands for the accuracy.
"""

import csv
import math
import re
import sys
from pathlib import Path

from dermai_report import DermaiError, read_run
from dermai_report.run import Run

REFUSED = {"detectron2_json": "not of an image classifier", "mmcv_log_json": "not of an image classifier"}
TOLERANCE = 1e-6
Best = tuple[int, float] | None


def best(run: Run, metric: str, sign: int) -> Best:
    """The first epoch with the best validation value, and the value."""
    values = [(sign * v, e.epoch, v) for e in run.epochs if (v := e.metric("val", metric)) is not None and math.isfinite(v)]
    return min(values)[1:] if values else None


def wanted(row: dict[str, str], epoch: str, value: str, scale: float) -> Best:
    return (int(row[epoch]), float(row[value]) / scale) if row[value] else None


def same(a: Best, b: Best) -> bool:
    return a == b if a is None or b is None else a[0] == b[0] and abs(a[1] - b[1]) < TOLERANCE


def judge(row: dict[str, str], file: Path) -> tuple[str, str]:
    """A verdict and what was seen."""
    try:
        chosen = re.search(r"truth is for run (\w+)", row["notes"])
        run = read_run(file, run=chosen[1] if chosen else None)
    except DermaiError as error:
        expected = REFUSED.get(row["format"]) or ("steps" if not row["n_epochs"] else None)
        return ("refused" if expected and expected in str(error) else "WRONG"), error.message[:110]
    by_loss = best(run, "loss", 1)
    by_accuracy = best(run, "accuracy", -1) or best(run, "f1", -1)
    seen = f"{run.source}: {len(run.epochs)} epochs, loss {by_loss}, accuracy {by_accuracy}"
    if not run.epochs and not row["best_val_loss"] + row["best_val_acc"] and any("test alone" in note for note in run.notes):
        return "told", f"{run.source}: a test alone ({run.test})"
    scale = 100 if row["acc_unit"].startswith("percent") else 1
    right = (
        same(by_loss, wanted(row, "best_epoch_by_val_loss", "best_val_loss", 1))
        and same(by_accuracy, wanted(row, "best_epoch_by_val_acc", "best_val_acc", scale))
        and row["n_epochs"] in ("", str(len(run.epochs)))
        and row["format"] not in REFUSED
    )
    return ("right" if right else "WRONG"), seen


def main(folder: Path) -> int:
    counts: dict[str, int] = {}
    with (folder / "INDEX.csv").open(encoding="utf-8", newline="") as index:
        for row in csv.DictReader(index):
            file = next(p for p in (folder / row["file"], folder / row["file"].partition("/")[2]) if p.exists())
            verdict, seen = judge(row, file)
            counts[verdict] = counts.get(verdict, 0) + 1
            print(f"{verdict:8} {row['format']:20} {file.name[:48]:48} {seen}")
    print(", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items())))
    return 1 if "WRONG" in counts else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))

"""What torchvision's reference script (references/classification/train.py), PyTorch's ImageNet example and the DeiT family print.

`Epoch: [0]  [5/8] … loss: 2.27 (2.28) acc1: …` and `Epoch: [0][10/5005]\\tLoss 6.9 (7.0)\\tAcc@1 …`: the number in brackets is the mean
so far. `Test:  Acc@1 70.3 Acc@5 …` and ` * Acc@1 …` are the validation; its mean loss is printed by DeiT alone.
"""

from __future__ import annotations

import re
from typing import Any

from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._columns import Meaning
from dermai_report.sources._log import LIKELY, NO, Log
from dermai_report.sources._table import table_of_rows

TRAIN = re.compile(r"Epoch: ?\[ *(\d+)\](\s*)\[ *(\d+)/ *(\d+)\]")
WHOLE = "Averaged stats:"
TOP = r"(?:Acc|Prec)@1[: ]\s*(?P<top1>\d+\.?\d*)(?:\s+(?:Acc|Prec)@5[: ]\s*(?P<top5>\d+\.?\d*))?(?:\s+loss[: ]\s*(?P<loss>\d+\.?\d*))?"
RESULT = re.compile(rf"^(?:.*\]\s*|.* - )?\s*(?:Test:\s*(?P<name>[^:\[\]]*?)\s*|\*\s+){TOP}")
MEAN = re.compile(r"\b(loss|acc1|acc5|Acc@1|Acc@5|Prec@1|Prec@5):?\s+[-+.\deEnainf]+ \( ?([-+.\deEnainf]+)\)", re.IGNORECASE)
RATE = re.compile(r"\blr: ?([-+.\deE]+)")
NAMES = {"loss": "train loss", "acc1": "train acc1", "prec1": "train acc1", "acc5": "train acc5", "prec5": "train acc5"}


def recognises(log: Log) -> int:
    """A line of each kind: of training, and of the result on the validation set."""
    if not log.is_text or not TRAIN.search(log.head_text):
        return NO
    return LIKELY if MEAN.search(log.head_text) else NO


def read(log: Log) -> Run:
    """Read it: the running mean of the last line printed of an epoch is its training loss."""
    rows: list[tuple[int, dict[str, Any]]] = []
    epoch: int | None = None
    shown = ""
    for i, line in enumerate(log.lines, 1):
        if (found := TRAIN.search(line)) or (line.startswith(WHOLE) and epoch is not None):
            if found:
                epoch, last = int(found[1]), int(found[3]) + bool(found[2])  # torchvision counts batches from 0
                shown = f"batch {last} of {found[4]}" if last < int(found[4]) else ""
            else:
                shown = ""
            if rows and rows[-1][1]["epoch"] == epoch and "train loss" in rows[-1][1]:
                rows.pop()
            rate = RATE.search(line)
            means = {NAMES[m[1].lower().replace("@", "")]: m[2] for m in MEAN.finditer(line)}
            rows.append((i, {"epoch": epoch, **means, **({"lr": rate[1]} if rate else {})}))
        elif found := RESULT.match(line):
            kind = f"{found['name']} " if found["name"] else ""
            row = {f"val {kind}acc1": found["top1"], f"val {kind}acc5": found["top5"], "val loss": found["loss"]}
            rows.append((i, {"epoch": epoch, **{k: v for k, v in row.items() if v is not None}}))
    notes = []
    if not any("val loss" in row for _, row in rows):
        notes.append("The mean validation loss of an epoch is not printed by this script.")
    if shown:
        notes.append(f"The training loss is the running mean at the last line printed of each epoch ({shown}).")
    known = {
        f"val EMA {k}": Meaning("metric", "val", m, None, "ema") for k, m in (("acc1", "accuracy"), ("acc5", "top5_accuracy"))
    }
    return assemble(log, [table_of_rows(rows, log.name)], source="torchvision_stdout", base=0, known=known, notes=notes)

"""What training scripts of ImageNet's school print: torchvision's reference, PyTorch's example, DeiT's, Swin's and timm's.

`Epoch: [0]  [5/8] … loss: 2.27 (2.28) acc1: …`, `Epoch: [0][10/5005]\\tLoss 6.9 (7.0)\\tAcc@1 …`, `Train: 0 [ 50/1251 (4%)] …`: the
number in brackets is the mean so far. `Test:  Acc@1 70.3 Acc@5 …`, ` * Acc@1 …`, or the last line of timm's `Test: [48/48]`, is the
validation. Its mean loss is printed by DeiT and timm alone.
"""

from __future__ import annotations

import re
from typing import Any

from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._columns import Meaning
from dermai_report.sources._log import LIKELY, NO, Log
from dermai_report.sources._table import table_of_rows

TRAIN = re.compile(
    r"Epoch: ?\[ *(?P<epoch>\d{1,9})\](?P<zero>\s*)\[ *(?P<batch>\d{1,9})/ *(?P<of>\d{1,9})\]"
    r"|Train: ?\[(?P<epoch2>\d{1,9})/\d{1,9}\]\[ *(?P<batch2>\d{1,9})/(?P<of2>\d{1,9})\]"
    r"|Train: (?P<epoch3>\d{1,9}) \[ *(?P<batch3>\d{1,9})/(?P<of3>\d{1,9}) *\(",
)
LONGEST = 2_000  # characters of a line
WHOLE = "Averaged stats:"
TOP = r"(?:Acc|Prec)@1[: ]\s*(?P<top1>\d+\.?\d*)(?:\s+(?:Acc|Prec)@5[: ]\s*(?P<top5>\d+\.?\d*))?(?:\s+loss[: ]\s*(?P<loss>\d+\.?\d*))?"
RESULT = re.compile(rf"(?:^|\s)(?:Test:\s*(?P<name>\w{{0,40}})\s*|\*\s+){TOP}")
TESTED = re.compile(r"Test(?: \((?P<name>\w+)\))?: \[ *(?P<batch>\d{1,9})/(?P<of>\d{1,9})\]")
MEAN = re.compile(r"\b(loss|acc1|acc5|Acc@1|Acc@5|Prec@1|Prec@5):?\s+[-+.\deEnainf]+ \( *([-+.\deEnainf]+)\)", re.IGNORECASE)
RATE = re.compile(r"\b(?:lr|LR):? ?([-+.\deE]+)")
NAMES = {"loss": "loss", "acc1": "acc1", "prec1": "acc1", "acc5": "acc5", "prec5": "acc5"}
OF_EMA = {
    f"val EMA {name}": Meaning("metric", "val", metric, None, "ema")
    for name, metric in (("loss", "loss"), ("acc1", "accuracy"), ("acc5", "top5_accuracy"))
}


def recognises(log: Log) -> int:
    """A line of training with the mean so far in brackets."""
    if not log.is_text:
        return NO
    lines = (line[:LONGEST] for line in log.head_text.split("\n"))
    return LIKELY if any(TRAIN.search(line) and MEAN.search(line) for line in lines) else NO


def read(log: Log) -> Run:
    """Read it: the running mean of the last line printed of an epoch is its training loss."""
    rows: list[tuple[int, dict[str, Any]]] = []
    epoch: int | None = None
    shown = ""
    for i, whole in enumerate(log.lines, 1):
        line = whole[:LONGEST]
        if (found := TRAIN.search(line)) or (line.startswith(WHOLE) and epoch is not None):
            if found:
                epoch, shown = _shown(found)
            else:
                shown = ""
            if rows and rows[-1][1]["epoch"] == epoch and "train loss" in rows[-1][1]:
                rows.pop()
            rate = RATE.search(line)
            rows.append((i, {"epoch": epoch, **_means(line, "train"), **({"lr": rate[1]} if rate else {})}))
        elif (found := TESTED.search(line)) and found["batch"] == found["of"]:
            rows.append((i, {"epoch": epoch, **_means(line, f"val {found['name']}" if found["name"] else "val")}))
        elif found := RESULT.search(line):
            kind = f"{found['name']} " if found["name"] else ""
            row = {f"val {kind}acc1": found["top1"], f"val {kind}acc5": found["top5"], "val loss": found["loss"]}
            rows.append((i, {"epoch": epoch, **{k: v for k, v in row.items() if v is not None}}))
    notes = []
    if not any("val loss" in row for _, row in rows):
        notes.append("The mean validation loss of an epoch is not printed by this script.")
    if shown:
        notes.append(f"The training loss is the running mean at the last line printed of each epoch ({shown}).")
    return assemble(log, [table_of_rows(rows, log.name)], source="torchvision_stdout", base=0, known=OF_EMA, notes=notes)


def _shown(found: re.Match[str]) -> tuple[int, str]:
    """The epoch, and which batch the line is of where it is not the last."""
    epoch, batch, of = (int(next(v for k in (n, f"{n}2", f"{n}3") if (v := found[k]))) for n in ("epoch", "batch", "of"))
    batch += not (found["epoch"] and not found["zero"])  # but for PyTorch's example, batches count from 0
    return epoch, f"batch {batch} of {of}" if batch < of else ""


def _means(line: str, split: str) -> dict[str, str]:
    """The means so far of a line, by name."""
    return {f"{split} {NAMES[m[1].lower().replace('@', '')]}": m[2] for m in MEAN.finditer(line)}

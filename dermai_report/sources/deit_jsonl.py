"""log.txt of the DeiT family: JSON lines with `train_loss`, `test_loss`, `test_acc1`, `epoch` and `n_parameters`.

Accuracies are percent, epochs count from 0, and what it calls test is the validation set.
"""

from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._json_tables import json_lines_table
from dermai_report.sources._log import NO, SURE, Log

KEYS = {"train_loss", "test_acc1", "epoch"}


def recognises(log: Log) -> int:
    """JSON lines with the keys that its main.py writes."""
    return SURE if log.json_lines and set(log.json_lines[0]) >= KEYS else NO


def read(log: Log) -> Run:
    """Read it; raises DermaiError where no line holds an epoch."""
    return assemble(log, [json_lines_table(log)], source="deit_jsonl", base=0)

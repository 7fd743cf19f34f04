"""The history of Keras' fit() written by pandas: `loss`, `accuracy`, `val_loss`, … without an epoch, or with a nameless index."""

from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._columns import meaning
from dermai_report.sources._csv import csv_table, dialect_of
from dermai_report.sources._log import LIKELY, NO, Log

INDEX = {"", "Unnamed: 0", "index"}


def recognises(log: Log) -> int:
    """A loss of no split beside metrics of validation, and neither an epoch nor a step."""
    dialect = dialect_of(log)
    if dialect is None or "loss" not in dialect.names:
        return NO
    others = set(dialect.names) - INDEX
    known = all(meaning(n).role in ("metric", "lr") for n in others)
    return LIKELY if known and all("_" not in n or n.startswith("val_") or meaning(n).role == "lr" for n in others) else NO


def read(log: Log) -> Run:
    """Read it, a row an epoch; raises DermaiError where it is no log of a classifier's training."""
    return assemble(log, [csv_table(log)], source="keras_history_csv")

"""Keras' CSVLogger: `epoch`, then the keys of the logs in alphabetical order, `val_…` for validation.

Epochs count from 0. `append=True` adds the rows of a further fit(), whose epochs start again unless `initial_epoch` was given.
"""

from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._csv import counts_from_one, csv_table, dialect_of
from dermai_report.sources._log import LIKELY, NO, Log


def recognises(log: Log) -> int:
    """The epoch from 0, then sorted names with a loss that is of no split."""
    dialect = dialect_of(log)
    if dialect is None or dialect.names[0] != "epoch" or "loss" not in dialect.names or counts_from_one(dialect):
        return NO
    rest = list(dialect.names[1:])
    return LIKELY if rest == sorted(rest) and "step" not in rest else NO


def read(log: Log) -> Run:
    """Read it; raises DermaiError where it is no log of a classifier's training."""
    return assemble(log, [csv_table(log)], source="keras_csv", base=0)

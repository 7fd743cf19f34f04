"""fastai's CSVLogger: `epoch,train_loss,valid_loss,<metrics>,time`; metrics are of validation, `None` where there is none.

Epochs count from 0. `append=True` adds a further fit with its own header, whose epochs start again.
"""

from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._csv import counts_from_one, csv_table, dialect_of
from dermai_report.sources._log import NO, SURE, Log


def recognises(log: Log) -> int:
    """Its column names, in its order, and epochs from 0."""
    dialect = dialect_of(log)
    if dialect is None or dialect.names[0] != "epoch" or dialect.names[-1] != "time" or counts_from_one(dialect):
        return NO
    return SURE if dialect.names[1:3] == ("train_loss", "valid_loss") else NO


def read(log: Log) -> Run:
    """Read it; raises DermaiError where it is no log of a classifier's training."""
    return assemble(log, [csv_table(log)], source="fastai_csv", base=0)

"""log.txt of bearpaw's classification code and its many forks: `Learning Rate, Train Loss, Valid Loss, Train Acc., Valid Acc.`

Tab-separated with a tab at the end of each row; in some forks the rows are separated by bars under a header of tabs. Accuracies
are percent; a row is an epoch.
"""

from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._csv import csv_table, dialect_of
from dermai_report.sources._log import NO, SURE, Log

NAMES = {"Learning Rate", "Train Loss", "Valid Loss", "Train Acc.", "Valid Acc."}


def recognises(log: Log) -> int:
    """Its column names."""
    dialect = dialect_of(log)
    return SURE if dialect and set(dialect.names) >= NAMES else NO


def read(log: Log) -> Run:
    """Read it; raises DermaiError where it holds no epoch."""
    return assemble(log, [csv_table(log)], source="bearpaw_txt")

"""A table of a row an epoch or a step, by what its columns are called: CSV, TSV and their relatives, whoever wrote them.

Any separator, decimal point or comma, names in any spelling; a second header and repeated epochs are told. The formats of the
common frameworks are read by their own sources first.
"""

from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._columns import meaning
from dermai_report.sources._csv import csv_table, dialect_of
from dermai_report.sources._log import NO, PERHAPS, Log


def recognises(log: Log) -> int:
    """Separated numbers below a header that names a metric."""
    dialect = dialect_of(log)
    if dialect is None:
        return NO
    names = (*dialect.names, *(row[0] for row in dialect.rows if row))
    known = log.columns or any(meaning(n).role == "metric" or meaning(n).split for n in names)
    return PERHAPS if known else NO


def read(log: Log) -> Run:
    """Read it by the meaning of its columns; raises DermaiError where that is not clear."""
    return assemble(log, [csv_table(log)], source="table_csv")

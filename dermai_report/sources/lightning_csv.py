"""Lightning's CSVLogger: `version_N/metrics.csv`, with `hparams.yaml` beside it.

Training, validation and test stand in rows of their own, with blanks in each; `x_step` and `x_epoch` are one metric; a learning
rate monitor writes rows without an epoch. Epochs count from 0. A resumed training is usually a new `version_N`.
"""

from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._csv import csv_table, dialect_of
from dermai_report.sources._log import LIKELY, NO, Log

FILE, PARAMETERS = "metrics.csv", "hparams.yaml"


def recognises(log: Log) -> int:
    """Columns epoch and step, and rows with blanks."""
    dialect = dialect_of(log.inside(FILE))
    if dialect is None or not {"epoch", "step"} <= set(dialect.names) or dialect.separator != ",":
        return NO
    alphabetical = list(dialect.names) == sorted(dialect.names)
    return LIKELY if alphabetical or any("" in row for row in dialect.rows) else NO


def read(log: Log) -> Run:
    """Read it; raises DermaiError where it is no log of a classifier's training."""
    file = log.inside(FILE)
    config = file.beside(PARAMETERS)
    return assemble(file, [csv_table(file)], source="lightning_csv", base=0, config=config)

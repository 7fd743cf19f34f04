"""summary.csv of timm's train.py: `epoch,train_loss,eval_loss,eval_top1,eval_top5[,lr]`, with `args.yaml` beside it.

Accuracies are percent and epochs count from 0. Older versions write the header again when a training is resumed.
"""

from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._csv import csv_table, dialect_of
from dermai_report.sources._log import NO, SURE, Log

FILE = "summary.csv"


def recognises(log: Log) -> int:
    """Its column names."""
    dialect = dialect_of(log.inside(FILE))
    return SURE if dialect and {"epoch", "train_loss", "eval_loss", "eval_top1"} <= set(dialect.names) else NO


def read(log: Log) -> Run:
    """Read it; raises DermaiError where no row holds an epoch."""
    file = log.inside(FILE)
    return assemble(file, [csv_table(file)], source="timm_csv", base=0, config=file.beside("args.yaml"))

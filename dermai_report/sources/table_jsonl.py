"""JSON lines of one's own, an object a line, by what their keys are called; keys may be nested."""

from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._columns import meaning
from dermai_report.sources._json_tables import json_lines_table, line_names
from dermai_report.sources._log import NO, PERHAPS, Log


def recognises(log: Log) -> int:
    """Lines of JSON objects, with a metric among their keys."""
    if len(log.json_lines) < 2:  # one object is no curve: the last values of a run, as trackers sum it up
        return NO
    return PERHAPS if any(meaning(name).role == "metric" for name in line_names(log)) else NO


def read(log: Log) -> Run:
    """Read it by the meaning of its keys; raises DermaiError where that is not clear."""
    return assemble(log, [json_lines_table(log)], source="table_jsonl")

"""Curves in a JSON file of one's own, by what its keys are called: lists by name, a list of epochs, an epoch a key.

What pandas writes (`to_json` in any orient) is one of these. Single values beside the curves are kept as the configuration, and
those of a test as the test evaluation.
"""

from dermai_report.errors import DermaiError
from dermai_report.run import Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._json_tables import holds_curves, json_tables
from dermai_report.sources._log import NO, NOT_JSON, PERHAPS, Log


def recognises(log: Log) -> int:
    """JSON with a metric by the epoch."""
    return PERHAPS if log.json is not NOT_JSON and holds_curves(log.json) else NO


def read(log: Log) -> Run:
    """Read it by the meaning of its keys; raises DermaiError where that is not clear."""
    if log.json is NOT_JSON:
        raise DermaiError(f"{log.path} is not JSON", "name the log of a training")
    tables, config = json_tables(log.json, log)
    return assemble(log, tables, source="table_json", config=config)

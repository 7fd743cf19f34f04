"""Where pictures come from: one kind of source a file, with `recognises(data)`, `open_collection(data)` and `WHAT`.

`data` is what was given as --data. WHAT says in a few words what the source takes.
"""

from __future__ import annotations

from pathlib import Path

from dermai_report import registry
from dermai_report.datasets.items import Collection
from dermai_report.errors import DermaiError


def open_collection(data: str) -> Collection:
    """The pictures that `data` names. Raises DermaiError where there are none, or in a shape that cannot be read."""
    sources = [module for _, module in registry.load_all("datasets.collections")]
    for source in sources:
        if source.recognises(data):
            found: Collection = source.open_collection(data)
            return found
    what = f"{data} is a file of no kind that holds pictures" if Path(data).exists() else f"no such folder: {data}"
    raise DermaiError(what, f"give --data {', or '.join(source.WHAT for source in sources)}")

"""Where pictures come from: one kind of source a file, with `recognises(data, data_root)`, `open_collection(data, data_root)`, `WHAT`.

data is what was given as --data, data_root as --data-root, empty where it was not. WHAT says in a few words what the source takes.
"""

from __future__ import annotations

from pathlib import Path

from dermai_report import registry
from dermai_report.datasets.items import Collection
from dermai_report.errors import DermaiError


def open_collection(data: str, data_root: str = "") -> Collection:
    """The pictures that `data` names. Raises DermaiError where there are none, or in a shape that cannot be read."""
    sources = [module for _, module in registry.load_all("datasets.collections")]
    for source in sources:
        if source.recognises(data, data_root):
            found: Collection = source.open_collection(data, data_root)
            return found
    what = f"{data} is a file of no kind that holds pictures" if Path(data).exists() else f"no such folder: {data}"
    raise DermaiError(what, f"give --data {', or '.join(source.WHAT for source in sources)}")

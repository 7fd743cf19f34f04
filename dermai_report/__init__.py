"""An honest report on a training run of an image classifier.

    from dermai_report import read_run, diagnose
    report = diagnose(read_run("runs/latest"))
    report.save("report.html")

Names are loaded when first used: importing this package imports nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dermai_report.diagnosis import diagnose as diagnose
    from dermai_report.errors import DermaiError as DermaiError
    from dermai_report.sources import read_run as read_run
    from dermai_report.storage.run_directory import RunWriter as RunWriter

__version__ = "0.1.0"
__all__ = ["DermaiError", "RunWriter", "diagnose", "read_run"]

_HOME = {
    "DermaiError": "dermai_report.errors",
    "RunWriter": "dermai_report.storage.run_directory",
    "diagnose": "dermai_report.diagnosis",
    "read_run": "dermai_report.sources",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)

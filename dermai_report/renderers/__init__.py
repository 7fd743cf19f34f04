"""A Report as a file or text: a format a module, found by its name, with `SUFFIX` and `render(report) -> str`.

An option of a format, such as `max_chars`, is a keyword argument of its `render`; the other formats do not see it.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

from dermai_report import registry
from dermai_report.errors import DermaiError, unknown_name
from dermai_report.files import write_atomically
from dermai_report.report import Report


def render(report: Report, format: str, **options: Any) -> str:
    """The report as text in that format; raises DermaiError with the nearest name when there is no such format."""
    text: str = _renderer(format).render(report, **{key: options[key] for key in options if takes(format, key)})
    return text


def takes(format: str, option: str) -> bool:
    """Whether the format has that option."""
    return option in inspect.signature(_renderer(format).render).parameters


def save(report: Report, path: str | Path, format: str | None = None, **options: Any) -> Path:
    """Write the report, whole or not at all, and return the path; the format is that of the ending unless named.

    Raises DermaiError for an ending or a format nobody renders, and where the file cannot be written.
    """
    path = Path(path)
    text = render(report, format_of(path) if format is None else format, **options)
    write_atomically(path, text)
    return path


def suffix(format: str) -> str | None:
    """The ending of a format's files (".html"), or None for one that is only printed."""
    ending: str | None = _renderer(format).SUFFIX
    return ending


def _renderer(format: str) -> ModuleType:
    return registry.load("renderers", format, "format")


def format_of(path: Path) -> str:
    """The format whose files end as `path` does; raises DermaiError where none does."""
    # Only the format whose name is the ending is tried first: looking at every SUFFIX imports every renderer.
    ending = path.suffix.lower()
    if ending[1:] in registry.names("renderers") and suffix(ending[1:]) == ending:
        return ending[1:]
    by_suffix = {module.SUFFIX: name for name, module in registry.load_all("renderers") if module.SUFFIX}
    if ending in by_suffix:
        return by_suffix[ending]
    if not ending:
        raise DermaiError(f"no format for {path}", f"give it an ending ({', '.join(sorted(by_suffix))}) or name a format")
    # Compared without the dot, which all endings share: it would make ".docx" seem near to ".md".
    hint = unknown_name("format", ending[1:], [known[1:] for known in by_suffix]).hint
    raise DermaiError(f"no format for {path}: nothing writes {ending} files", hint)

"""A Report, a Comparison or an Index as a file or text: a format a module, found by its name, with `SUFFIX`.

`render(report) -> str` shows a report; `render_comparison` and `render_index` the others, where the format has them. An option of
a format, such as `max_chars`, is a keyword argument of these; the other formats do not see it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from dermai_report import registry
from dermai_report.errors import DermaiError, unknown_name
from dermai_report.files import write_atomically
from dermai_report.report import Comparison, ExperimentReport, Index, Report, Shown

KINDS: dict[type[Shown], tuple[str, str]] = {
    Report: ("render", "a report"),
    Comparison: ("render_comparison", "a comparison"),
    Index: ("render_index", "an index"),
    ExperimentReport: ("render_experiment", "an experiment"),
}


def render(document: Shown, format: str, **options: Any) -> str:
    """The document as text in that format; raises DermaiError when there is no such format, or it cannot show such a document."""
    kind = type(document)
    known = {key: options[key] for key in options if takes(format, key, kind)}
    return _function(format, kind)(document, **known)


def takes(format: str, option: str, kind: type[Shown] = Report) -> bool:
    """Whether the format has that option for that kind of document."""
    return option in inspect.signature(_function(format, kind)).parameters


def check(format: str, document: Shown) -> None:
    """Raise DermaiError where the format cannot show such a document."""
    _function(format, type(document))


def _function(format: str, kind: type[Shown]) -> Callable[..., str]:
    name, words = KINDS[kind]
    if not hasattr(_renderer(format), name):
        able = [known for known, module in registry.load_all("renderers") if hasattr(module, name)]
        raise DermaiError(f"{format} cannot show {words}", f"these formats can: {', '.join(able)}")
    function: Callable[..., str] = getattr(_renderer(format), name)
    return function


def save(document: Shown, path: str | Path, format: str | None = None, **options: Any) -> Path:
    """Write the document, whole or not at all, and return the path; the format is that of the ending unless named.

    Raises DermaiError for an ending or a format nobody renders, and where the file cannot be written.
    """
    path = Path(path)
    text = render(document, format_of(path) if format is None else format, **options)
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

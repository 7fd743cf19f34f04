"""The one Jinja environment. A name that a template misspells is an error; text from a log is always escaped.

Two dialects share it: `html` (autoescaped) and `md` (Markdown for GitHub). In both, a value that is `Markup` is taken
as already safe, and every other string first has its control and direction characters made visible.
"""

from __future__ import annotations

import contextlib
import functools
import re
import sys
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from dermai_report import __version__
from dermai_report import formatting as fmt
from dermai_report.errors import DermaiError

NAME = 40  # characters shown of a name from a log
FULL_NAME = 400  # and of the whole of it, in its tooltip
HTML_TEXT = 4000  # characters of any one text on a page
MARKDOWN_TEXT = 1200  # characters of any one text in Markdown, where size is limited

FILTERS = {
    "bare": fmt.bare,
    "quantity": fmt.quantity,
    "interval": fmt.interval,
    "gained": fmt.gained,
    "gained_interval": fmt.gained_interval,
    "cell": fmt.cell,
    "cell_interval": fmt.cell_interval,
    "with_interval": fmt.with_interval,
    "duration": fmt.duration,
    "epochs": fmt.epochs,
    "confidence": fmt.confidence,
    "label": fmt.label,
    "gate": fmt.gate,
    "ground": fmt.ground,
    "evidence": fmt.evidence,
    "setting": fmt.setting,
    "p_value": fmt.p_value,
    "day": fmt.day,
    "kind": fmt.kind,
    "shorten": fmt.shorten,
    "toml": fmt.toml,
    "known": fmt.known,
}


def template_dir() -> Path:
    """The folder of templates: inside the package (a wheel), else beside it (a checkout); raises DermaiError."""
    package = Path(__file__).resolve().parent
    for folder in (package / "templates", package.parent / "templates"):
        if folder.is_dir():
            return folder
    raise DermaiError(
        "the templates of dermai-report are missing", "install it again: pip install --force-reinstall dermai-report"
    )


@functools.cache
def environment(dialect: Literal["html", "md"]) -> Environment:
    """The environment for a dialect; the same templates folder, filters and strictness for both."""
    html = dialect == "html"
    made = Environment(
        loader=FileSystemLoader(template_dir()),
        undefined=StrictUndefined,
        autoescape=True,  # for Markdown too: `finalize` has made every string Markup by then, and macros stay so
        finalize=_visible if html else _markdown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        bytecode_cache=_Compiled(dialect),
    )
    made.filters.update(FILTERS)
    made.filters["url"] = url
    made.filters["name"] = html_name if html else markdown_name
    if html:
        made.filters["prose"] = prose
        made.filters["place"] = place
    else:
        made.filters["fenced"] = fenced
    return made


class _Compiled(FileSystemBytecodeCache):
    """Compiled templates in `__pycache__` beside them, as Python keeps its own modules: compiling costs 0.12 s.

    One that is older than its template is never used. Where nothing may be written, nothing is.
    """

    def __init__(self, dialect: str) -> None:
        super().__init__(str(template_dir() / "__pycache__"), f"{dialect}-{__version__}-%s.jinja")

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with contextlib.suppress(OSError):
                Path(self.directory).mkdir(exist_ok=True)
                super().dump_bytecode(bucket)


def html_name(text: str, length: int = NAME) -> Markup:
    """A name from a log: kept apart from the direction of the text around it, cut when long, whole in its tooltip."""
    text = fmt.one_line(str(text))
    short = fmt.shorten(text, length)
    if short == text:
        return Markup("<bdi>{}</bdi>").format(text)
    return Markup('<bdi title="{}">{}</bdi>').format(fmt.shorten(text, FULL_NAME), short)


def place(text: str) -> Markup:
    """Where a number was read; a line may end after a slash, and nowhere else."""
    return Markup("<bdi>{}</bdi>").format(Markup("/<wbr>").join(fmt.shorten(fmt.one_line(text), 60).split("/")))


def url(path: str) -> Markup:
    """A path as a relative link: its characters quoted, and never taken for a scheme or another host."""
    path = path if path.startswith("../") else f"./{path}"
    try:
        raw = path.encode("utf-8", "surrogateescape")  # what a file name that is no UTF-8 became
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "replace")
    return Markup(quote(raw, safe="/"))


def prose(text: str) -> str:
    """Running text for the page, in which no line ends between a number and its percent sign."""
    return text.replace(" %", "\u00a0%")


def markdown_name(text: str, length: int = NAME) -> Markup:
    """A name from a log for Markdown: one line, cut when long, escaped."""
    return escape_markdown(fmt.shorten(fmt.one_line(str(text)), length))


def fenced(text: str, language: str = "") -> Markup:
    """Text as a fenced code block whose fence is longer than any in the text."""
    text = fmt.visible(text).strip("\n")
    ticks = max((len(run) for run in re.findall(r"`{3,}", text)), default=2) + 1
    return Markup(f"{'`' * ticks}{language}\n{text}\n{'`' * ticks}")


def escape_markdown(text: str) -> Markup:
    """Text that GitHub shows as it is: it breaks no table, starts no markup, and mentions or links to nobody."""
    text = fmt.one_line(text)
    text = re.sub(r"&(?=[#\w]+;)", "&amp;", text)
    text = text.replace("\\", "\\\\").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([`*\[\]|~$])", r"\\\1", text)
    text = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", text)
    text = text.replace("://", "&#58;//")
    text = re.sub(r"\bwww\.", lambda m: m.group()[:-1] + "\\.", text, flags=re.IGNORECASE)
    text = re.sub(r"^(\d{1,9})([.)])(?=\s|$)", r"\1\\\2", text)  # would start a list
    text = re.sub(r"^([-+=]|#{1,6}(?=\s|$))", r"\\\1", text)  # would start a list, a rule or a heading
    # An empty comment splits the text, so that GitHub's later passes find no mention, issue, or emoji in it.
    text = re.sub(r"@(?=\w)|(?<!&)#(?=\d)|\bGH-(?=\d)|:(?=[\w+-]+:)", r"\g<0><!-- -->", text, flags=re.IGNORECASE)
    return Markup(text)


def _markdown(value: Any) -> Any:
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return escape_markdown(fmt.shorten(fmt.visible(value), MARKDOWN_TEXT))


def _visible(value: Any) -> Any:
    return fmt.shorten(fmt.visible(value), HTML_TEXT) if type(value) is str else value


__all__ = ["environment", "escape", "escape_markdown", "fenced", "html_name", "markdown_name", "template_dir"]

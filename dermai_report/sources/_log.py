"""What is being read: a file or a folder, what the user chose, and its content, read once and shared by every source.

Nothing here runs code from a log, and nothing is read without a bound.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from dermai_report.errors import DermaiError

# How sure a source is that a log is of its format; the surest reads it.
NO, PERHAPS, LIKELY, SURE = 0, 1, 2, 3

HEAD = 64 * 1024  # bytes that tell a format
BEGINNING = 2 * 1024**2  # bytes that tell it where a configuration is printed first
LARGEST = 1024**3  # bytes of a file that are read into memory
LARGEST_JSON = 256 * 1024**2  # bytes: as objects, JSON takes some ten times its size
MOST_FILES = 20_000  # entries of a folder that are looked at
DEEPEST = 8  # folders below the one that was named
MOST_YAML = 100_000  # values of a YAML file
WHITE = b" \t\r\n\xef\xbb\xbf\xff\xfe\x00"
SKIPPED = {".git", ".venv", "node_modules", "__pycache__", "site-packages"}


class NotJson:
    """The file is not JSON as a whole (JSON may hold null, so None does not say it)."""


NOT_JSON = NotJson()


class Log:
    """A log and what the user chose of it.

    run: which run of a file or folder that holds several; columns: the column to take for a meaning ("val_loss": "Valid
    Loss"); notes: what reading the bytes had to assume.
    """

    def __init__(self, path: Path, run: str | None = None, columns: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.run = run
        self.columns = dict(columns or {})
        self.notes: list[str] = []
        self.kept: dict[str, Any] = {}  # what several sources ask and only one need work out

    def below(self, path: Path) -> Log:
        """Another file or folder, with the same choices."""
        return Log(path, self.run, self.columns)

    def inside(self, name: str) -> Log:
        """The file of that name where the log is a folder that holds it, else the log itself; kept, as its content is."""
        if name not in self.kept:
            whole = self.is_folder and (self.path / name).is_file()
            self.kept[name] = self.below(self.path / name) if whole else self
        log: Log = self.kept[name]
        return log

    def beside(self, name: str) -> dict[str, Any]:
        """The mapping in a YAML file beside the log (its configuration); empty where there is none."""
        path = self.path.parent / name
        return read_yaml(path, self.notes) if path.is_file() else {}

    @property
    def name(self) -> str:
        """The file's own name, for messages and places."""
        return self.path.name

    @cached_property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.path.is_dir()

    @cached_property
    def head(self) -> bytes:
        """The first bytes of the file (HEAD at most); none of a folder."""
        if self.is_folder or not self.path.is_file():
            return b""
        with self.path.open("rb") as file:
            return file.read(HEAD)

    @cached_property
    def data(self) -> bytes:
        """Every byte of the file; raises DermaiError where it is larger than LARGEST."""
        return self.read_bytes(LARGEST)

    def read_bytes(self, most: int) -> bytes:
        """Every byte of the file; raises DermaiError where there are more than `most`."""
        with self.path.open("rb") as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise DermaiError(
                f"{self.path} is larger than {most / 1024**2:,.0f} MB, the most that is read of this format",
                "cut the log to the values of each epoch",
            )
        return content

    @cached_property
    def utf8(self) -> bytes:
        """The whole text as UTF-8 with \\n at the end of each line, whatever it was."""
        return _lines_ended(self.data if is_utf8(self.data) else self._decoded.encode())

    @cached_property
    def text(self) -> str:
        """The whole text, decoded; a line ends with \\n."""
        return self.utf8.decode("utf-8", "replace")

    @cached_property
    def _decoded(self) -> str:
        data = self.data
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            self.notes.append(f"{self.name} is UTF-16 text.")
            return data.decode("utf-16", "replace")
        self.notes.append(f"{self.name} is not UTF-8 text; it was read as Windows-1252.")
        return data.decode("cp1252", "replace")

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text, without their ends."""
        return self.text.split("\n")

    @cached_property
    def head_text(self) -> str:
        """The head as text, for recognising alone: the last line may be cut."""
        head = self.head
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return _lines_ended(head.decode("utf-16", "replace").encode()).decode()
        return _lines_ended(head).decode("utf-8" if is_utf8(head) else "cp1252", "replace")

    @cached_property
    def beginning(self) -> str:
        """The first BEGINNING bytes as text, for what prints its configuration before its epochs."""
        with self.path.open("rb") as file:
            return _lines_ended(file.read(BEGINNING)).decode("utf-8", "replace")

    @cached_property
    def is_text(self) -> bool:
        """Whether the head is text: no zero byte in it, UTF-16 aside."""
        return bool(self.head) and (b"\0" not in self.head or self.head.startswith((b"\xff\xfe", b"\xfe\xff")))

    @cached_property
    def json(self) -> Any:
        """The whole file as one JSON value (NaN and Infinity allowed), or NOT_JSON."""
        if self.head.lstrip(WHITE)[:1] not in (b"{", b"[") or not self.is_text:
            return NOT_JSON
        if self.is_json_lines:
            return NOT_JSON
        if self.path.stat().st_size > LARGEST_JSON:
            return NOT_JSON
        return parse_json(self.utf8)

    @cached_property
    def is_json_lines(self) -> bool:
        """Whether the first two lines are each a JSON object of their own."""
        first = [line for line in self.head_text.split("\n", 200)[:200] if line.strip()][:2]
        return len(first) == 2 and all(isinstance(parse_json(line.encode()), dict) for line in first)

    @cached_property
    def json_lines(self) -> list[dict[str, Any]]:
        """The JSON objects of the first lines, for recognising; empty where the first line is none."""
        if self.head.lstrip(WHITE)[:1] != b"{" or not self.is_text:
            return []
        rows = []
        whole = self.head_text.split("\n")
        for line in whole[:-1] if len(self.head) == HEAD else whole:
            if not line.strip():
                continue
            value = parse_json(line.encode())
            if not isinstance(value, dict):
                break
            rows.append(value)
        return rows

    def files(self, *patterns: str) -> list[Path]:
        """The files below the folder whose names match one of the patterns, sorted; links are not followed.

        Raises DermaiError where the folder holds more entries than are looked at.
        """
        return [path for path in self._below if any(path.match(p) for p in patterns)]

    @cached_property
    def _below(self) -> list[Path]:
        return sorted(_walk(self.path)) if self.is_folder else []


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8, but for a character cut at their end."""
    if data.isascii():
        return True
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(data) - 3 and error.reason == "unexpected end of data"
    return True


def parse_json(data: bytes) -> Any:
    """The bytes as one JSON value, or NOT_JSON; NaN and Infinity as some writers leave them."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if "trailing characters" in str(error) or not re.search(rb"NaN|Infinity|nan|inf", data):
            return NOT_JSON
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return NOT_JSON


def read_yaml(path: Path, notes: list[str]) -> dict[str, Any]:
    """The mapping in a YAML file (no tags, a bounded number of values); a note where it is left out."""
    import yaml

    try:
        log = Log(path)
        content = yaml.load(log.read_bytes(1024**2), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        budget = [MOST_YAML]
        plain = _counted(content, budget)
    except (yaml.YAMLError, DermaiError, OSError, ValueError, RecursionError, OverflowError) as error:
        first = str(error).split("\n", 1)[0]
        notes.append(f"{path.name} was left out: {first}.")
        return {}
    return {str(k): v for k, v in plain.items()} if isinstance(plain, dict) else {}


def _counted(value: Any, budget: list[int], level: int = 0) -> Any:
    """A copy in which nothing stands twice; raises ValueError past the budget (aliases can make a small file endless)."""
    budget[0] -= 1
    if budget[0] < 0 or level > 50:
        raise ValueError("it holds too many values")
    if isinstance(value, dict):
        return {str(k): _counted(v, budget, level + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [_counted(v, budget, level + 1) for v in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _lines_ended(data: bytes) -> bytes:
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\r" not in data:
        return data
    return data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _walk(folder: Path) -> Iterator[Path]:
    seen, waiting = 0, [(folder, 0)]
    while waiting:
        here, depth = waiting.pop()
        for entry in sorted(here.iterdir()):
            seen += 1
            if seen > MOST_FILES:
                raise DermaiError(f"{folder} holds more than {MOST_FILES:,} files", "name the folder of one run")
            if entry.is_symlink():
                continue
            if entry.is_dir():
                if depth < DEEPEST and entry.name not in SKIPPED:
                    waiting.append((entry, depth + 1))
            elif entry.is_file():
                yield entry

"""Where what was rendered goes: standard output, or files whose paths are printed."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dermai_report.cli.outcome import set_output

if TYPE_CHECKING:
    from dermai_report.report import Report


def is_folder(output: str) -> bool:
    """Whether the output names a folder: one that is there, or a name with a slash at its end or without an ending."""
    return output != "-" and (output.endswith(("/", os.sep)) or Path(output).is_dir() or not Path(output).suffix)


def write(report: Report, formats: list[str], output: str | None, images: bool, options: dict[str, Any]) -> None:
    """Render each format to its place; `options` are those of formats, `images` asks for pictures beside the Markdown."""
    from dermai_report.renderers import md, render, save, suffix

    if output == "-":
        if formats != ["terminal"]:
            set_output(encoding="utf-8")  # a page says that it is UTF-8, whatever the terminal is
        sys.stdout.write(render(report, formats[0], **options))
        return
    for name in formats:
        if output is not None and not is_folder(output):
            place = Path(output)
        elif suffix(name) is None:
            sys.stdout.write(_printed(report, name))
            continue
        else:
            named = folder_name(report.run.id, report.run.path)
            place = (Path("report") / named if output is None else Path(output)) / f"report{suffix(name)}"
        beside = {"images": md.save_images(report, place.parent, place.stem)} if name == "md" and images else {}
        print(save(report, place, name, **options, **beside))


def _printed(report: Report, format: str) -> str:
    import shutil

    from dermai_report.renderers import render

    width = shutil.get_terminal_size((100, 24)).columns
    return render(report, format, width=width, color=sys.stdout.isatty())


def folder_name(id: str, path: str) -> str:
    """The run's id where it can be the name of a folder here, and not of one elsewhere; else the name of its directory."""
    for name in (id, Path(path).resolve().name):
        if re.fullmatch(r"[^/\\:\x00-\x1f\x7f]+", name) and name.strip(". ") and len(name.encode("utf-8", "replace")) <= 200:
            return name
    return "run"

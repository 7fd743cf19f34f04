"""Where what was rendered goes: standard output, or files whose paths are printed."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dermai_report.cli.outcome import set_output
from dermai_report.output_path import is_folder

if TYPE_CHECKING:
    from dermai_report.report import Shown

REPORTS = Path("report")  # holds a folder for each run, and the index


def folder_of(output: str | None) -> Path:
    """The folder that an index goes to."""
    if output is None or output == "-":
        return REPORTS
    return Path(output) if is_folder(output) else Path(output).parent


def write(
    document: Shown, formats: list[str], output: str | None, images: bool, options: dict[str, Any], again: bool = False
) -> None:
    """Render each format to its place; `options` are those of formats, `images` asks for pictures beside the Markdown.

    again: the same was written before; places are not named again, and a terminal is wiped.
    """
    from dermai_report.renderers import check, md, render, save, suffix
    from dermai_report.report import Report

    for name in formats:  # before anything is written
        check(name, document)
    if output == "-":
        if formats != ["terminal"]:
            set_output(encoding="utf-8")  # a page says that it is UTF-8, whatever the terminal is
        sys.stdout.write(render(document, formats[0], **options))
        return
    folder, stem = _home(document)
    for name in formats:
        if output is not None and not is_folder(output):
            place = Path(output)
        elif suffix(name) is None:
            sys.stdout.write(("\033[H\033[2J" if again and sys.stdout.isatty() else "") + _printed(document, name))
            sys.stdout.flush()
            continue
        else:
            place = (folder if output is None else Path(output)) / f"{stem}{suffix(name)}"
        beside: dict[str, Any] = {}
        if name == "md" and images and isinstance(document, Report):
            beside["images"] = md.save_images(document, place.parent, place.stem)
        saved = save(document, place, name, **options, **beside)
        if not again:
            print(saved, flush=True)


def _printed(document: Shown, format: str) -> str:
    import shutil

    from dermai_report.renderers import render

    width = shutil.get_terminal_size((100, 24)).columns
    return render(document, format, width=width, color=sys.stdout.isatty())


def _home(document: Shown) -> tuple[Path, str]:
    """The folder and the file's name, without an ending: a comparison lies beside the report of the run that is compared."""
    from dermai_report.report import Comparison, ExperimentReport, Report

    if isinstance(document, Report):
        return REPORTS / folder_name(document.run.id, document.run.path), "report"
    if isinstance(document, Comparison):
        only = document.runs[0].run if len(document.runs) == 1 else document.baseline
        return REPORTS / folder_name(only.id, only.path), "comparison"
    if isinstance(document, ExperimentReport):
        return REPORTS / folder_name(document.id, document.path), "experiment"
    return REPORTS, "index"


def folder_name(id: str, path: str) -> str:
    """The run's id where it can be the name of a folder here, and not of one elsewhere; else the name of its directory."""
    for name in (id, Path(path).resolve().name):
        if re.fullmatch(r"[^/\\:\x00-\x1f\x7f]+", name) and name.strip(". ") and len(name.encode("utf-8", "replace")) <= 200:
            return name
    return "run"

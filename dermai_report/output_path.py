"""What the -o of a command names: a folder, a file, or standard output. Apart from `files`, which --help need not import."""

from __future__ import annotations

import os
from pathlib import Path


def is_folder(output: str) -> bool:
    """Whether an output names a folder: one that is there, or a name with a slash at its end or without an ending."""
    return output != "-" and (output.endswith(("/", os.sep)) or Path(output).is_dir() or not Path(output).suffix)

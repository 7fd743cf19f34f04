"""What the Trainer of Hugging Face adds to the curves, and at the end of a training under names that look like those of a curve.

Its callbacks for TensorBoard, W&B and MLflow write `train_loss`, the mean over the whole training, beside `loss`, the curve.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

END = "train_runtime"  # written with the summary alone
SPEED = re.compile(r".*_(runtime|samples_per_second|steps_per_second|jit_compilation_time|model_preparation_time)|total_flos")
SUMMARY = ("train_loss", END, "train_samples_per_second", "train_steps_per_second", "total_flos")


def summary_names(names: Iterable[str]) -> set[str]:
    """Those of the names that are of the summary; none where no Trainer wrote the log."""
    known = set(names)
    for before in ("", "train/"):
        if f"{before}{END}" in known:
            return {f"{before}{name}" for name in SUMMARY} & known
    return set()

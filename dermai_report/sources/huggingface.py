"""The Trainer of Hugging Face transformers: `trainer_state.json`, or the folder it stands in.

Rows of training (`loss`), of evaluations (`eval_*`) and one of the end; epochs are fractions. A folder of checkpoints alone is read by
its last one, whose state holds the whole history. `all_results.json` and the like hold last values, and a test's results.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.run import Evaluation, Run
from dermai_report.sources._assemble import assemble
from dermai_report.sources._log import NO, NOT_JSON, SURE, Log
from dermai_report.sources._table import number, table_of_rows
from dermai_report.sources._trainer_names import END, SPEED

STATE = "trainer_state.json"
RESULTS = ("all_results.json", "test_results.json", "predict_results.json", "eval_results.json", "train_results.json")
TESTED = ("test", "predict")
SETTINGS = (
    "num_train_epochs",
    "max_steps",
    "train_batch_size",
    "eval_steps",
    "logging_steps",
    "best_metric",
    "best_model_checkpoint",
)


def recognises(log: Log) -> int:
    """The state's own keys; the keys of a file of results; or a folder with a state in it."""
    if log.is_folder:
        return SURE if _state(log) is not None else NO
    value = log.json
    if not isinstance(value, dict):
        return NO
    results = {"train_runtime", "eval_runtime"} & set(value) and log.name in RESULTS
    return SURE if results or (isinstance(value.get("log_history"), list) and "global_step" in value) else NO


def read(log: Log) -> Run:
    """Read it; raises DermaiError where there is no history of the training."""
    path = _state(log) if log.is_folder else log.path
    if path is None:
        raise DermaiError(f"{log.path} holds no {STATE}", "name the folder that the Trainer wrote")
    state = log.below(path)
    value = state.json
    if not isinstance(value, dict) or not isinstance(value.get("log_history"), list):
        raise DermaiError(
            f"{path} holds last values, and no history of the training",
            f"name {STATE}, which trainer.save_state() writes, and each checkpoint holds",
        )
    notes: list[str] = []
    if path.parent != (log.path if log.is_folder else path.parent):
        notes.append(f"Read from the last checkpoint, {path.parent.name}.")
    rows, finished = _rows([r for r in value["log_history"] if isinstance(r, dict)], notes)
    if not rows:
        raise DermaiError(
            f"{path} has an empty log_history", "log something: TrainingArguments(logging_steps=…, eval_strategy='epoch')"
        )
    test, test_at = _test(path.parent)
    facts: dict[str, Any] = {"test": test, "test_at": test_at} if test is not None else {}
    return assemble(
        log,
        [table_of_rows([(i, row) for i, row in rows], path.name)],
        source="huggingface",
        notes=notes,
        files=[path],
        config={k: value[k] for k in SETTINGS if value.get(k) is not None},
        status="finished" if finished else "unknown",
        **facts,
    )


def _state(log: Log) -> Path | None:
    """The state of the folder itself, else of its last checkpoint."""
    if (log.path / STATE).is_file():
        return log.path / STATE
    steps = {p: re.fullmatch(r"checkpoint-(\d+)", p.parent.name) for p in log.path.glob(f"checkpoint-*/{STATE}")}
    found = {p: int(m[1]) for p, m in steps.items() if m and len(m[1]) < 12}
    return max(found, key=lambda p: found[p]) if found else None


def _rows(history: list[dict[str, Any]], notes: list[str]) -> tuple[list[tuple[int, dict[str, Any]]], bool]:
    """The rows of the training, each with its place in the history, and whether its end was logged."""
    rows: list[tuple[int, dict[str, Any]]] = []
    evaluated: set[Any] = set()
    ended = False
    for i, row in enumerate(history, 1):
        if END in row:
            ended = True  # its train_loss is the mean over the whole training
            continue
        kept = {k: v for k, v in row.items() if not SPEED.fullmatch(k)}
        metrics = sorted(k for k in kept if k.startswith("eval_"))
        step = row.get("step")
        if ended and metrics and _hashable(step) and step in evaluated:
            notes.append(
                f"An evaluation after the end of training (entry {i}: {metrics[0]} {kept[metrics[0]]!r:.20}) is of the model that was "
                "loaded then: left out."
            )
            continue
        if metrics and _hashable(step):
            evaluated.add(step)
        rows.append((i, kept))
    return rows, ended


def _hashable(step: Any) -> bool:
    return isinstance(step, int | float | str)


def _test(folder: Path) -> tuple[Evaluation | None, dict[str, str]]:
    """The results of a test set, from the files that `trainer.save_metrics("test", …)` and the example scripts write."""
    for name in RESULTS:
        log = Log(folder / name)
        value = log.json if log.path.is_file() else NOT_JSON
        found = _tested(value) if isinstance(value, dict) else {}
        if found:
            n = found.pop("samples", None)
            places = dict.fromkeys(found, name)
            return Evaluation(n=None if n is None else int(n), loss=found.get("loss"), accuracy=found.get("accuracy")), places
    return None, {}


def _tested(value: Mapping[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    for split in TESTED:
        for key in ("loss", "accuracy", "samples"):
            read = number(value.get(f"{split}_{key}"))
            if read is not None and (key != "accuracy" or 0 <= read <= 1) and (key != "samples" or 0 < read < 1e12):
                found.setdefault(key, read)
    return found if "loss" in found or "accuracy" in found else {}

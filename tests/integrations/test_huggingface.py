"""The adapter for Hugging Face, with the real framework."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dermai_report import DermaiError, RunWriter, read_run
from tests.integrations.examples import check_full, run_example

FRAMEWORK = "transformers"


def test_example() -> None:
    run, names = run_example("Hugging Face")
    check_full(run, names)


def trainer(recorder: Any, **options: Any) -> Any:
    import torch
    from transformers import ResNetConfig, ResNetForImageClassification, Trainer, TrainingArguments

    config = ResNetConfig(num_channels=1, embedding_size=4, hidden_sizes=[4], depths=[1], layer_type="basic", num_labels=2)
    data = [{"pixel_values": torch.full((1, 8, 8), float(i % 2)), "labels": i % 2} for i in range(8)]
    metrics = {"compute_metrics": recorder.compute_metrics} if options.pop("metrics", True) else {}
    chosen = {
        "eval_strategy": "epoch",
        "num_train_epochs": 1,
        "report_to": "none",
        "save_strategy": "no",
        "use_cpu": True,
        **options,
    }
    return Trainer(
        ResNetForImageClassification(config),
        TrainingArguments("checkpoints", disable_tqdm=True, **chosen),
        train_dataset=data,
        eval_dataset=data,
        callbacks=[recorder],
        **metrics,
    )


def test_calls_that_cannot_be_logged(tmp_path: Path) -> None:
    from dermai_report.integrations.huggingface import RunCallback

    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        with pytest.raises(DermaiError, match="without the callback's compute_metrics"):
            trainer(RunCallback(run), metrics=False).train()
        with pytest.raises(DermaiError, match="eval_strategy='steps'"):
            trainer(RunCallback(run), eval_strategy="steps", eval_steps=1).train()


def test_the_trainers_loss_where_the_model_sees_no_labels(tmp_path: Path) -> None:
    from dermai_report.integrations.huggingface import RunCallback

    with RunWriter(tmp_path, classes=["a", "b"]) as run:
        recorder = RunCallback(run, metrics=lambda evaluated: {"samples": len(evaluated.label_ids)})
        smooth = trainer(
            recorder, label_smoothing_factor=0.2, logging_steps=1, num_train_epochs=2, per_device_train_batch_size=4
        )
        smooth.evaluate()  # before the training: passed over
        smooth.train()
    logged = [entry for entry in smooth.state.log_history if "loss" in entry]
    epochs = read_run(run.path).epochs
    assert len(epochs) == 2 and all(set(e.train) == {"loss"} and e.val["samples"] == 8 for e in epochs)
    for epoch in epochs:
        of_epoch = [entry["loss"] for entry in logged if epoch.epoch - 1 < entry["epoch"] <= epoch.epoch]
        assert len(of_epoch) == 2 and epoch.train["loss"] == pytest.approx(sum(of_epoch) / 2)

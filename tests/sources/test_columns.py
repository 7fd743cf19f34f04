"""Names of columns as the frameworks and people spell them."""

import pytest

from dermai_report.sources._columns import meaning, task_of

METRICS = """
loss: loss - | val_loss: loss val | Valid Loss: loss val | trainLoss: loss train | loss_train: loss train | trainloss: loss train
epoch/val_loss: loss val | epoch_loss: loss - | train/epoch_loss: loss train | Loss/train: loss train | eval/cross_entropy: loss val
accuracy: accuracy - | val_accuracy: accuracy val | Valid Acc.: accuracy val | valAcc: accuracy val | Acc@1: accuracy - | Prec@1: accuracy -
eval_top1: accuracy val | test_acc1: accuracy test | metrics/accuracy_top1: accuracy - | val_categorical_accuracy: accuracy val
sparse_categorical_accuracy: accuracy - | val acc (%): accuracy val | val_MulticlassAccuracy: accuracy val | dev_acc: accuracy val
eval_top5: top5_accuracy val | val_top_5_accuracy: top5_accuracy val | top_k_categorical_accuracy: top5_accuracy -
test_acc5: top5_accuracy test
error_rate: error_rate - | Top-1 error: error_rate - | train_err: error_rate train | val_f1_macro: macro_f1 val | eval_f1: f1 val
val_auc: auroc val | val_balanced_accuracy: balanced_accuracy val | val_precision: precision val
"""
ROLES = {
    "epoch": "epoch Epoch epochs epoch/epoch epoch_num",
    "step": "step _step global_step trainer/global_step iteration iter",
    "lr": "lr learning_rate train_lr lr/pg0 lr-AdamW epoch/learning_rate",
    "seconds": "time epoch_time time_elapsed seconds",
    "clock": "timestamp _timestamp wall_time",
    "decoy": "best_val_so_far best_metric max_accuracy best_epoch val_best_acc",
    "other": "n_parameters grad_norm total_flos momentum mAP50(B) val_mae",
    "split": "phase split mode",
    "run": "model fold seed",
}


@pytest.mark.parametrize("line", [entry for line in METRICS.split("\n") for entry in line.split("|") if entry.strip()])
def test_metrics(line: str) -> None:
    name, _, expected = line.strip().rpartition(": ")
    metric, split = expected.split()
    found = meaning(name)
    assert (found.role, found.metric, found.split or "-", found.qualifier) == ("metric", metric, split, "")


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, names in ROLES.items() for name in names.split()])
def test_roles(role: str, name: str) -> None:
    assert meaning(name).role == role


def test_levels_and_qualifiers() -> None:
    assert meaning("train_loss_step").level == "step"
    assert meaning("train_loss_epoch").level == "epoch"
    assert meaning("Test Robust Acc").qualifier == "robust"
    assert meaning("val_loss/dataloader_idx_1").qualifier == "dataloader idx 1"


@pytest.mark.parametrize(
    ("names", "task"),
    [
        (["train/box_loss", "metrics/mAP50(B)"], "detection"),
        (["mIoU", "aAcc", "mAcc", "decode.acc_seg", "Acc.step"], "segmentation"),
        (["loss", "val_mean_absolute_error"], "regression"),
        (["loss", "val_accuracy", "val_mae"], None),
        (["train", "val"], None),
    ],
)
def test_other_tasks(names: list[str], task: str | None) -> None:
    assert task_of(names) == task

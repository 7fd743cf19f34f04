"""What the name of a column means: of which split, which metric; or an epoch, a step, a time, a learning rate.

The names of every framework are read by their words, so that `val_acc`, `Valid Acc.`, `valAccuracy`, `eval/acc@1` and
`metrics/accuracy_top1` need no list. Words that are not understood stay with the name as a `qualifier`: `Test Robust Acc`
is no rival of `Test Acc`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

Role = Literal["metric", "epoch", "step", "clock", "seconds", "lr", "split", "run", "decoy", "other"]

SPLITS = {
    "train": "train training trained trn tr learn learning",
    "val": "val valid validation validate vali vld v eval evaluation evaluate dev holdout",
    "test": "test testing tst te",
}
SPLIT_OF = {word: split for split, words in SPLITS.items() for word in words.split()}
EPOCHS = {"epoch", "epochs", "ep"}
STEPS = {"step", "steps", "iter", "iters", "itrs", "iteration", "iterations", "itr", "batch", "update", "updates"}
CLOCK = {"timestamp", "datetime", "date", "walltime", "clock"}
SECONDS = {"time", "seconds", "secs", "sec", "elapsed", "duration", "runtime", "eta"}
NEUTRAL_WORDS = (
    "metric metrics avg average mean averaged running total overall set the of on in per epoch epochs score scores scalar "
    "scalars value main trainer global dataset data multiclass s history logs log micro result results prediction "
    "classification classifier class cls output outputs"
)
NEUTRAL = {*NEUTRAL_WORDS.split()}
DECOY_WORDS = "best highest lowest max min maximum minimum final far so previous prev last target early baseline"
DECOYS = {*DECOY_WORDS.split()}
RUNS = {"run", "fold", "seed", "trial", "experiment", "model", "arch", "architecture", "runid", "exp", "backbone"}
SPLIT_COLUMNS = {"split", "phase", "mode", "stage", "subset", "dataset", "partition", "set", "loop"}
LOSSES = {"loss", "losses", "crossentropy", "xent", "nll", "logloss", "ce"}
ACCURACIES = {"acc", "accs", "accuracy", "accuracies", "accu", "top1", "acc1", "prec1", "precision1", "accuracy1"}
ERRORS = {"err", "error", "errors", "err1", "error1", "misclassification"}
FLAVOURS = {"categorical", "sparse", "binary"}
UNUSUAL = {"top2", "top3", "top10", "acc3", "acc2", "acc10"}
TOP5_ERRORS = {"err5", "error5"}
TOP5 = {"top5", "acc5", "prec5", "precision5", "accuracy5", "err5", "error5"}
NAMED = {
    "f1": "f1",
    "f1score": "f1",
    "fscore": "f1",
    "precision": "precision",
    "recall": "recall",
    "sensitivity": "recall",
    "specificity": "specificity",
    "auc": "auroc",
    "auroc": "auroc",
    "rocauc": "auroc",
    "aucroc": "auroc",
    "kappa": "kappa",
    "mcc": "mcc",
    "matthews": "mcc",
}
OTHER_TASKS = {
    "detection": "map map50 map75 map5095 bbox ap50 ap75 box boxes giou dfl obj objectness rpn rcnn",
    "segmentation": "iou miou dice pixacc aacc macc mask jaccard",
    "regression": "mae mse rmse mape r2 msle rmsle",
    "language modelling": "perplexity ppl bleu rouge wer cer",
}
TASK_OF = {word: task for task, words in OTHER_TASKS.items() for word in words.split()}
SPELLINGS = [  # metrics whose names are of several words, or of a word and a number
    (re.compile(pattern), word)
    for pattern, word in (
        (r"(acc|accuracy|prec|precision|top|err|error)[\s@-]*([15])(?![\d.])", r"\1\2"),
        (r"top[\s-]?k\b", "top5"),
        (r"roc[\s-]auc", "rocauc"),
        (r"cross[\s-]?entropy", "crossentropy"),
        (r"wall[\s-]time", "walltime"),
        (r"f1[\s-]?score|f[\s-]score|f[\s-]1\b", "f1"),
    )
]
MOST_CHARS = 200


@dataclass(frozen=True)
class Meaning:
    """split: "train", "val", "test", or None where the name has none; metric: "loss", "accuracy", "error_rate", "f1", …

    level: "step" or "epoch" where the name says over what a number is the mean (Lightning's `loss_epoch`); qualifier: words
    of the name that are not understood ("robust"), or "".
    """

    role: Role
    split: str | None = None
    metric: str = ""
    level: Literal["step", "epoch"] | None = None
    qualifier: str = ""

    @property
    def name(self) -> str:
        """The metric with its qualifier, as it is kept in a Run."""
        return f"{self.qualifier.replace(' ', '_')}_{self.metric}" if self.qualifier else self.metric


OTHER = Meaning("other")


@lru_cache(maxsize=4096)
def meaning(name: str) -> Meaning:
    """What a column of this name holds, as far as its words say."""
    words = words_of(name)
    if not words:
        return OTHER
    split, rest = _split(words)
    plain = [w for w in rest if w not in NEUTRAL]
    if set(rest) & DECOYS and not set(plain) <= SECONDS | STEPS:
        return Meaning("decoy")
    if _is_lr(words):
        return Meaning("lr")
    metric, left = _metric(rest)
    if metric:
        level: Any = rest[-1] if rest[-1] in ("step", "epoch") else None
        left = left[:-1] if level else left
        return Meaning("metric", split, metric, level, " ".join(w for w in left if w not in NEUTRAL))
    return Meaning(_bare_role(words, plain, split), split)


def task_of(names: Iterable[str]) -> str | None:
    """Another task than classification that the names of a log's metrics speak of, or None.

    One that has an accuracy of images is a classification run whatever else it logs.
    """
    tasks: dict[str, int] = {}
    for name in names:
        words = words_of(name)
        found = {TASK_OF[w] for w in words if w in TASK_OF}
        if {"mean", "average"} & set(words) and {"precision"} <= set(words):
            found.add("detection")
        if {"absolute", "squared"} & set(words) and "error" in words:
            found.add("regression")
        sense = meaning(name)
        if (
            sense.metric in ("accuracy", "error_rate", "top5_accuracy")
            and not sense.qualifier
            and sense.level != "step"
            and not found
        ):
            return None
        for task in found:
            tasks[task] = tasks.get(task, 0) + 1
    return max(tasks, key=lambda t: tasks[t]) if tasks else None


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """The lower-case words of a name: `valAccuracy`, `val/acc@1` and `Valid Acc. (%)` taken apart."""
    text = re.sub(r"([a-z]{2})([A-Z][a-z])", r"\1 \2", name[:MOST_CHARS].replace("_", " "))
    text = text.lower().replace("miou", " miou ")
    for spelling, word in SPELLINGS:
        text = spelling.sub(word, text)
    words: list[str] = []
    for word in re.findall(r"[^\W_]+", text):
        words += _apart(word)
    return tuple(words)


def _apart(word: str) -> list[str]:
    """A word written together: `trainloss`, `valacc`."""
    found = re.fullmatch(
        r"(train|val|valid|validation|test|eval|tr|v|t)(loss|acc|accuracy|acc1|acc5|top1|top5|err|error|f1)", word
    )
    if found is None:
        return [word]
    first = {"v": "val", "t": "train"}.get(found[1], found[1])
    return [first, found[2]]


def _split(words: tuple[str, ...]) -> tuple[str | None, list[str]]:
    if {"learning", "rate"} <= set(words):
        return None, list(words)
    split = next((SPLIT_OF[w] for w in words if w in SPLIT_OF), None)
    return split, [w for w in words if w not in SPLIT_OF]


def _is_lr(words: tuple[str, ...]) -> bool:
    return "lr" in words or {"learning", "rate"} <= set(words) or "learningrate" in words


def _metric(words: list[str]) -> tuple[str, list[str]]:
    """The metric that the words name, and the words left over; "" where they name none."""
    have = set(words)
    kinds: tuple[tuple[bool, str, set[str]], ...] = (
        (bool(have & UNUSUAL), "", set()),
        (bool(have & TOP5 - TOP5_ERRORS) and not have & (ERRORS | LOSSES), "top5_accuracy", TOP5 | ACCURACIES | FLAVOURS),
        (bool(have & TOP5) and not have & LOSSES, "top5_error", TOP5 | ERRORS | ACCURACIES | FLAVOURS),
        (bool(have & LOSSES), "loss", LOSSES | FLAVOURS),
        (bool(have & {"balanced", "macro"} and have & ACCURACIES), "balanced_accuracy", ACCURACIES | {"balanced", "macro"}),
        (
            bool(have & ERRORS) and not have & {"absolute", "squared", "mean", "std"},
            "error_rate",
            ERRORS | ACCURACIES | {"rate"},
        ),
        (bool(have & ACCURACIES), "accuracy", ACCURACIES | FLAVOURS | {"rate"}),
    )
    for there, metric, own in kinds:
        if there:
            return metric, [w for w in words if w not in own]
    word = next((w for w in words if w in NAMED), None)
    if word is None or {"mean", "average"} & have:
        return "", words
    kind = next((k for k in ("macro", "weighted") if k in have), None)
    name = f"{kind}_{NAMED[word]}" if kind else NAMED[word]
    return name, [w for w in words if w not in (word, kind, "roc", "cohen", "corrcoef", "quadratic")]


def _bare_role(words: tuple[str, ...], plain: list[str], split: str | None) -> Role:
    """The role of a name without a metric."""
    have = set(words)
    alone = set(plain) - {"num", "number", "no", "idx", "index", "id", "current", "i"}
    roles: tuple[tuple[bool, Role], ...] = (
        (bool(have & EPOCHS) and not alone - EPOCHS - {"float"} and split is None, "epoch"),
        (bool(alone) and alone <= STEPS and "per" not in have, "step"),
        (bool(have & CLOCK) or words == ("wall",), "clock"),
        (bool(alone) and alone <= SECONDS and "eta" not in have and ("per" not in have or "epoch" in have), "seconds"),
        (len(words) == 1 and words[0] in SPLIT_COLUMNS, "split"),
        (bool(alone) and alone <= RUNS, "run"),
    )
    return next((role for there, role in roles if there), "other")

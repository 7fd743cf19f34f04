"""The model has not fitted its own training images.

What it checks: at the best epoch the training accuracy is low, no later epoch fits better, and training is not ahead of validation.

Why it matters: no regulariser helps a model that cannot yet represent its training data; it needs more trained layers,
more epochs or another learning rate.

When it is wrong: strong augmentation and MixUp make training images harder than they are, and wrong labels cannot be
fitted honestly. Where an evaluation-mode pass was logged, it is used.

How sure: judged: whether more training or layers would help is known only after trying.

Source: Goodfellow, Bengio, Courville 2016, section 5.2 and chapter 11.
"""

from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("train.accuracy", "val.accuracy")
WORST = "warning"
JUDGED = 0.8  # a judgement, which orders the findings: no measured frequency
LOW = 0.8  # convention: one training image in five is still wrong
LATE = 0.7  # convention: from there on the best epoch is near the end
BEYOND = (
    0.5  # how far it speaks for thawing more where a block is trained already: in docs/recommendations.md that changed little
)
AHEAD = 0.05  # convention: five points; with a wider gap the model generalises badly rather than fits badly


def check(run: Run, *, low: float = LOW, ahead: float = AHEAD) -> Iterator[Finding]:
    """Report a low training accuracy without a gap; `low` is that accuracy, `ahead` the widest gap."""
    best = measures.best_epoch(run)
    log = run.at(best.epoch) if best else None
    if best is None or log is None or best.val_accuracy is None:
        return
    gap = measures.gap(run)
    if gap is not None and gap.accuracy_onset_epoch is not None and gap.accuracy_onset_epoch <= best.epoch:
        return
    trained = log.train.get("eval_accuracy", log.train.get("accuracy"))
    if trained is None or trained - best.val_accuracy > ahead or (measures.highest_training_accuracy(run) or trained) >= low:
        return
    message = (
        f"At the best epoch ({best.epoch}) only {wording.percent(trained)} of the training images are classified correctly, and "
        f"{wording.percent(best.val_accuracy)} of the validation images: the model fits too little, rather than too much."
    )
    advice = [Advice(actions.UNFREEZE_GRADUALLY, message, 1.0 if run.config.get("unfreeze") == "head" else BEYOND)]
    if best.epoch > LATE * len(
        run.epochs
    ):  # after an early best epoch more of the same changes nothing, or only the luck of the choice
        advice.append(Advice(actions.at(actions.TRAIN_LONGER, epochs=2 * len(run.epochs)), message))
    yield Finding(
        title="Underfitting",
        severity="warning",
        confidence=JUDGED,
        basis="judged",
        message=message,
        evidence={"train_accuracy": trained, "val_accuracy": best.val_accuracy, "threshold": low},
        advice=advice,
    )

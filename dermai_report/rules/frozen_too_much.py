"""Most of the network is frozen, and the part that learns has not fitted the training data.

What it checks: the configuration freezes early layers (`unfreeze` is "head" or "layer4+fc"), and at the best epoch the
training accuracy is still well under 100 %, and no later epoch fits much better: the features of the frozen layers limit both sets.

Why it matters: features learned on everyday photographs lack the textures of, say, skin; letting layer3 and then layer2
adapt is usually the largest single gain in fine-tuning, larger than any regulariser.

When it is wrong: augmentation and label noise also keep training accuracy down. With a few hundred images the earlier
layers overfit instead: watch the validation loss when each phase starts.

How sure: judged: whether other layers would help is known only after training them.

Source: Kornblith, Shlens, Le 2019; Howard and Ruder 2018.
"""

from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("config", "train.accuracy")
WORST = "info"
JUDGED = 0.6  # a judgement, which orders the findings: no measured frequency
ALL_FROZEN = 0.9  # likewise, where only the last layer is trained
BEYOND = (
    0.5  # how far it speaks for thawing more where a block is trained already: in docs/recommendations.md that changed little
)
FITTED = 0.95  # convention: above it the trained part can represent nearly all training images
FROZEN = ("head", "layer4+fc")


def check(run: Run, *, fitted: float = FITTED) -> Iterator[Finding]:
    """Report a frozen network whose training accuracy stays below `fitted` and explains half of the validation error."""
    best, unfreeze = measures.best_epoch(run), run.config.get("unfreeze")
    if unfreeze not in FROZEN or best is None or best.train_accuracy is None:
        return
    if (measures.highest_training_accuracy(run) or 0.0) >= fitted:
        return
    if best.val_accuracy is None or 1 - best.train_accuracy < (1 - best.val_accuracy) / 2:
        return
    phase = next((e.phase for e in run.epochs if e.epoch == best.epoch), None)
    trained = phase or unfreeze  # the layer groups themselves: those of another network than ResNet have other names
    message = (
        f"Only {trained} is trained, and at epoch {best.epoch} {wording.percent(best.train_accuracy)} of the training images are "
        f"classified correctly ({wording.percent(best.val_accuracy)} of the validation images): more than half of the error is there on "
        "the training images as well. As logged, their accuracy is an average over the epoch, augmentation included."
    )
    yield Finding(
        title="The frozen layers may limit the model",
        severity="info",
        confidence=JUDGED if unfreeze != "head" else ALL_FROZEN,
        basis="judged",
        message=message,
        evidence={
            "unfreeze": unfreeze,
            "trained": trained,
            "train_accuracy": best.train_accuracy,
            "val_accuracy": best.val_accuracy,
        },
        advice=[Advice(actions.UNFREEZE_GRADUALLY, message, 1.0 if unfreeze == "head" else BEYOND)],
    )

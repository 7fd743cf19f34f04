"""What was measured: numbers with their intervals, None for what cannot be known."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from dermai_report.report.record import Interval, Record, Verdict
from dermai_report.run import Parent


class RunFacts(Record, frozen=True):
    """Which run this is; config: what was chosen, for `dermai-train --apply`; parent: the run it was made from."""

    id: str
    name: str
    source: str
    path: str
    classes: list[str]
    n_epochs: int
    status: str
    seconds: float | None = None
    config: dict[str, Any] = msgspec.field(default_factory=dict)
    parent: Parent | None = None


class ByAccuracy(Record, frozen=True):
    """The epoch with the highest validation accuracy."""

    epoch: int
    val_accuracy: float


class BestEpoch(Record, frozen=True):
    """The epoch to ship, what chose it (`by`), and the epochs that the data cannot tell from it.

    Its intervals allow for having been chosen among these. They are None where too little was logged, or the sample has too few errors.
    """

    epoch: int
    by: Literal["val_loss", "val_accuracy"]
    val_loss: float | None
    val_accuracy: float | None
    train_loss: float | None
    train_accuracy: float | None
    by_val_accuracy: ByAccuracy | None
    indistinguishable: list[int]
    indistinguishable_basis: str | None = None
    one_standard_error: int | None = None
    checkpoint: str | None = None
    checkpoint_epoch: int | None = None
    val_loss_ci95: Interval | None = None
    val_accuracy_ci95: Interval | None = None


class LastEpoch(Record, frozen=True):
    """The last epoch logged."""

    epoch: int
    val_loss: float | None
    val_accuracy: float | None
    train_loss: float | None
    train_accuracy: float | None


class Overfitting(Record, frozen=True):
    """Does the validation loss really rise? Confidence in [0, 1]; onset is the first epoch of the rise.

    onset_ci90: 5-95 % interval of the onset epoch; rise: relative rise of the validation loss above the minimum of its fit
    (0.05 is 5 %); elevated_epochs: epochs after the best that stay above it; reason: one sentence a reader can check.
    """

    verdict: Verdict
    overfit: bool
    onset_epoch: int | None
    confidence: float
    onset_ci90: tuple[int, int] | None = None
    rise: float | None = None
    elevated_epochs: int = 0
    reason: str = ""


class Gap(Record, frozen=True):
    """Train minus validation accuracy, and validation minus train loss, per epoch (None where not logged).

    onset_epoch: first epoch after which the loss gap (or, without losses, the accuracy gap) stays above twice its noise.
    at_best, at_last: the accuracy gap there (loss gap where no accuracy was logged).
    """

    accuracy: list[float | None]
    loss: list[float | None]
    onset_epoch: int | None
    at_best: float | None
    at_last: float | None
    accuracy_onset_epoch: int | None = None
    loss_onset_epoch: int | None = None
    trend_p: float | None = None
    basis: str | None = None


class Parts(Record, frozen=True):
    """The drop taken apart, in fractions of accuracy; None where a part cannot be known.

    selection: what choosing the epoch added to the validation score; label_shift: what the class mix explains; sampling: the
    half width of the interval by sampling alone; unexplained: the drop less selection and label shift, sampling included.
    """

    selection: float | None = None
    sampling: float | None = None
    label_shift: float | None = None
    unexplained: float | None = None


class Generalization(Record, frozen=True):
    """From validation to test: `drop` is validation minus test accuracy of the same epoch's model, or of the same averaged predictions."""

    val_accuracy: float | None
    test_accuracy: float | None
    drop: float | None
    drop_ci95: Interval | None
    significant: bool | None
    parts: Parts
    n_val: int | None = None
    n_test: int | None = None
    n_needed: int | None = None
    epoch: int | None = None
    corrected_drop: float | None = None
    corrected_ci95: Interval | None = None
    basis: str | None = None
    optimism_at_most: float | None = None
    label_shift_ci95: Interval | None = None


class ClassScore(Record, frozen=True):
    """One class on the test set; `class_name` is `class` in JSON. Intervals are 95 %."""

    class_name: str = msgspec.field(name="class")
    n: int
    precision: float | None
    precision_ci95: Interval | None
    recall: float | None
    recall_ci95: Interval | None
    f1: float | None
    f1_ci95: Interval | None
    specificity: float | None
    specificity_ci95: Interval | None
    auroc: float | None
    auroc_ci95: Interval | None
    average_precision: float | None = None
    average_precision_ci95: Interval | None = None


class Calibration(Record, frozen=True):
    """How far the probabilities can be believed: expected calibration error (15 equal-mass bins), Brier score, NLL, the
    temperature fitted on validation, and the test NLL with it.

    ece_by_chance: the 95 % quantile of the error that a perfectly calibrated model shows with as many samples; ece_p: how often it
    shows the measured one;
    overconfidence: mean confidence minus accuracy. temperature_gain: nats of test NLL that dividing by the temperature saves.
    """

    ece: float | None
    brier: float | None
    nll: float | None
    temperature: float | None
    ece_ci95: Interval | None = None
    ece_by_chance: float | None = None
    ece_p: float | None = None
    overconfidence: float | None = None
    overconfidence_error: float | None = None
    nll_with_temperature: float | None = None
    brier_ci95: Interval | None = None
    nll_ci95: Interval | None = None
    temperature_gain: float | None = None
    temperature_gain_ci95: Interval | None = None


class Subgroup(Record, frozen=True):
    """The test samples with one value of a further column, such as skin_tone; `value` is empty where it was not stated.

    n_groups: how many groups (patients) are behind them; rest_accuracy: of all other samples; p: of its accuracy being no lower
    than theirs, adjusted for all comparisons; p_same_classes: the same among samples of the same class, not adjusted; too_few:
    the interval of the accuracy is too wide to say.
    """

    column: str
    value: str
    n: int
    n_groups: int | None
    accuracy: float
    accuracy_ci95: Interval
    balanced_accuracy: float
    balanced_accuracy_ci95: Interval
    rest_accuracy: float
    p: float | None
    p_same_classes: float | None
    too_few: bool

    @property
    def name(self) -> str:
        """The column and the value in words."""
        return f"{self.column} {self.value or '(not stated)'}"


class WithoutLeaked(Record, frozen=True):
    """The test evaluation without the images of which a copy is in another split: how many these are, and what is left."""

    leaked: int
    n: int
    accuracy: float
    accuracy_ci95: Interval


class TestScores(Record, frozen=True):
    """The test evaluation with its intervals."""

    n: int | None
    accuracy: float | None
    accuracy_ci95: Interval | None
    loss: float | None
    macro_f1: float | None
    balanced_accuracy: float | None
    mcc: float | None
    auroc_macro: float | None
    confusion: list[list[int]] | None
    per_class: list[ClassScore]
    calibration: Calibration | None
    macro_f1_ci95: Interval | None = None
    balanced_accuracy_ci95: Interval | None = None
    mcc_ci95: Interval | None = None
    loss_ci95: Interval | None = None
    epoch: int | None = None
    checkpoint: str | None = None
    majority_accuracy: float | None = None
    auroc_macro_ci95: Interval | None = None
    n_groups: int | None = None
    subgroups: list[Subgroup] = msgspec.field(default_factory=list)
    without_leaked: WithoutLeaked | None = None
    kappa: float | None = None
    kappa_ci95: Interval | None = None
    average_precision_macro: float | None = None
    average_precision_macro_ci95: Interval | None = None

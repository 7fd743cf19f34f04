"""Values of a configuration that are each within their range and do not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dermai_report.errors import DermaiError

if TYPE_CHECKING:
    from dermai_report.train.config import TrainConfig


def check(config: TrainConfig) -> None:
    """Raise DermaiError for the first pair that excludes each other."""
    if config.val_fraction + config.test_fraction >= 1:
        raise DermaiError(
            f"val_fraction {config.val_fraction:g} and test_fraction {config.test_fraction:g} leave nothing to train",
            "together they must be below 1",
        )
    if config.folds == 1 or not bool(config.fold) == bool(config.folds) or config.fold > config.folds:
        raise DermaiError(
            f"fold {config.fold} of {config.folds} folds", "give both: --folds of 2 or more, and --fold from 1 to that many"
        )
    if config.views and config.frozen_bn != "eval":
        raise DermaiError("views are kept as features of the frozen layers, which must not change", "add --frozen-bn eval")
    if config.views and config.unfreeze == "full":
        raise DermaiError("views are kept as features of the frozen layers, and none is frozen", "choose another --unfreeze")
    if config.views and (config.mixup or config.cutmix):
        raise DermaiError("mixup and cutmix mix images anew each time, and views keep features", "use one of the two")
    if config.ema and config.swa_start:
        raise DermaiError(
            f"ema {config.ema:g} and swa_start {config.swa_start:g}: one network can be evaluated, and both would be it",
            "set one of them to 0",
        )
    if config.swa_lr and not config.swa_start:
        raise DermaiError(f"swa_lr {config.swa_lr:g}, and no weights are averaged", "add --swa-start 0.75")
    if config.swa_anneal_epochs and not config.swa_lr:
        raise DermaiError(
            f"swa_anneal_epochs {config.swa_anneal_epochs}, and no learning rate to turn to", "add --swa-lr, such as 0.0005"
        )

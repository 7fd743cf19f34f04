"""What can be done next: actions that rules share. A rule gives the reason; here stand the title, the patch and the doubt.

Patches are configuration keys of dermai-train. `effect` is a prior for the size of the effect, in [0, 1], that the support of the
action is multiplied by; `effect_when_short` is the same for a training of few steps, which regularisers mostly slow down. Beside the
first stands what it rests on: *literature*, the action's source says that it helps; *measured*, docs/recommendations.md moved it;
*judged*, neither. The second is measured there, where nothing else is said: of n trainings with the action, by how many more lowered
the test loss than raised it, divided by n + 4 (four without an effect are added, so that few trainings say little), to the nearest
.05 and never below it.

`disproof` says what would prove an action wrong, and `predictions` say it for a program; where no further run can show it,
`unchecked` says why. All of an action's predictions are to hold, so each is a claim that the action is worthless without.
"""

from __future__ import annotations

import msgspec

from dermai_report.report import Action, Prediction

LOSS_FALLS = Prediction("loss", "lower")
LOSS_HOLDS = Prediction("loss", "not higher", margin=0.05)  # less than the rise that counts as one in measures/overfitting.py
GAP_SHRINKS = Prediction("gap", "lower")
BY_HAND = "People find this out; no further run can."
OTHER_IMAGES = "The test images are others afterwards, so no further run can be held against this one."

SHIP_BEST = Action(
    id="ship-best-checkpoint",
    title="Ship the checkpoint of the best epoch, not the last one",
    patch={},
    disproof="The last epoch scores at least as well on the test set.",
    effect=0.9,  # judged
    unchecked="No further run shows it: evaluate both models of this one on the same test images.",
)
EARLY_STOPPING = Action(
    id="early-stopping",
    title="Stop early on the validation loss",
    patch={"early_stopping": 3},
    disproof="It trains as long as before, or a longer run reaches a validation loss that is lower by 5 % or more.",
    effect=0.05,  # measured, and it cannot lower the validation loss of a best checkpoint
    on=("early_stopping",),
    source="Prechelt 1998, Early Stopping - But When?",
    predictions=(Prediction("epochs_trained", "lower"), LOSS_HOLDS),
)
UNFREEZE_GRADUALLY = Action(
    id="unfreeze-gradually",
    title="Unfreeze layer3, then layer2, gradually, with smaller learning rates for earlier layers",
    patch={"unfreeze": "gradual", "layer_lr_decay": 0.3},
    disproof="Validation loss with the earlier layers trained is no lower.",
    effect=0.8,  # measured
    decided_by="unfreeze",
    blocked=(("unfreeze", "full", "All layers are trained from the start."),),
    source="Howard and Ruder 2018 (gradual unfreezing); Kornblith et al. 2019 (full fine-tuning beats frozen features)",
    predictions=(LOSS_FALLS,),
)
COSINE = Action(
    id="cosine-schedule",
    title="Anneal the learning rate with a cosine (cyclic or warm restarts are the alternatives)",
    patch={"schedule": "cosine", "warmup_epochs": 1},
    disproof="The best validation loss is no lower than with the schedule before, over three seeds.",
    effect=0.45,  # literature
    effect_when_short=0.05,
    decided_by="schedule",
    blocked=(("schedule", "one-cycle", "The schedule anneals the learning rate already."),),
    source="Loshchilov and Hutter 2017 (cosine, warm restarts); Smith 2017 (cyclic)",
    predictions=(LOSS_FALLS,),
)
WARM_RESTARTS = Action(
    id="warm-restarts",
    title="Try warm restarts or a cyclic learning rate",
    patch={"schedule": "warm-restarts"},
    disproof="The best validation loss is no lower than with the schedule before.",
    effect=0.25,  # literature
    effect_when_short=0.05,  # judged, as that of the cosine
    decided_by="schedule",
    source="Loshchilov and Hutter 2017; Smith 2017",
    predictions=(LOSS_FALLS,),
)
LOWER_LR = Action(
    id="lower-learning-rate",
    title="Lower the learning rate",
    patch={},  # the rate of the run decides: see `lower_rate`
    disproof="The validation loss moves as much from epoch to epoch as before.",
    effect=0.3,  # measured
    predictions=(Prediction("movement", "lower"),),
)
DROPOUT = Action(
    id="dropout",
    title="Dropout before the classification layer",
    patch={"dropout": 0.3},
    disproof="The gap does not shrink, or validation loss rises by 5 % or more.",
    effect=0.25,  # literature
    effect_when_short=0.05,
    on=("dropout",),
    source="Srivastava et al. 2014",
    predictions=(GAP_SHRINKS, LOSS_HOLDS),
)
WEIGHT_DECAY = Action(
    id="weight-decay",
    title="Weight decay 1e-4, decoupled (AdamW)",
    patch={"optimizer": "adamw", "weight_decay": 0.0001},
    disproof="The gap does not shrink, or validation loss rises by 5 % or more.",
    effect=0.25,  # literature
    effect_when_short=0.05,
    on=("weight_decay",),
    source="Loshchilov and Hutter 2019",
    predictions=(GAP_SHRINKS, LOSS_HOLDS),
)
STRONGER_AUGMENTATION = Action(
    id="stronger-augmentation",
    title="Stronger augmentation: random crop, affine, colour, erasing",
    patch={"augment": "strong"},
    decided_by="augment",
    disproof="Validation loss is no lower after as many epochs again: stronger augmentation learns more slowly.",
    effect=0.5,  # literature
    effect_when_short=0.05,
    source="Shorten and Khoshgoftaar 2019; Zhong et al. 2020 (erasing)",
    predictions=(LOSS_FALLS,),
)
MIX = Action(
    id="mixup-cutmix",
    title="MixUp and CutMix, one or the other for each batch",
    patch={"mixup": 0.2, "cutmix": 1.0},
    disproof="Validation loss is no lower; the training loss is no longer comparable, so look at validation only.",
    effect=0.4,  # literature
    effect_when_short=0.3,
    on=("mixup", "cutmix"),
    source="Zhang et al. 2018; Yun et al. 2019",
    predictions=(LOSS_FALLS,),
)
LABEL_SMOOTHING = Action(
    id="label-smoothing",
    title="Label smoothing 0.1",
    patch={"label_smoothing": 0.1},
    disproof="The test loss of the two models, each with its temperature, is no lower.",
    effect=0.3,  # literature
    effect_when_short=0.6,
    on=("label_smoothing",),
    source="Szegedy et al. 2016; Mueller, Kornblith, Hinton 2019",
    predictions=(Prediction("loss_with_temperature", "lower", split="test"),),
)
AVERAGE_WEIGHTS = Action(
    id="average-weights",
    title="Average the weights of the last quarter of the epochs (SWA)",
    patch={"swa_start": 0.75},
    disproof="The lowest validation loss is no lower, over the same seeds, than that of the best single epoch.",
    effect=0.35,  # literature
    effect_when_short=0.1,
    on=("swa_start", "ema"),
    source="Izmailov et al. 2018",
    predictions=(LOSS_FALLS,),
)
TEST_TIME_AUGMENTATION = Action(
    id="test-time-augmentation",
    title="Average the predictions for each image and its mirror image",
    # The first two views; quarter turns, which follow, are of no use to a network that was not trained on them.
    patch={"tta": 2},
    disproof="The test loss on the same images is no lower.",
    effect=0.3,  # literature
    effect_when_short=0.55,
    on=("tta",),
    off=1,
    blocked=(("augment", "none", "Training saw no mirrored images."),),
    source="Krizhevsky et al. 2012; Shanmugam et al. 2021 (when it hurts)",
    predictions=(Prediction("loss", "lower", split="test"),),
)
AVERAGE_BEST_EPOCHS = Action(
    id="average-best-epochs",
    title="Average the predictions of the three best epochs",
    patch={"ensemble": 3},
    disproof="The test loss on the same images is no lower.",
    effect=0.3,  # literature
    effect_when_short=0.3,
    on=("ensemble",),
    off=1,
    source="Chen, Lundberg and Lee 2017 (checkpoint ensembles); Huang et al. 2017 (snapshot ensembles)",
    predictions=(Prediction("loss", "lower", split="test"),),
)
CROSS_VALIDATION = Action(
    id="cross-validation",
    title="Repeat over folds and seeds before believing a difference",
    patch={},
    disproof="The spread over five folds is small against the difference in question.",
    effect=0.35,  # literature
    source="Bouthillier et al. 2021, Accounting for Variance in Machine Learning Benchmarks",
    unchecked="dermai-train cv measures the spread; a single further run cannot.",
)
LOG_PREDICTIONS = Action(
    id="log-predictions",
    title="Log the test and validation predictions and the sample counts",
    patch={},
    disproof="Nothing: without them no interval on the test result can be given.",
    effect=0.8,  # judged
    unchecked="It changes what is known, not the model, so no further run can show it.",
)
LOOK_AT_CONFUSIONS = Action(
    id="look-at-confusions",
    title="Look at the confusion matrix: which classes are taken for which",
    patch={},
    disproof="Errors spread evenly over the pairs of classes.",
    effect=0.4,  # judged
    unchecked=BY_HAND,
)
CHECK_LABELS = Action(
    id="check-labels",
    title="Have a second reader check the labels of the most surprising samples",
    patch={},
    disproof="A second reader agrees with the labels of the fifty samples with the highest loss.",
    effect=0.4,  # literature
    source="Northcutt, Jiang, Chuang 2021 (confident learning)",
    unchecked=BY_HAND,
)
BALANCE_CLASSES = Action(
    id="balance-classes",
    title="Weigh or resample the rare classes",
    patch={"class_weights": False, "balanced_sampling": True},
    disproof="Macro F1 is no higher; the frequent classes lose what the rare ones win.",
    effect=0.5,  # literature: of rare classes, rather than of the loss
    on=("class_weights", "balanced_sampling"),
    source="Buda, Maki, Mazurowski 2018",
    predictions=(Prediction("macro_f1", "higher"),),
)
COUNT_CLASSES = Action(
    id="count-classes",
    title="Count the images of each class and split: is a class rare?",
    patch={},
    disproof="The classes are about equally frequent.",
    effect=0.3,  # judged
    unchecked=BY_HAND,
)
TRAIN_LONGER = Action(
    id="train-longer",
    title="Train longer",
    patch={},
    disproof="The validation loss is no lower, or no later epoch is the best.",
    effect=0.7,  # measured
    predictions=(LOSS_FALLS, Prediction("best_epoch", "higher")),
)
SMALLER_BATCHES = Action(
    id="smaller-batches",
    title="Smaller batches: more steps of the optimizer in the same epochs",
    patch={"batch_size": 8},
    disproof="Validation loss is no lower after as many epochs.",
    effect=0.45,  # literature
    effect_when_short=0.05,
    source="Masters and Luschi 2018 (batches of 2 to 32 generalise best)",
    predictions=(LOSS_FALLS,),
)
TEMPERATURE = Action(
    id="temperature-scaling",
    title="Divide the logits by the fitted temperature before showing probabilities to anyone",
    patch={"temperature_scaling": True},
    disproof="The test loss on the same images is no lower.",
    effect=0.3,  # literature
    on=("temperature_scaling",),
    source="Guo et al. 2017",
    predictions=(Prediction("loss", "lower", split="test"),),
)
FIX_SEED = Action(
    id="fix-seed",
    title="Fix and log the seed, and train from a committed state",
    patch={"seed": 0},
    disproof="Nothing: a run that cannot be repeated cannot be compared.",
    effect=0.1,  # judged
    unchecked="It promises no better run, so none can be held against it.",
)
CLIP_GRADIENTS = Action(
    id="clip-gradients",
    title="Clip the gradient norm",
    patch={"clip_grad_norm": 1.0},
    disproof="The loss still leaves the finite numbers.",
    effect=0.4,  # literature
    on=("clip_grad_norm",),
    source="Pascanu, Mikolov, Bengio 2013",
    predictions=(Prediction("not_finite", "none"),),
)


SPLIT_AGAIN = Action(
    id="split-again",
    title="Remove the shared images from one of the splits and train again",
    patch={},
    disproof="The score without the shared images is the same as with them.",
    effect=0.8,  # judged
    unchecked=OTHER_IMAGES,
)
SPLIT_BY_GROUP = Action(
    id="split-by-group",
    title="Keep all images of a group (patient) on one side of the split, and train again",
    patch={},
    disproof="The score on images of new groups is the same as on those of known ones.",
    effect=0.8,  # judged
    unchecked=OTHER_IMAGES,
)
LOOK_AT_IMAGES = Action(
    id="look-at-images",
    title="Look at the images that show little, and take out those that nobody could name",
    patch={},
    disproof="An expert names what they show.",
    effect=0.2,  # judged
    unchecked=BY_HAND,
)


COLLECT_SUBGROUP = Action(
    id="collect-subgroup",
    title="Collect more images of the weak subgroup, for training and for the test",
    patch={},
    disproof="With more of its images the accuracy of the subgroup is as far below the rest as before.",
    effect=0.4,  # literature
    source="Daneshjou et al. 2022 (fine-tuning on diverse skin tones closes the gap)",
    unchecked=OTHER_IMAGES,
)


def at(action: Action, **patch: object) -> Action:
    """The same action with a patch that fits the run at hand."""
    return msgspec.structs.replace(action, patch=patch)


def known() -> dict[str, Action]:
    """Every action by its id, as it stands here: without the patch that a rule gives it for a run."""
    return {action.id: action for action in globals().values() if isinstance(action, Action)}

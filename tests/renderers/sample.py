"""Reports made by hand: a full one, one about which nothing is known, and one whose every text is hostile."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from dermai_report import report as r

CLASSES = [
    "Acne",
    "Basal cell carcinoma",
    "Eczema",
    "Melanoma",
    "Nevus",
    "Psoriasis",
    "Seborrheic keratosis",
]
TRAIN_LOSS = [1.62, 1.18, 0.93, 0.76, 0.62, 0.51, 0.42, 0.35, 0.29, 0.24]
VAL_LOSS = [1.32, 1.08, 0.97, 0.921, 0.905, 0.894, 0.902, 0.931, 0.968, 1.012]
TRAIN_ACCURACY = [0.4527, 0.588, 0.662, 0.721, 0.769, 0.808, 0.842, 0.871, 0.893, 0.915]
VAL_ACCURACY = [0.5397, 0.611, 0.648, 0.667, 0.679, 0.684, 0.688, 0.690, 0.687, 0.681]
CONFUSION = [
    [151, 3, 21, 2, 4, 14, 5],
    [4, 132, 6, 19, 11, 5, 23],
    [26, 4, 118, 3, 5, 38, 6],
    [2, 22, 3, 121, 39, 2, 11],
    [5, 9, 4, 31, 143, 2, 6],
    [17, 5, 41, 2, 3, 126, 6],
    [6, 25, 8, 14, 12, 7, 128],
]


def _wilson(hits: float, n: int) -> r.Interval:
    z, p = 1.96, hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half, middle + half)


def lines(
    id: str = "loss", train: list[Any] | None = None, val: list[Any] | None = None, unit: r.Unit = "nats", **more: Any
) -> r.LineChart:
    train, val = train or TRAIN_LOSS, val or VAL_LOSS
    x = [float(i) for i in range(1, len(train) + 1)]
    name = "Loss" if unit == "nats" else "Accuracy"
    fields: dict[str, Any] = {
        "id": id,
        "title": f"{name} per epoch",
        "caption": "The validation loss is lowest at epoch 6 (0.894 nats) and rises to 1.012 by epoch 10, while the "
        "training loss keeps falling.",
        "x_label": "Epoch",
        "y_label": f"{name} ({'nats per sample' if unit == 'nats' else 'percent'})",
        "unit": unit,
        "series": [
            r.Series(label="Training", role="train", x=x, y=train),
            r.Series(label="Validation", role="val", x=x, y=val),
        ],
        "marks": [r.Mark(x=6.0, label="lowest, epoch 6"), r.Mark(x=8.0, until=10.0, label="rise from 8")],
    }
    return r.LineChart(**(fields | more))


def reliability() -> r.LineChart:
    said = [0.31, 0.44, 0.55, 0.64, 0.73, 0.81, 0.88, 0.93, 0.97, 0.99]
    right = [0.29, 0.36, 0.47, 0.52, 0.58, 0.66, 0.74, 0.80, 0.88, 0.95]
    return r.LineChart(
        id="reliability",
        title="Reliability",
        caption="The model claims more than it delivers: of the predictions made at about 81 % confidence, 66 % are right.",
        x_label="Predicted confidence",
        y_label="Accuracy",
        unit="percent",
        square=True,
        series=[
            r.Series(label="Perfect calibration", role="reference", x=[0.0, 1.0], y=[0.0, 1.0]),
            r.Series(
                label="Test set",
                role="test",
                x=said,
                y=list(right),
                low=[max(0.0, y - 0.08) for y in right],
                high=[min(1.0, y + 0.08) for y in right],
            ),
        ],
    )


def matrix(labels: list[str] | None = None, counts: list[list[int]] | None = None) -> r.MatrixChart:
    return r.MatrixChart(
        id="confusion",
        title="Confusion matrix",
        caption="The most frequent mistake is Psoriasis taken for Eczema (41 of 200 images, 20.5 %).",
        row_label="True class",
        column_label="Predicted class",
        labels=labels or CLASSES,
        counts=counts or CONFUSION,
    )


def intervals(labels: list[str] | None = None) -> r.IntervalChart:
    labels = labels or CLASSES
    bars = []
    for i, label in enumerate(labels):
        value = CONFUSION[i % 7][i % 7] / sum(CONFUSION[i % 7])
        low, high = _wilson(value * 200, 200)
        bars.append(r.Bar(label=label, value=value, low=low, high=high, n=200))
    return r.IntervalChart(
        id="recall",
        title="Recall of each class",
        caption="Eczema has the lowest recall, 59.0 %; its interval and that of Melanoma overlap.",
        x_label="Recall (percent)",
        unit="percent",
        bars=bars,
        reference=0.656,
        reference_label="mean",
    )


def class_scores(labels: list[str] | None = None) -> list[r.ClassScore]:
    scores = []
    for i, label in enumerate(labels or CLASSES):
        k = i % 7
        n, hits = sum(CONFUSION[k]), CONFUSION[k][k]
        said = sum(row[k] for row in CONFUSION)
        recall, precision = hits / n, hits / said
        f1 = 2 * recall * precision / (recall + precision)
        scores.append(
            r.ClassScore(
                class_name=label,
                n=n,
                precision=precision,
                precision_ci95=_wilson(hits, said),
                recall=recall,
                recall_ci95=_wilson(hits, n),
                f1=f1,
                f1_ci95=(f1 - 0.05, f1 + 0.05),
                specificity=0.94,
                specificity_ci95=(0.927, 0.951),
                auroc=0.91,
                auroc_ci95=(0.89, 0.93),
            )
        )
    return scores


ACTION = r.Action(id="unfreeze", title="Unfreeze in stages", patch={}, disproof="")
RULE_TEXT = """The validation loss rises while the training loss falls.

What it checks
: the minimum of a smooth fit of the validation loss, and whether the loss after it is *really* higher.

Why it matters
: a model past its minimum is more confident and no more right; its probabilities are the first thing to go.

When it is wrong

- with fewer than five epochs after the minimum;
- with a validation set of a few dozen images, where `val_loss` is mostly noise.

Source: [Prechelt, Early stopping, but when?](https://doi.org/10.1007/3-540-49430-8_3)
"""


def full() -> r.Report:
    """A run of 10 epochs on 7 classes that overfits from epoch 8, with everything known."""
    loss = lines()
    accuracy = lines(
        "accuracy",
        list(TRAIN_ACCURACY),
        list(VAL_ACCURACY),
        "percent",
        title="Accuracy per epoch",
        y_label="Accuracy (%)",
        caption="The validation accuracy is flat from epoch 5 on: 67.9 to 69.0 %, within its noise of ± 2.4 points.",
        marks=[r.Mark(x=6.0, label="lowest loss, epoch 6"), r.Mark(x=8.0, label="highest accuracy, epoch 8")],
    )
    gap = r.LineChart(
        id="gap",
        title="Gap between training and validation",
        unit="points",
        x_label="Epoch",
        y_label="Accuracy gap (points)",
        caption="Training accuracy is 23.4 points above validation accuracy at the last epoch.",
        series=[
            r.Series(
                label="Training minus validation",
                role="neutral",
                x=[float(i) for i in range(1, 11)],
                y=[a - b for a, b in zip(TRAIN_ACCURACY, VAL_ACCURACY, strict=True)],
                low=[a - b - 0.03 for a, b in zip(TRAIN_ACCURACY, VAL_ACCURACY, strict=True)],
                high=[a - b + 0.03 for a, b in zip(TRAIN_ACCURACY, VAL_ACCURACY, strict=True)],
            )
        ],
    )
    rate = r.LineChart(
        id="lr",
        title="Learning rate",
        unit="plain",
        x_label="Epoch",
        y_label="Learning rate",
        caption="Constant at 0.001 for 6 epochs, then 0.0001.",
        series=[r.Series(label="Group 1", role="neutral", x=[float(i) for i in range(1, 11)], y=[1e-3] * 6 + [1e-4] * 4)],
    )
    return r.Report(
        version="0.1.0",
        run=r.RunFacts(
            id="20250301T101500_resnet18-10-epochs_a1b2c3",
            name="resnet18-10-epochs",
            source="native",
            path="runs/resnet18-10-epochs",
            classes=CLASSES,
            n_epochs=10,
            status="finished",
            seconds=412.0,
        ),
        headline="Ship epoch 6: 65.6 % right on the test set, and overfitting after it",
        answers=[
            r.Answer(
                question="Is the model good enough?",
                answer="Not for decisions on its own",
                tone="warning",
                detail="It is right on 65.6 % of 1,401 test images (95 % interval 63.1 to 68.1 %). Whether that is enough "
                "depends on the use; no target was set.",
            ),
            r.Answer(
                question="Which epoch do I ship?",
                answer="Epoch 6",
                tone="good",
                detail="It has the lowest validation loss, 0.894. Epochs 5 to 7 cannot be told from it.",
            ),
            r.Answer(
                question="Did it overfit?",
                answer="Yes, from epoch 8",
                tone="bad",
                detail="The validation loss rises by 13 % after epoch 6 while the training loss falls; confidence 97 %.",
            ),
            r.Answer(
                question="What should I do next?",
                answer="Augment more strongly",
                tone="neutral",
                detail="It addresses the widest gap; if the gap at the best epoch stays above 10 points, it was wrong.",
            ),
        ],
        numbers=[
            r.KeyNumber(label="Test accuracy", value=0.656, unit="percent", ci95=(0.631, 0.681), at="test.json"),
            r.KeyNumber(label="Validation loss, epoch 6", value=0.894, unit="nats", ci95=(0.842, 0.949), at="epochs.jsonl:6"),
            r.KeyNumber(label="Macro F1", value=0.655, unit="plain", ci95=(0.629, 0.68), at="test.json"),
            r.KeyNumber(
                label="Drop, validation to test", value=0.028, unit="points", ci95=(-0.007, 0.063), note="may be chance"
            ),
            r.KeyNumber(label="Calibration error", value=0.092, unit="percent", ci95=(0.071, 0.117)),
            r.KeyNumber(label="Training time", value=412.0, unit="seconds"),
        ],
        best_epoch=r.BestEpoch(
            epoch=6,
            by="val_loss",
            val_loss=0.894,
            val_accuracy=0.684,
            train_loss=0.51,
            train_accuracy=0.808,
            by_val_accuracy=r.ByAccuracy(epoch=8, val_accuracy=0.69),
            indistinguishable=[5, 6, 7],
            checkpoint="model/dermai_model.pth",
            checkpoint_epoch=6,
        ),
        last_epoch=r.LastEpoch(epoch=10, val_loss=1.012, val_accuracy=0.681, train_loss=0.24, train_accuracy=0.915),
        overfitting=r.Overfitting(
            verdict="certain",
            overfit=True,
            onset_epoch=8,
            confidence=0.97,
            onset_ci90=(7, 9),
            rise=0.13,
            elevated_epochs=3,
            reason="The validation loss is 13 % above its minimum.",
        ),
        gap=r.Gap(
            accuracy=[a - b for a, b in zip(TRAIN_ACCURACY, VAL_ACCURACY, strict=True)],
            loss=[],
            onset_epoch=4,
            at_best=0.124,
            at_last=0.234,
        ),
        generalization=r.Generalization(
            val_accuracy=0.684,
            test_accuracy=0.656,
            drop=0.028,
            drop_ci95=(-0.007, 0.063),
            significant=False,
            n_val=1400,
            n_test=1401,
            epoch=6,
            parts=r.Parts(selection=0.004, sampling=0.024, label_shift=0.0, unexplained=0.0),
        ),
        test=r.TestScores(
            n=1401,
            accuracy=0.656,
            accuracy_ci95=(0.631, 0.681),
            loss=0.951,
            macro_f1=0.655,
            macro_f1_ci95=(0.629, 0.68),
            balanced_accuracy=0.656,
            balanced_accuracy_ci95=(0.631, 0.68),
            mcc=0.599,
            mcc_ci95=(0.57, 0.628),
            auroc_macro=0.912,
            confusion=CONFUSION,
            per_class=class_scores(),
            epoch=6,
            checkpoint="model/dermai_model.pth",
            majority_accuracy=0.143,
            calibration=r.Calibration(ece=0.092, ece_ci95=(0.071, 0.117), brier=0.462, nll=0.951, temperature=1.42),
        ),
        findings=[
            r.Finding(
                title="The model overfits from epoch 8",
                severity="error",
                confidence=0.97,
                basis="calibrated",
                rule="overfitting",
                message="The validation loss is lowest at epoch 6 (0.894) and 13 % higher at epoch 10 (1.012), while the "
                "training loss falls from 0.51 to 0.24.",
                evidence={"best_epoch": 6, "onset_epoch": 8, "onset_ci90": (7, 9), "rise": 0.132, "test": "paired"},
                charts=[gap],
            ),
            r.Finding(
                title="Melanoma is taken for nevus",
                severity="warning",
                confidence=0.84,
                basis="judged",
                rule="confused_pair",
                message="39 of 200 melanomas (19.5 %) were predicted as Nevus.",
                evidence={"true": "Melanoma", "predicted": "Nevus", "count": 39, "rate": 0.195},
            ),
            r.Finding(
                title="The learning rate fell once",
                severity="info",
                confidence=1.0,
                basis="counted",
                rule="learning_rate",
                message="It fell from 0.001 to 0.0001 after epoch 6.",
                evidence={"epochs": list(range(1, 11))},
            ),
        ],
        recommendations=[
            r.Recommendation(
                action="augment",
                title="Augment more strongly",
                priority=1,
                status="suggested",
                why=["The accuracy gap is 12.4 points at the best epoch and 23.4 at the last."],
                patch={"augment": "strong", "mixup": 0.2},
                rules=["overfitting"],
                strength=0.61,
                disproof="The gap at the best epoch stays above 10 points in the next run.",
                source="Shorten & Khoshgoftaar 2019",
            ),
            r.Recommendation(
                action="weight_decay",
                title="Use weight decay",
                priority=2,
                status="suggested",
                why=["The training loss keeps falling while validation rises."],
                patch={"optimizer": {"weight_decay": 0.05}, "epochs": 30},
                rules=["overfitting"],
                disproof="Validation loss at its minimum is not lower.",
            ),
            r.Recommendation(
                action="early_stopping",
                title="Stop early",
                priority=None,
                status="already_on",
                why=["Overfits from epoch 8."],
                patch={"patience": 3},
                rules=["overfitting"],
                reason="patience is 5 in this run",
            ),
        ],
        skipped=[
            r.Skipped(rule="leakage", reason="no group (patient) was logged for each image"),
            r.Skipped(rule="label_noise", reason="no per-sample losses of each epoch; log predictions/val_epochs"),
        ],
        notes=[
            "One run with one seed: how much another seed would change these numbers is not known.",
            "Nothing says that two images of one patient are not in training and test both.",
        ],
        charts=[loss, accuracy, rate, matrix(), intervals(), reliability()],
        tables=[
            r.Table(
                id="epochs",
                title="Every epoch",
                columns=["Epoch", "Training loss", "Validation loss"],
                caption="As logged.",
                rows=[
                    [
                        r.Cell(value=i + 1, unit="epoch"),
                        r.Cell(value=TRAIN_LOSS[i], unit="nats"),
                        r.Cell(value=VAL_LOSS[i], unit="nats", ci95=(VAL_LOSS[i] - 0.05, VAL_LOSS[i] + 0.05)),
                    ]
                    for i in range(10)
                ],
            )
        ],
        provenance=[
            r.Fact(label="Run", value="20250301T101500_resnet18-10-epochs_a1b2c3"),
            r.Fact(label="Seed", value="42"),
            r.Fact(label="Data fingerprint", value="9f2c0e6d1b7a4f55"),
            r.Fact(label="Git revision", value="3f1c2aa"),
            r.Fact(label="Checkpoint", value="model/dermai_model.pth (epoch 6, sha256 5d41402abc4b2a76…)"),
        ],
        rules=[
            r.RuleText(rule="overfitting", title="Overfitting", text=RULE_TEXT),
            r.RuleText(rule="confused_pair", title="Confused pair", text="Two classes taken for each other."),
        ],
    )


def nothing_known() -> r.Report:
    """A run that logged one training loss and nothing else."""
    return r.Report(
        version="0.1.0",
        run=r.RunFacts(id="x", name="x", source="csv", path="x.csv", classes=[], n_epochs=1, status="unknown"),
        headline="Nothing can be said of this model: no validation and no test were logged",
        answers=[r.Answer(question="Is the model good enough?", answer="Not known", detail="No test set.", tone="unknown")],
        numbers=[r.KeyNumber(label="Test accuracy", value=None, unit="percent", note="no test set was evaluated")],
        best_epoch=None,
        last_epoch=None,
        overfitting=r.Overfitting(verdict="unknown", overfit=False, onset_epoch=None, confidence=0.0),
        gap=None,
        generalization=r.Generalization(
            val_accuracy=None, test_accuracy=None, drop=None, drop_ci95=None, significant=None, parts=r.Parts()
        ),
        test=None,
        findings=[],
        recommendations=[],
        skipped=[r.Skipped(rule="overfitting", reason="no validation loss")],
        notes=[],
        charts=[],
        tables=[],
        provenance=[],
        rules=[],
    )


def with_text(report: r.Report, text: str) -> r.Report:
    """The report with every free text replaced, as if a log had said it; names that steer (units, tones) stay."""
    return msgspec.convert(_replaced(msgspec.to_builtins(report), text), r.Report)


_FREE = {
    "name",
    "path",
    "source",
    "headline",
    "question",
    "answer",
    "detail",
    "label",
    "note",
    "at",
    "title",
    "message",
    "rule",
    "action",
    "disproof",
    "reason",
    "caption",
    "x_label",
    "y_label",
    "row_label",
    "column_label",
    "reference_label",
    "text",
    "class",
    "id",
    "checkpoint",
}


def _replaced(value: Any, text: str, key: str = "") -> Any:
    if isinstance(value, dict):
        if key in ("evidence", "patch"):
            return {text: text, "list": [text, text], "table": {text: text}}
        return {k: _replaced(v, text, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_replaced(item, text, key) for item in value]
    if isinstance(value, str) and (key in _FREE or key in {"classes", "labels", "columns", "notes", "why", "rules"}):
        return text
    return text if isinstance(value, str) and key == "value" else value


HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover=\'x\' style="position:fixed"><img src=http://evil.example/x>',
    "markdown": "| a | `b` **c** [d](http://evil.example) @team #123 <!-- --> ![x](//evil.example/y) :smile: $x$\n# h\n- [ ] t",
    "fence": "```\n````\n</details></table>\n~~~",
    "control": "a\x00b\x1b[31mc\r\nd\u202eevil\u2066\u200b\ufeff\ud800\ufffe",
    "long": "x" * 10_000,
    "wide words": "Ein sehr langer Name mit vielen Wörtern " * 50,
    "arabic": "سرطان الجلد \u202b שפה",
    "zalgo": "a" + "\u0301" * 500,
    "empty": "",
    "style": "</style></svg><style>*{display:none}</style>{{ 7*7 }}{% raw %}",
}


def hostile(kind: str = "script") -> r.Report:
    """The full report, every text of it hostile."""
    return with_text(full(), HOSTILE[kind])


def large(classes: int = 100, epochs: int = 300) -> r.Report:
    """A run of many classes and epochs."""
    labels = [f"Class number {i:03d}" for i in range(classes)]
    counts = [[(7 * i + 3 * j) % 11 if i != j else 60 + i for j in range(classes)] for i in range(classes)]
    train = [0.1 + 1.5 * math.exp(-i / 60) for i in range(epochs)]
    val = [0.9 + 0.6 * math.exp(-i / 30) + 0.001 * i + 0.01 * math.sin(1.7 * i) for i in range(epochs)]
    base = full()
    assert base.test is not None
    return msgspec.structs.replace(
        base,
        run=msgspec.structs.replace(base.run, classes=labels, n_epochs=epochs),
        charts=[
            lines("loss", train, val),
            lines("accuracy", [1 - t / 2 for t in train], [1 - v / 2 for v in val], "percent"),
            matrix(labels, counts),
            intervals(labels),
            reliability(),
        ],
        test=msgspec.structs.replace(base.test, confusion=counts, per_class=class_scores(labels)),
        tables=[],
    )

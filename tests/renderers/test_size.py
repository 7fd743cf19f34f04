"""How large a page may be, for whole runs from their numbers to the page: it does not grow with the samples."""

import numpy as np
import pytest

from dermai_report import diagnose
from dermai_report.renderers import html, md
from tests import builders

NAMES = tuple(f"skin condition {i:03d}" for i in range(100))


def run(n, classes, epochs):
    val = [0.9 + 0.6 * np.exp(-i / 20) + 0.001 * i + 0.01 * np.sin(1.7 * i) for i in range(epochs)]
    train = [0.1 + 1.5 * np.exp(-i / 40) for i in range(epochs)]
    rng = np.random.default_rng(0)
    names = NAMES[:classes]
    outcome = builders.predictions(rng, n, k=classes)
    return builders.run(
        classes=names,
        epochs=builders.epochs(train, val, [1 - t / 2 for t in train], [1 - v / 2 for v in val], lr=[1e-3] * epochs),
        data=builders.Data(counts={split: dict.fromkeys(names, 100) for split in ("train", "val", "test")}),
        predictions={"test": outcome, "val": builders.predictions(rng, 1000, k=classes)},
        test=builders.evaluation(outcome, classes, epochs),
    )


def size(n, classes=10, epochs=10):
    return len(html.render(diagnose(run(n, classes, epochs))).encode())


def test_ten_classes_and_epochs_take_little_however_many_samples_there_are():
    few, many = size(1_000), size(1_000_000)
    assert few < 400_000
    assert abs(many - few) < 0.1 * few


@pytest.mark.parametrize("n", [2_000, 50_000])
def test_a_hundred_classes_and_three_hundred_epochs_stay_below_a_megabyte(n):
    report = diagnose(run(n, 100, 300))
    assert len(html.render(report).encode()) < 1_000_000
    assert len(md.render(report)) <= md.MAX_CHARS

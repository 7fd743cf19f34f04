"""Some labels are contradicted by confident predictions on images that were not trained on.

What it checks: test and validation samples that the model confidently gives to another class than their label, and
whether there are more of them than a calibrated model with right labels would produce.

Why it matters: wrong labels in the test set put a ceiling on every score, and the same hands usually labelled the
training set.

When it is wrong: a confident model is also confidently wrong: a systematic error looks like label noise. An expert has
to look at the samples; nothing here says that a label is wrong.

How sure: calibrated, by simulation: .5, .6 or .7 for less than 5, 10 or more suspects in 100 samples beyond what is
expected, as a model that is too sure of itself does the same.

Source: confident learning, Northcutt, Jiang, Chuang 2021.
"""

import math
from collections.abc import Iterator

from dermai_report import actions, measures, wording
from dermai_report.report import Advice, Finding
from dermai_report.run import Run

NEEDS = ("test.probabilities|val.probabilities",)
WORST = "warning"
# By the share of samples that are suspects beyond what is expected. Of simulated findings on seeds that these were not
# chosen by, .72, .63 and .50 were right: a model that is too sure of itself looks the same.
CONFIDENCE = ((0.10, 0.7), (0.05, 0.6), (0.0, 0.5))
SURPRISE = 3.0  # standard deviations of a Poisson number: one false alarm in about 700 clean sets
MOST = 10


def check(run: Run, *, surprise: float = SURPRISE) -> Iterator[Finding]:
    """Report more suspects than expected by `surprise` standard deviations, the most suspicious first."""
    named, expected, n = [], 0.0, 0
    for split in ("test", "val"):
        outcome = run.predictions.get(split)
        if outcome is None or outcome.probabilities is None or not len(outcome):
            continue
        found = measures.suspected_labels(outcome.label, outcome.probabilities)
        expected += measures.expected_suspects(outcome.label, outcome.probabilities)
        n += len(outcome)
        named += [
            [split, outcome.sample[i], run.classes[outcome.label[i]], run.classes[s]]
            for i, s in zip(found.place[:MOST].tolist(), found.suggested[:MOST].tolist(), strict=True)
        ] + [[]] * max(0, len(found.place) - MOST)
    count = len(named)
    if count <= expected + surprise * math.sqrt(max(expected, 1.0)):
        return
    first = [entry for entry in named if entry][:3]
    words = [f"{sample} ({split}: labelled {label}, predicted {suggested})" for split, sample, label, suggested in first]
    message = (
        f"{count} of {n:,} held-out samples are confidently given to another class than their label; right labels and calibrated "
        f"probabilities would give about {expected:.0f}. The most suspicious: {wording.listed(words)}."
    )
    yield Finding(
        title="Some labels may be wrong, or the model is confidently wrong",
        severity="warning",
        confidence=next(sure for share, sure in CONFIDENCE if count - expected >= share * n),
        basis="calibrated",
        message=message,
        evidence={"suspects": count, "expected": expected, "samples": [e for e in named if e][:MOST]},
        advice=[Advice(actions.CHECK_LABELS, message)],
    )

"""Labels that a trained model contradicts, on the pictures that it was not trained on: the predictions of a run, held against the data."""

from __future__ import annotations

from collections.abc import Sequence

from dermai_report.audit import Labels, Suspect
from dermai_report.datasets.audit.pairs import image
from dermai_report.datasets.items import Item
from dermai_report.errors import DermaiError
from dermai_report.measures import expected_suspects, suspected_labels
from dermai_report.run import Run


def suspicion(items: Sequence[Item], run: Run) -> Labels:
    """Confident learning on the run's validation and test predictions of these pictures, found by their paths.

    Raises DermaiError where the run has no probabilities, or of other pictures.
    """
    by_path = {item.sample: item for item in items}
    outcomes = [outcome for _, outcome in sorted(run.predictions.items()) if outcome.probabilities is not None]
    if not outcomes:
        raise DermaiError(f"{run.path} has no predictions with probabilities", "log_evaluation('val', …), or dermai-train")
    n, expected, suspects = 0, 0.0, []
    for outcome in outcomes:
        assert outcome.probabilities is not None
        n += sum(sample in by_path for sample in outcome.sample)
        expected += expected_suspects(outcome.label, outcome.probabilities)
        found = suspected_labels(outcome.label, outcome.probabilities)
        for place, suggested in zip(found.place.tolist(), found.suggested.tolist(), strict=True):
            item = by_path.get(outcome.sample[place])
            if item is not None:
                margin = outcome.probabilities[place, outcome.label[place]] - outcome.probabilities[place, suggested]
                suspects.append((float(margin), Suspect(image=image(item), suggested=run.classes[suggested])))
    if not n:
        raise DermaiError(f"{run.path} predicted none of these pictures", "name a run that was trained on this data set")
    suspects.sort(key=lambda s: s[0])
    return Labels(by=run.id, n=n, expected=round(expected, 2), suspects=[suspect for _, suspect in suspects])

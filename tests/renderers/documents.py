"""A comparison and an index with something of everything, for any names."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from dermai_report.comparison import compare
from dermai_report.report import Comparison, Index, Listed, ListedExperiment
from dermai_report.run import Parent, Run
from tests import builders
from tests.comparison import pairs


def comparison(names: tuple[str, ...] = builders.CLASSES, text: str = "plain") -> Comparison:
    """A baseline with two runs: one better, with changed settings, one about equal; every text of them is `text`."""

    def told(run: Run, config: dict[str, object]) -> Run:
        outcome = run.predictions["test"]
        outcome = replace(outcome, sample=[f"{text}-{i}" for i in range(len(outcome))])
        parent = Parent(id=pairs.BASELINE.id, path=text, actions=["stronger-augmentation", "fix-seed", text])
        facts = {"name": f"{text} {run.name}", "classes": names, "path": text, "config": config, "parent": parent}
        return replace(run, predictions={"test": outcome, "val": outcome}, **facts)

    base = dict(pairs.BASELINE.config)
    better = {**base, **pairs.BETTER.config, "note": text, f"key {text}": 1}
    return compare(told(pairs.BASELINE, base), [told(pairs.BETTER, better), told(pairs.EQUAL, base)])


def of_two() -> Comparison:
    """One run against its baseline."""
    return compare(pairs.BASELINE, [pairs.BETTER])


def index(text: str = "plain", runs: int = 4) -> Index:
    """An index with runs that are linked, one that is running, one made from another, one that cannot be read, and experiments."""
    lines = [
        Listed(
            id=f"{text} {i}", name=text, path=text, status="finished", verdict="Ship epoch 3 of 4. Overfitting: no sign of it.",
            tone="good", started="2026-01-01T00:00:00Z", n_epochs=4, best_epoch=3, overfitting="none", val_loss=0.5,
            val_accuracy=0.8, val_accuracy_ci95=(0.75, 0.85), test_accuracy=0.79, test_accuracy_ci95=(0.74, 0.84),
            curve=[1.0, 0.7, 0.5, 0.6], best_at=2, report=f"{text}/report.html",
        )
        for i in range(runs)
    ]  # fmt: skip
    running = Listed(id="r", name=text, path=text, status="running", verdict="No validation metric was logged", tone="unknown")
    broken = Listed(id="b", name=text, path=text, status="unknown", verdict="Cannot be read", tone="unknown", error=text)
    child = msgspec.structs.replace(running, id="c", parent=Parent(id=f"{text} 0", path=text, actions=[text]), parent_name=text)
    tried = ListedExperiment(
        id=f"{text} e", name=text, path=text, kind="try", headline=text, started="2026-01-01T00:00:00Z", trials=3, finished=2,
        report=f"{text}/experiment.html",
    )  # fmt: skip
    lost = ListedExperiment(id="l", name=text, path=text, kind="unknown", headline="Cannot be read", error=text)
    listed = [*lines, running, child, broken]
    return Index(
        version="0", path=text, headline=f"{runs + 3} runs in {text}", runs=listed, notes=[text], experiments=[tried, lost]
    )

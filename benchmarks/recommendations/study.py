"""Does the first recommendation of a report help? Troubles are induced on real pictures, and each run is trained again with what
its report recommends first, with a random action, and with the first of a fixed list; the same seeds and test pictures for all.

    python -m benchmarks.recommendations.study --idx /usr/share/datasets/fashion-mnist --photos DIR --work DIR
        [--cases fashion.noise,digits.few] [--seeds 1-5] [--label before] [--arms first,fixed]
        [--actions dropout,train-longer]

--idx: Fashion-MNIST's files (Debian: dataset-fashion-mnist); --photos: photographs, DIR/<class>/* or DIR/<split>/<class>/*; --work
receives the runs and what was chosen, and a second call goes on where the first stopped. --label names what was chosen, so that one
work folder holds the choices of several versions. --actions trains with these, where they apply, in
place of the arms. Then see table.py and actions.py.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.recommendations.arms import ARMS, applicable, choices
from benchmarks.recommendations.pretrained import weights
from benchmarks.recommendations.sources import Source, draw, save, sources
from benchmarks.recommendations.troubles import EPOCHS, HELD_OUT, TROUBLES, Trouble
from dermai_report import diagnose
from dermai_report.experiment.trials import Done
from dermai_report.storage.experiment_files import Trial, run_of
from dermai_report.storage.run_reading import read_run_directory
from dermai_report.train import checkpoints
from dermai_report.train.config import TrainConfig
from dermai_report.train.experiments import trial


def config_of(source: Source, trouble: Trouble, seed: int, data: Path, start: Path) -> dict[str, Any]:
    """The default recipe with the trouble in it. One thread, so that trials can run side by side and give the same."""
    common = {"data": str(data), "weights": str(start), "image_size": source.side, "seed": seed}
    return {**common, "epochs": EPOCHS, "threads": 1, "audit": False, **trouble.config}


def prepare(source: Source, trouble: Trouble, seed: int, path: Path) -> None:
    """The pictures of a seed with the trouble in them."""
    if path.exists():
        return
    splits = dict(draw(source, seed))
    images, labels = splits["train"]
    kept, spoiled = trouble.spoil(labels, np.random.default_rng([seed, 1]))
    splits["train"] = images[kept], spoiled
    save(splits, path)


def name_of(patch: Mapping[str, Any]) -> str:
    """A folder's name for a patch: equal patches are trained once."""
    return "+".join(f"{key}={value}" for key, value in sorted(patch.items())) or "baseline"


def trained(work: Path, place: str, config: Mapping[str, Any], changes: Mapping[str, Any]) -> Done:
    """The run with this patch, trained unless it is there. Its weights are not kept: a thousand runs would take 50 GB."""
    record = TrainConfig.from_mapping({**config, **changes}).record()
    planned = Trial(name=f"{place}/{name_of(changes)}", config=record, seed=config["seed"])
    with patch.multiple(checkpoints, save_state=_unread, export_last=_unread):
        trial.carry_out(work / "runs", planned, "", None, quiet=True)
    run = run_of(work / "runs", planned)
    assert run is not None
    shutil.rmtree(run / "model", ignore_errors=True)
    return Done(planned, read_run_directory(run))


def _unread(*_: object) -> None:
    """What resuming needs, and the exported model: nothing here reads them, and they are half of the time of so short a training."""


@dataclass(frozen=True)
class Wish:
    """What is trained beside each troubled run: the runs of these arms, or those of these actions where any are named."""

    label: str
    arms: Sequence[str] = ARMS
    actions: Sequence[str] = ()


def one(work: Path, source: Source, trouble_name: str, seed: int, start: Path, wish: Wish) -> None:
    """A case with one seed: the troubled run, its report, and what is trained beside it."""
    trouble, place = {**TROUBLES, **HELD_OUT}[trouble_name], f"{source.name}.{trouble_name}/seed-{seed}"
    data = work / "data" / f"{place.replace('/', '.')}.npz"
    prepare(source, trouble, seed, data)
    config = config_of(source, trouble, seed, data, start)
    baseline = trained(work, place, config, {})
    if wish.actions:
        patches = [changes for action, changes in applicable(baseline.run).items() if action in wish.actions]
    else:
        chosen = choices(baseline.run, diagnose(baseline.run).recommendations, place)
        file = work / "choices" / wish.label / f"{place}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({arm: choice._asdict() for arm, choice in chosen.items()}, indent=1))
        patches = [choice.patch for arm, choice in chosen.items() if choice.action and arm in wish.arms]
    for changes in patches:
        trained(work, place, config, changes)


def seeds_of(text: str) -> range:
    """1-5: from one to five."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("--idx", "--photos", "--work"):
        parser.add_argument(option, required=True)
    parser.add_argument("--cases", type=words)
    parser.add_argument("--seeds", type=seeds_of, default=range(1, 6))
    parser.add_argument("--label", default="now")
    parser.add_argument("--arms", type=words, default=ARMS)
    parser.add_argument("--actions", type=words, default=())
    given = parser.parse_args()
    work, known = Path(given.work), sources(given.idx, given.photos)
    wish, start = Wish(given.label, given.arms, given.actions), weights(work, given.idx)
    for case in given.cases or [f"{s}.{t}" for s in known for t in TROUBLES]:
        source, _, trouble = case.partition(".")
        for seed in given.seeds:
            one(work, known[source], trouble, seed, start, wish)


if __name__ == "__main__":
    main()

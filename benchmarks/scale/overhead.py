"""What scheduling costs: eight trainings on loky, Ray and Dask beside a bare loop of train() in fresh processes. Do all give the same?

    python benchmarks/scale/overhead.py [--jobs 2] [--only plain,loky,ray,dask] [--work FOLDER] [--epochs 18]

A unit is everything from the command to its end: starting the cluster, its workers, torch in each of them. The bare loop starts a
process a training, as many at a time as there are jobs, and knows nothing of experiments. Both train the same configurations
(four folds of two seeds of ResNet18 on scikit-learn's digits) and must come to the same weights, losses and test predictions.
With --work, units that were measured before are kept, so that each can be run by itself; ratios are of what is in the folder. A
machine that is slower in one unit than in another spoils ratios, so the part of the workers' time that went into epochs stands beside them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks" / "training")]

from load import other_load  # noqa: E402

from dermai_report.storage.experiment_files import Trial, read_experiment, run_of  # noqa: E402
from dermai_report.train.checkpoints import BEST  # noqa: E402
from dermai_report.train.config import TrainConfig  # noqa: E402
from dermai_report.train.experiments import plan  # noqa: E402
from dermai_report.train.experiments.options import threads_for  # noqa: E402

FOLDS, SEEDS = 4, 2
RECIPE = {"data": "digits", "weights": "none", "unfreeze": "full", "batch_size": 64}
UNITS = ("plain", "loky", "ray", "dask")
ALONE = """
import json, sys
from dermai_report.train import process
process.prepare()
from dermai_report.train.config import TrainConfig
from dermai_report.train.loop import train
from dermai_report.train.progress import silent
with silent() as progress:
    train(TrainConfig.from_mapping(json.loads(sys.argv[1])), "", progress)
"""


def trials(epochs: int, jobs: int) -> list[Trial]:
    return plan.cross_validation(TrainConfig.from_mapping({**RECIPE, "epochs": epochs}), FOLDS, SEEDS, threads_for(jobs))


def plain(folder: Path, epochs: int, jobs: int, environment: dict[str, str]) -> None:
    """A fresh process for each training, `jobs` at a time."""

    def train(trial: Trial) -> None:
        config = json.dumps({**trial.config, "runs": str(folder / trial.name)})
        subprocess.run([sys.executable, "-c", ALONE, config], check=True, env=environment)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(train, trials(epochs, jobs)))


def engine(name: str, folder: Path, epochs: int, jobs: int, environment: dict[str, str]) -> Path:
    """The command as a user types it; returns the experiment's directory."""
    values = {**RECIPE, "epochs": epochs, "runs": folder, "folds": FOLDS, "seeds": SEEDS, "jobs": jobs, "backend": name}
    words = [word for key, value in values.items() for word in (f"--{key.replace('_', '-')}", str(value))]
    command = [sys.executable, "-m", "dermai_report.cli.train", "cv", *words]
    done = subprocess.run(command, check=False, env=environment, text=True, capture_output=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return Path(done.stdout.split()[-1])


def in_epochs(run: Path) -> float:
    """Seconds of a training that its epochs took."""
    return sum(json.loads(line)["seconds"] for line in (run / "epochs.jsonl").read_text().splitlines())


def results(runs: Iterable[Path]) -> list[str]:
    """A digest of each training: its best weights, every epoch but for its seconds, and the test predictions."""
    found = []
    for run in runs:
        epochs = [json.loads(line) for line in (run / "epochs.jsonl").read_text().splitlines()]
        numbers = json.dumps([{**epoch, "seconds": 0} for epoch in epochs], sort_keys=True).encode()
        files = (run / BEST, run / "test.json", run / "predictions" / "test.parquet")
        found.append(hashlib.sha256(numbers + b"".join(file.read_bytes() for file in files)).hexdigest())
    return found


def measure(unit: str, work: Path, epochs: int, jobs: int) -> dict[str, object]:
    folder = work / f"{unit}-{jobs}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(work / "cache")}
    with other_load() as load:
        start = time.perf_counter()
        if unit == "plain":
            plain(folder, epochs, jobs, environment)
        else:
            experiment = engine(unit, folder, epochs, jobs, environment)
        seconds = time.perf_counter() - start
    planned = trials(epochs, jobs)
    if unit != "plain":
        folder, planned = experiment, read_experiment(experiment).trials
    runs = [run for trial in planned if (run := run_of(folder, trial))]
    return {
        "unit": unit,
        "jobs": jobs,
        "seconds": seconds,
        "load": load(),
        "in_epochs": sum(map(in_epochs, runs)) / (jobs * seconds),
        "results": results(runs),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default=",".join(UNITS))
    parser.add_argument("--epochs", type=int, default=18)
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        log = work / "units.jsonl"
        for unit in options.only.split(","):
            with log.open("a") as file:
                file.write(json.dumps(measure(unit, work, options.epochs, options.jobs)) + "\n")
        tell([json.loads(line) for line in log.read_text().splitlines()])


def tell(units: list[dict[str, object]]) -> None:
    """A line a unit: its time beside that of the latest bare loop with as many jobs, and whether all its results are the same."""
    loops = {u["jobs"]: u for u in units if u["unit"] == "plain"}
    for unit in units:
        loop = loops.get(unit["jobs"])
        line = f"{unit['unit']:6} {unit['jobs']} at a time {unit['seconds']:7.1f} s"
        line += f"  other load {unit['load']:.0%}  in epochs {unit['in_epochs']:.1%}"
        if loop and unit is not loop:
            same = sum(a == b for a, b in zip(unit["results"], loop["results"], strict=True))
            line += (
                f"  {unit['seconds'] / loop['seconds'] - 1:+.1%} of the bare loop  {same} of {len(loop['results'])} the same"
            )
        print(line)


if __name__ == "__main__":
    main()

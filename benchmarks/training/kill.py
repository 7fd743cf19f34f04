"""kill -9 at random moments, then --resume, until the run is done: the log and the weights must be those of an undisturbed run.

python benchmarks/training/kill.py [--kills 200] [--epochs 8] [--seed 0] [--only RECIPE]

Every attempt is a process of its own, forked from this one after torch was imported, so that the kills fall into the command's own
work: reading the pictures, training, writing, the export, the last evaluation. The recipes take turns kill by kill, so that each gets
the same number of them; their pictures are small.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from dermai_report.cli.train import main as dermai_train
from dermai_report.storage.run_directory import read_manifest
from dermai_report.train import loop  # noqa: F401  every attempt shares what this imports

SHARED = ["--weights", "none", "--image-size", "32", "--batch-size", "16", "--threads", "1", "--cache", "none"]
RECIPES = {
    "the recipe itself": ["--model", "resnet18", "--train-eval", "16"],
    "everything that has a state": [
        "--ema",
        "0.9",
        "--mixup",
        "0.2",
        "--dropout",
        "0.2",
        "--schedule",
        "cosine",
        "--ensemble",
        "2",
    ],
    "gradual": ["--unfreeze", "gradual", "--unfreeze-every", "2", "--frozen-bn", "eval", "--accumulate", "2"],
    "averaged epochs": ["--swa-start", "0.4", "--swa-lr", "0.0005", "--on-nan", "skip", "--clip-grad-norm", "1"],
    "views": ["--model", "resnet18", "--frozen-bn", "eval", "--views", "2", "--optimizer", "adamw"],
}
SMALL = ["--model", "mobilenet_v3_small"]  # overruled by the recipes that name another


def attempt(words: list[str]) -> multiprocessing.Process:
    process = multiprocessing.get_context("fork").Process(target=command, args=(words,))
    process.start()
    return process


def command(words: list[str]) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.exit(dermai_train(words))


def digest(state: dict) -> str:
    return hashlib.sha256(b"".join(value.numpy().tobytes() for value in state.values())).hexdigest()


def weights(run: Path) -> dict[str, str]:
    files = {f.name: digest(torch.load(f, weights_only=True)) for f in sorted((run / "model").glob("*.pth"))}
    last = torch.load(run / "model" / "last.ckpt", weights_only=True)
    average = {"average": digest(last["average"]["net"])} if last["average"] else {}
    return {**files, **average, "last.ckpt": digest(last["net"])}


def log(run: Path) -> list[dict]:
    lines = [json.loads(line) for line in (run / "epochs.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def test(run: Path) -> dict:
    return json.loads((run / "test.json").read_text())


def outcome(run: Path) -> tuple:
    return log(run), weights(run), test(run)


def runs_in(root: Path) -> list[Path]:
    return [path for path in root.glob("2*") if (path / "run.json").exists()]


def write_pictures(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for split, count in (("train", 24), ("val", 8), ("test", 8)):
        for label, brightness in (("dark", 90), ("light", 150), ("middle", 120)):
            place = folder / split / label
            place.mkdir(parents=True)
            for n in range(count):
                pixels = rng.normal(brightness, 60, (32, 32, 3)).clip(0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(place / f"{n}.png")


@dataclass
class Course:
    """One recipe: what it makes undisturbed, its runs so far, and where in them it was killed."""

    name: str
    words: list[str]
    folder: Path
    duration: float
    expected: tuple
    runs: int = 1
    kills: Counter = field(default_factory=Counter)

    @property
    def present(self) -> Path:
        return self.folder / f"run{self.runs}"

    def go_on(self, seconds: float | None) -> None:
        """Start the present run or resume it, and kill it after so many seconds; one that ends is compared, and the next begins."""
        found = runs_in(self.present)
        process = attempt(["--resume", str(found[-1])] if found else [*self.words, "--runs", str(self.present)])
        process.join(seconds)
        process.kill()
        process.join()
        if process.exitcode == -9:
            self.kills[stage(runs_in(self.present))] += 1
            if any(read_manifest(run).status == "finished" for run in runs_in(self.present)):
                self.compare()  # killed between the run's last file and the end of its process: nothing is left to resume
        elif process.exitcode:
            raise SystemExit(f"{self.name}: exit status {process.exitcode}: {found or self.words}")
        else:
            self.compare()

    def compare(self) -> None:
        (run,) = runs_in(self.present)
        same = [ours == theirs for ours, theirs in zip(outcome(run), self.expected, strict=True)]
        print(
            f"{self.name}, run {self.runs}, {self.kills.total()} kills so far; log, weights, test the same: {same}", flush=True
        )
        if not all(same):
            raise SystemExit("they differ")
        self.runs += 1


def stage(found: list[Path]) -> str:
    """How far a run had come when it was killed."""
    if not found:
        return "no run yet"
    log = found[-1] / "epochs.jsonl"
    lines = log.read_bytes().count(b"\n") if log.exists() else 0
    return f"{lines} epochs"


def undisturbed(name: str, words: list[str], folder: Path) -> Course:
    start = time.perf_counter()
    attempt([*words, "--runs", str(folder / "whole")]).join()
    (run,) = runs_in(folder / "whole")
    course = Course(name, words, folder, time.perf_counter() - start, outcome(run))
    print(f"{name}, undisturbed: {course.duration:.1f} s", flush=True)
    return course


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="recipes whose names contain this")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_pictures(folder / "pictures")
        shared = ["--data", str(folder / "pictures"), *SHARED, *SMALL]
        courses = [
            undisturbed(recipe, [*shared, *own, "--epochs", str(options.epochs)], folder / recipe)
            for recipe, own in RECIPES.items()
            if options.only in recipe
        ]
        while sum(course.kills.total() for course in courses) < options.kills:
            course = min(courses, key=lambda c: c.kills.total())
            course.go_on(rng.uniform(0, course.duration))
        for course in courses:
            while runs_in(course.present):
                course.go_on(None)
    for course in courses:
        where = ", ".join(f"{n} at {what}" for what, n in sorted(course.kills.items()))
        print(f"{course.name}: {course.kills.total()} kills in {course.runs - 1} runs ({where})")
    total = sum(course.kills.total() for course in courses)
    print(f"{total} kills in {sum(course.runs - 1 for course in courses)} runs: every log and every weight as undisturbed")


if __name__ == "__main__":
    main()

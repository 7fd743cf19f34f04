"""kill -9 at random moments, then --resume, until the run is done: the log and the weights must be those of an undisturbed run.

python benchmarks/training/kill.py [--kills 200] [--epochs 8] [--seed 0]

Every attempt is a process of its own, forked from this one after torch was imported, so that the kills fall into the command's own
work: reading the pictures, training, writing, the export, the last evaluation. The recipes take turns, and their pictures are small.
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
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from dermai_report.cli.train import main as dermai_train
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


def killed_until_done(recipe: list[str], root: Path, rng: random.Random, duration: float, left: int) -> tuple[Path, int, int]:
    """One run killed again and again, at most `left` times: its directory, the kills, and the starts that found no run."""
    kills = fresh = 0
    while True:
        found = runs_in(root)
        fresh += not found
        process = attempt(["--resume", str(found[-1])] if found else [*recipe, "--runs", str(root)])
        process.join(rng.uniform(0, 0.6) * duration if kills < left else None)
        process.kill()
        process.join()
        kills += process.exitcode == -9
        if process.exitcode == 0:
            return runs_in(root)[-1], kills, fresh
        if process.exitcode != -9:
            raise SystemExit(f"exit status {process.exitcode}: {found or recipe}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng, killed, fresh = random.Random(options.seed), 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_pictures(folder / "pictures")
        undisturbed = {}
        for recipe, own in RECIPES.items():
            words = ["--data", str(folder / "pictures"), *SHARED, *SMALL, *own, "--epochs", str(options.epochs)]
            start = time.perf_counter()
            whole = attempt([*words, "--runs", str(folder / recipe)])
            whole.join()
            (run,) = runs_in(folder / recipe)
            undisturbed[recipe] = words, time.perf_counter() - start, outcome(run)
            print(f"{recipe}, undisturbed: {undisturbed[recipe][1]:.1f} s", flush=True)
        runs = 0
        while killed < options.kills:
            recipe = list(RECIPES)[runs % len(RECIPES)]
            words, duration, expected = undisturbed[recipe]
            runs += 1
            run, kills, without = killed_until_done(words, folder / f"run{runs}", rng, duration, options.kills - killed)
            killed, fresh = killed + kills, fresh + without
            same = [ours == theirs for ours, theirs in zip(outcome(run), expected, strict=True)]
            print(f"run {runs}, {recipe}: {kills} kills, {killed} so far; log, weights, test the same: {same}", flush=True)
            if not all(same):
                raise SystemExit("they differ")
    print(f"{killed} kills in {runs} runs, {fresh} starts without a run to resume: every log and every weight as undisturbed")


if __name__ == "__main__":
    main()

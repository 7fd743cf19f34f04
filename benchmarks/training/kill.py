"""kill -9 at random moments, then --resume, until the run is done: the log and the weights must be those of an undisturbed run.

python benchmarks/training/kill.py [--kills 200] [--seed 0]
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MODEL = ["--data", "digits", "--weights", "none", "--model", "mobilenet_v3_small", "--frozen-bn", "eval"]
RECIPE = [*MODEL, "--batch-size", "256", "--ema", "0.9", "--ensemble", "2"]
TRAIN = [sys.executable, "-m", "dermai_report.cli.train"]


def weights(run: Path) -> dict[str, str]:
    import torch

    def digest(state: dict) -> str:
        return hashlib.sha256(b"".join(v.numpy().tobytes() for v in state.values())).hexdigest()

    files = {f.name: digest(torch.load(f, weights_only=True)) for f in sorted((run / "model").glob("*.pth"))}
    last = torch.load(run / "model" / "last.ckpt", weights_only=True)
    return {**files, "last.ckpt": digest(last["net"]), "average": digest(last["average"]["net"])}


def log(run: Path) -> list[dict]:
    lines = [json.loads(line) for line in (run / "epochs.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng, killed, runs, fresh = random.Random(options.seed), 0, 0, 0
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": {**os.environ, "PYTHONPATH": str(ROOT)}}
    with tempfile.TemporaryDirectory() as folder:
        recipe = [*RECIPE, "--epochs", str(options.epochs)]
        start = time.perf_counter()
        subprocess.run([*TRAIN, *recipe, "--runs", f"{folder}/whole"], check=True, **quiet)
        duration = time.perf_counter() - start
        (whole,) = Path(folder, "whole").glob("2*")
        expected = log(whole), weights(whole)
        print(f"undisturbed: {duration:.1f} s, {len(expected[0])} epochs", flush=True)
        while killed < options.kills:
            runs += 1
            root = Path(folder, f"run{runs}")
            while True:
                found = [p for p in root.glob("2*") if (p / "run.json").exists()]
                words = ["--resume", str(found[-1])] if found else [*recipe, "--runs", str(root)]
                fresh += not found
                process = subprocess.Popen([*TRAIN, *words], **quiet)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    # any moment from before the directory is made to after the last file, most of them while training
                    process.wait(rng.uniform(0.3, 1.0) * duration if killed < options.kills else None)
                process.kill()
                killed += process.wait() == -9
                if process.returncode == 0:
                    break
                if process.returncode not in (0, -9):
                    raise SystemExit(f"exit status {process.returncode}: {' '.join(words)}")
            run = found[-1] if found else next(root.glob("2*"))
            same = log(run) == expected[0], weights(run) == expected[1]
            print(f"run {runs}: {killed} kills so far; log the same: {same[0]}, weights the same: {same[1]}", flush=True)
            if not all(same):
                raise SystemExit("they differ")
    print(f"{killed} kills in {runs} runs, {fresh} starts without a run to resume: every log and every weight as undisturbed")


if __name__ == "__main__":
    main()

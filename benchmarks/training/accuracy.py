"""Whether the fast ways train as well as the plain script: paired over seeds, on Fashion-MNIST.

    python benchmarks/training/accuracy.py --idx /usr/share/datasets/fashion-mnist [--seeds 3] [--folder DIR]

--idx: the folder of the four IDX files (Debian: dataset-fashion-mnist). A network is pretrained on classes 0 to 4 and fine-tuned
on classes 5 to 9, which it has not seen; a seed draws the pictures that are fine-tuned and validated on.
"""

import argparse
import gzip
import json
import math
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import plain
from PIL import Image

from dermai_report.train import loop
from dermai_report.train.config import TrainConfig
from dermai_report.train.progress import Progress

SIDE, TRAIN, VAL, EPOCHS = 32, 200, 200, 4  # pixels, pictures a class, epochs
VARIANTS: dict[str, dict[str, Any]] = {
    "float32": {"precision": "float32"},
    "bf16": {"precision": "bf16"},
    "frozen_bn eval, bf16": {"precision": "bf16", "frozen_bn": "eval"},
    "views 3, bf16": {"precision": "bf16", "frozen_bn": "eval", "views": 3},
}
T95 = {
    2: 12.71,
    3: 4.303,
    4: 3.182,
    5: 2.776,
    6: 2.571,
    7: 2.447,
    8: 2.365,
    9: 2.306,
    10: 2.262,
    12: 2.201,
}  # Student's t, 97.5 %, by number of pairs


def read(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    images = np.frombuffer(gzip.decompress((folder / f"{part}-images-idx3-ubyte.gz").read_bytes())[16:], np.uint8)
    labels = np.frombuffer(gzip.decompress((folder / f"{part}-labels-idx1-ubyte.gz").read_bytes())[8:], np.uint8)
    return images.reshape(-1, 28, 28), labels


def write(folder: Path, source: tuple[np.ndarray, np.ndarray], classes: range, count: int, seed: int) -> None:
    images, labels = source
    rng = np.random.default_rng(seed)
    for label in classes:
        place = folder / str(label)
        place.mkdir(parents=True)
        for row in rng.choice(np.flatnonzero(labels == label), count, replace=False):
            Image.fromarray(images[row]).convert("RGB").save(place / f"{row}.png")


def train(**choices: Any) -> Path:
    result = loop.train(TrainConfig.from_mapping({"image_size": SIDE, "test_fraction": 0.0, **choices}), "", Progress())
    if result.signal is not None:  # the training caught it: its weights are those of a part of the epochs
        raise SystemExit(f"interrupted: {result.path}")
    return result.path


def best_of(run: Path) -> tuple[float, float]:
    vals = [json.loads(line)["val"] for line in (run / "epochs.jsonl").read_text().splitlines()]
    best = min(vals, key=lambda val: val["loss"])
    return best["accuracy"], best["loss"]


def plain_script(data: Path, weights: Path, seed: int) -> tuple[float, float]:
    words = {"data": data, "weights": str(weights), "seed": seed, "side": SIDE, "epochs": EPOCHS, "batch_size": 32}
    best = plain.run(argparse.Namespace(**words, out=data / "plain.pth"))
    return best["accuracy"], best["loss"]


def pretrained(work: Path, sources: dict[str, tuple[np.ndarray, np.ndarray]]) -> Path:
    weights = work / "pretrained.pth"
    if not weights.exists():
        for split, count in (("train", 400), ("val", 100)):
            write(work / "first" / split, sources[split], range(5), count, seed=0)
        first = train(data=str(work / "first"), weights="none", unfreeze="full", epochs=4, runs=str(work / "runs"))
        print("pretrained on classes 0 to 4: accuracy {:.4f}, loss {:.4f}".format(*best_of(first)), flush=True)
        (first / "model" / "dermai_model.pth").rename(weights)
    return weights


def one_seed(work: Path, sources: dict[str, tuple[np.ndarray, np.ndarray]], seed: int) -> dict[str, tuple[float, float]]:
    """(accuracy, loss) of each variant."""
    weights = pretrained(work, sources)
    with tempfile.TemporaryDirectory(dir=work) as data:
        for split, count in (("train", TRAIN), ("val", VAL)):
            write(Path(data, split), sources[split], range(5, 10), count, seed)
        base = {"data": data, "weights": str(weights), "epochs": EPOCHS, "seed": seed, "runs": str(work / "runs")}
        return {"plain script": plain_script(Path(data), weights, seed)} | {
            name: best_of(train(**base, **choices)) for name, choices in VARIANTS.items()
        }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--idx", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3, choices=sorted(T95))
    parser.add_argument("--folder", type=Path, help="keeps the seeds that are done; a later call goes on after them")
    options = parser.parse_args()
    sources = {"train": read(options.idx, "train"), "val": read(options.idx, "t10k")}
    with tempfile.TemporaryDirectory() as folder:
        work = options.folder or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        os.environ["XDG_CACHE_HOME"] = str(work / "cache")
        kept = work / "seeds.json"
        done = json.loads(kept.read_text()) if kept.exists() else []
        for seed in range(len(done), options.seeds):
            done.append(one_seed(work, sources, seed))
            kept.write_text(json.dumps(done))
            print(f"seed {seed}: " + "; ".join(f"{name} {values[0]:.4f}" for name, values in done[-1].items()), flush=True)
    print_table(done[: options.seeds])


def print_table(seeds: list[dict[str, tuple[float, float]]]) -> None:
    print(f"\nbest epoch by validation loss, {len(seeds)} seeds, {5 * VAL} validation pictures; difference to the plain script")
    for name in seeds[0]:
        parts = [f"{name:26} accuracy {statistics.mean(seed[name][0] for seed in seeds):.4f}"]
        for what, place in (("accuracy", 0), ("loss", 1)):
            pairs = [seed[name][place] - seed["plain script"][place] for seed in seeds]
            mean, half = statistics.mean(pairs), T95[len(pairs)] * statistics.stdev(pairs) / math.sqrt(len(pairs))
            parts.append(f"{what} {mean:+.4f} [{mean - half:+.4f}, {mean + half:+.4f}]")
        print("  ".join(parts))


if __name__ == "__main__":
    main()

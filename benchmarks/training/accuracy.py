"""Whether the fast ways train as well as the plain script: paired over seeds, on Fashion-MNIST.

    python benchmarks/training/accuracy.py --idx /usr/share/datasets/fashion-mnist [--seeds 3]

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
T95 = {2: 12.71, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 8: 2.365, 10: 2.262}  # Student's t, 97.5 %, by number of pairs


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
    return loop.train(TrainConfig.from_mapping({"image_size": SIDE, "test_fraction": 0.0, **choices}), "", Progress()).path


def best_of(run: Path) -> tuple[float, float]:
    vals = [json.loads(line)["val"] for line in (run / "epochs.jsonl").read_text().splitlines()]
    best = min(vals, key=lambda val: val["loss"])
    return best["accuracy"], best["loss"]


def plain_script(data: Path, weights: Path, seed: int) -> tuple[float, float]:
    words = {"data": data, "weights": str(weights), "seed": seed, "side": SIDE, "epochs": EPOCHS, "batch_size": 32}
    best = plain.run(argparse.Namespace(**words, out=data / "plain.pth"))
    return best["accuracy"], best["loss"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--idx", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3, choices=sorted(T95))
    options = parser.parse_args()
    sources = {"train": read(options.idx, "train"), "val": read(options.idx, "t10k")}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        os.environ["XDG_CACHE_HOME"] = str(work / "cache")
        for split, count in (("train", 400), ("val", 100)):
            write(work / "first" / split, sources[split], range(5), count, seed=0)
        runs = str(work / "runs")
        first = train(data=str(work / "first"), weights="none", unfreeze="full", epochs=4, runs=runs)
        weights = first / "model" / "dermai_model.pth"
        print("pretrained on classes 0 to 4: accuracy {:.4f}, loss {:.4f}".format(*best_of(first)), flush=True)
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in ("plain script", *VARIANTS)}
        for seed in range(options.seeds):
            data = work / f"seed{seed}"
            for split, count in (("train", TRAIN), ("val", VAL)):
                write(data / split, sources[split], range(5, 10), count, seed)
            found["plain script"].append(plain_script(data, weights, seed))
            for name, choices in VARIANTS.items():
                base = {"data": str(data), "weights": str(weights), "epochs": EPOCHS, "seed": seed, "runs": runs}
                found[name].append(best_of(train(**base, **choices)))
            print(f"seed {seed}: " + "; ".join(f"{name} {values[-1][0]:.4f}" for name, values in found.items()), flush=True)
    print(
        f"\nbest epoch by validation loss, {options.seeds} seeds, {5 * VAL} validation pictures; difference to the plain script"
    )
    for name, values in found.items():
        parts = [f"{name:26} accuracy {statistics.mean(a for a, _ in values):.4f}"]
        for what, place in (("accuracy", 0), ("loss", 1)):
            pairs = [v[place] - p[place] for v, p in zip(values, found["plain script"], strict=True)]
            half = T95[len(pairs)] * statistics.stdev(pairs) / math.sqrt(len(pairs))
            parts.append(
                f"{what} {statistics.mean(pairs):+.4f} [{statistics.mean(pairs) - half:+.4f}, {statistics.mean(pairs) + half:+.4f}]"
            )
        print("  ".join(parts))


if __name__ == "__main__":
    main()

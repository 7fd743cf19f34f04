"""Images a second of training and of evaluation, in one process, the variants interleaved; ratios to the plain script.

    python benchmarks/training/rates.py --data DIR [--images 192] [--rounds 5] [--keep-memory]

Each unit is `--images` pictures; the order turns round in each round; a unit during which others took more than a tenth of the
machine is done again (up to --tries times). Ratios are medians of the ratios of a round: of the time that passed, and of processor
time, which other work hardly disturbs (the plain script decodes on one core alone, so it understates the gain).

Two limits are measured in the same rounds (limits.py): the same number of operations as products of large matrices, and the step's own
convolutions with nothing between them. In brackets the shares in processor time. --images is best a multiple of 64.

The command keeps freed memory, which is a setting of the whole process: with --keep-memory the shares of the limits are the command's,
but the plain script is faster too than where people run it, and the ratios to it are no longer theirs.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import plain
import torch
from limits import convolutions, operations, products
from load import other_load
from torch.utils.data import DataLoader, Subset

from dermai_report.train import machine, process
from dermai_report.train.config import TrainConfig
from dermai_report.train.data import DataSet, Images, load_data
from dermai_report.train.epoch import train_epoch
from dermai_report.train.evaluate import evaluate
from dermai_report.train.history import History
from dermai_report.train.interruption import Interruption
from dermai_report.train.progress import Progress
from dermai_report.train.torchvision_compat import torchvision
from dermai_report.train.training import prepare, present_phase

OURS = {
    "recipe, float32, batch 32": {"precision": "float32"},
    "recipe, bf16, batch 32": {"precision": "bf16"},
    "frozen_bn eval, bf16, batch 64": {"precision": "bf16", "frozen_bn": "eval", "batch_size": 64},
    "views, bf16, batch 64": {"precision": "bf16", "frozen_bn": "eval", "batch_size": 64, "views": 1},
}


ALONE = "convolutions alone, bf16"
ROOFLINES = {"float32": torch.float32, "bf16": torch.bfloat16}


class Quiet(Progress):
    def __init__(self) -> None:
        super().__init__()

    def say(self, text: str) -> None:
        pass


def some(images: Images, n: int) -> Images:
    return Images(images.store, images.rows[:n], images.labels[:n], images.samples[:n])


def ours(options: argparse.Namespace, words: dict, folder: str) -> dict[str, Callable[[], None]]:
    config = TrainConfig.from_mapping(
        {"data": str(options.data), "weights": "none", "test_fraction": 0.0, "image_size": 224, "cache": folder, **words}
    )
    whole = load_data(config)
    data = DataSet(whole.classes, 224, some(whole.train, options.images), some(whole.val, options.images), None, whole.facts)
    training = prepare(config, data, machine.choose_device(config))
    phase = present_phase(training, History())
    return {
        "train": lambda: train_epoch(training, phase, 1, History(), Interruption(), Quiet()),
        "val": lambda: evaluate(phase.engine, data.val),
    }


def script(options: argparse.Namespace) -> dict[str, Callable[[], None]]:
    folder = torchvision.datasets.ImageFolder
    sets = {s: folder(str(options.data / s), plain.transform(224, s == "train")) for s in ("train", "val")}
    order = torch.randperm(len(sets["train"])).tolist()[: options.images]
    train = DataLoader(Subset(sets["train"], order), 32, shuffle=True)
    val = DataLoader(Subset(sets["val"], range(min(options.images, len(sets["val"])))), 32)
    net = plain.build(len(sets["train"].classes), "none")
    optimizer = torch.optim.Adam((p for p in net.parameters() if p.requires_grad), lr=1e-3)
    criterion = torch.nn.CrossEntropyLoss()
    return {"train": lambda: plain.train_epoch(net, train, criterion, optimizer), "val": lambda: plain.evaluate(net, val)}


def measure(work: Callable[[], None], tries: int) -> tuple[float, float]:
    """Seconds that passed, and seconds of processor time."""
    for _ in range(tries):
        with other_load() as load:
            start, cpu = time.perf_counter(), time.process_time()
            work()
            taken = time.perf_counter() - start, time.process_time() - cpu
        if load() <= 0.1:
            return taken
    print(f"  other load {load():.0%}", flush=True)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--images", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tries", type=int, default=3)
    parser.add_argument(
        "--keep-memory", action="store_true", help="freed memory stays, as in the command: read the shares alone"
    )
    options = parser.parse_args()
    if options.keep_memory:
        process.prepare()
    with tempfile.TemporaryDirectory() as folder:
        variants = {"plain script": script(options)} | {name: ours(options, words, folder) for name, words in OURS.items()}
        counts = operations()
        for name, dtype in ROOFLINES.items():
            variants[f"large products, {name}"] = {part: products(dtype, n * options.images) for part, n in counts.items()}
        variants[ALONE] = {"train": convolutions(options.images)}
        for parts in variants.values():  # the first pass makes what is kept
            for work in parts.values():
                work()
        found: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for turn in range(options.rounds):
            for name, parts in list(variants.items())[:: 1 if turn % 2 == 0 else -1]:
                for part, work in parts.items():
                    found.setdefault((name, part), []).append(measure(work, options.tries))
    for (name, part), times in found.items():
        pairs = list(zip(found["plain script", part], times, strict=True))
        passed, cpu = (statistics.median(p[i] / t[i] for p, t in pairs) for i in (0, 1))
        unit = statistics.median(t[0] for t in times)
        text = f"{name:32} {part:5} {unit:7.2f} s a unit  {passed:6.2f} x the plain script  (processor time {cpu:.2f} x)"
        if part == "train" and name in OURS and not OURS[name].get("views"):
            limits = {"of large products": f"large products, {OURS[name]['precision']}"}
            if OURS[name].get("frozen_bn"):
                limits["of the convolutions alone"] = ALONE
            for words, limit in limits.items():
                shares = [[r[i] / t[i] for i in (0, 1)] for r, t in zip(found[limit, part], times, strict=True)]
                text += (
                    f"  {statistics.median(x[0] for x in shares):.0%} {words} ({statistics.median(x[1] for x in shares):.0%})"
                )
        elif name == ALONE or name.startswith("large products"):
            text += f"  {counts[part] * options.images / unit / 1e9:.0f} GFLOP/s"
        print(text, flush=True)


if __name__ == "__main__":
    main()

"""What a diagnosis costs beyond its imports: a million test predictions with intervals, and the detector on 300 epochs.

    python benchmarks/diagnosis.py [--samples 1000000] [--classes 10] [--rounds 5] [--margin 3]

Prints the CPU seconds of `diagnose` on predictions in memory, the least of the rounds, with the peak of resident memory of the process
before and after it; and the milliseconds of `detect_overfitting` by the number of epochs, median of 20 calls after the first.
"""

import argparse
import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from dermai_report import diagnose
from dermai_report.measures import detect_overfitting
from dermai_report.run import Predictions, Run
from tests import builders


def million(n: int, k: int, margin: float) -> Run:
    """A run with n test predictions of k classes; with a margin of 3 the model is right about nine times in ten, with 12 always."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, k, n).astype(np.int32)
    logits = rng.normal(size=(n, k)).astype(np.float32)
    logits[np.arange(n), label] += margin
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    outcome = Predictions(
        sample=np.char.mod("%d", np.arange(n)), label=label, predicted=logits.argmax(1).astype(np.int32), probabilities=logits
    )
    names = tuple(f"class{i}" for i in range(k))
    return builders.run(classes=names, predictions={"test": outcome}, test=builders.evaluation(outcome, k))


def peak() -> float:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What a diagnosis costs.")
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--margin", type=float, default=3.0, help="standard deviations from the right class to the others")
    args = parser.parse_args()
    spent = []
    before = after = 0.0
    wrong = 0
    for i in range(args.rounds):
        run = million(args.samples, args.classes, args.margin)
        wrong = int((run.predictions["test"].label != run.predictions["test"].predicted).sum())
        before = before or peak()
        start = time.process_time()
        diagnose(run)
        spent.append(time.process_time() - start)
        after = after or peak()
        if not i:
            print(f"first round {spent[0]:.2f} s, with what it imports", flush=True)
    print(
        f"{args.samples:,} predictions x {args.classes} classes, {wrong:,} wrong: {min(spent):.2f} s CPU; peak {after:.0f} MB, "
        f"{before:.0f} MB before"
    )
    for n in (10, 100, 300, 1000):
        rng = np.random.default_rng(n)
        loss = 1 / (1 + 5 * np.arange(n) / n) + 0.4 * np.maximum(0, np.arange(n) / n - 0.5) + 0.01 * rng.normal(size=n)
        detect_overfitting(loss, loss)
        taken = []
        for _ in range(20):
            begin = time.process_time()
            detect_overfitting(loss[::-1], loss)
            taken.append(1000 * (time.process_time() - begin))
        print(f"detect_overfitting, {n:4} epochs: {statistics.median(taken):.1f} ms")


if __name__ == "__main__":
    main()

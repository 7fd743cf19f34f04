"""What a report costs, ours and its peers' side by side: whole processes from a cold start, on the same predictions.

    python benchmarks/report.py [--rounds 5] [--large-rounds 3] [--ours]

Prints CPU seconds (user and system, all threads and children), the peak of resident memory, the size of the page, and the ratio to
ours, medians over rounds; the order turns round in each round, so that drift hits all alike. The floor is a process that only
imports what our report needs. Each peer is installed once, by the pins in peers/<name>.txt, into an environment of its own
under peers/.environments; --ours leaves the peers out.

The pages do not hold the same: Evidently's has quality by class and plots of the probabilities, Deepchecks' four checks (scores,
confusion, ROC, calibration), DVCLive's ten epochs and the confusion matrix; ours all of these with intervals, and the diagnosis.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from environments import python_of

from dermai_report import RunWriter

HERE = Path(__file__).resolve().parent
PUBLISHED = HERE.parent / "runs" / "resnet18-10-epochs"
PEERS = ("evidently", "deepchecks", "dvclive")
FLOOR = "import numpy, jinja2, msgspec, pyarrow.parquet"
OURS = [sys.executable, "-m", "dermai_report.cli.report"]
Commands = dict[str, list[str]]


class Cost(NamedTuple):
    """CPU seconds and the peak of resident memory in MiB of one process and its children."""

    seconds: float
    memory: float


def main() -> None:
    options = arguments()
    peers = {} if options.ours else {name: python_of(name) for name in PEERS}
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "floor: imports": [sys.executable, "-c", FLOOR],
            "dermai-report --help": [*OURS, "--help"],
            "published run": [*OURS, str(PUBLISHED), "-f", "html", "-o", str(folder / "published run.html")],
        }
        show("without predictions", small, folder, options.rounds, "published run")
        for n, rounds in ((1_000, options.rounds), (1_000_000, options.large_rounds)):
            show(f"{n:,} predictions of 10 classes", on_predictions(folder, n, peers), folder, rounds, "dermai-report")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large-rounds", type=int, default=3, help="rounds with 1,000,000 predictions")
    parser.add_argument("--ours", action="store_true", help="leave the peers out")
    return parser.parse_args()


def on_predictions(folder: Path, n: int, peers: dict[str, str]) -> Commands:
    """A command for each tool that makes its page of the same n predictions."""
    label, probabilities = predictions(n)
    np.savez(folder / "predictions.npz", label=label, probabilities=probabilities)
    with RunWriter(folder, name=f"n{n}", classes=[f"class {i}" for i in range(10)]) as run:
        for i in range(10):
            loss = 2 * 0.7**i + 0.3
            run.log_epoch(train={"loss": loss * 0.9, "accuracy": 0.8}, val={"loss": loss, "accuracy": 0.75}, lr=1e-3)
        run.log_evaluation("test", labels=label, probabilities=probabilities)
    commands = {"dermai-report": [*OURS, str(run.path), "-f", "html", "-o", str(folder / "dermai-report.html")]}
    for peer, python in peers.items():  # -P: or `import evidently` would find our script of that name
        script = str(HERE / "peers" / f"{peer}.py")
        commands[peer] = [python, "-P", script, str(folder / "predictions.npz"), str(folder / f"{peer}.html")]
    return commands


def predictions(n: int, classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """True classes (n,) and probabilities (n, classes) of a model that is right in about nine of ten."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, classes, n)
    p = np.exp(rng.normal(size=(n, classes)) + 3 * np.eye(classes)[label])
    return label, (p / p.sum(axis=1, keepdims=True)).astype(np.float32)


def show(title: str, commands: Commands, folder: Path, rounds: int, reference: str) -> None:
    """Measure the commands in turns and print a line each, with its ratio to `reference`."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for i in range(rounds + 1):
        for name, command in list(commands.items())[:: 1 if i % 2 else -1]:
            cost = measured(command, folder)
            if i:  # the first round warms the disk cache
                costs[name].append(cost)
    print(f"\n{title}; {rounds} rounds\n{'':24}{'CPU s':>8}{'MiB':>8}{'page KB':>10}   ratio")
    for name, found in costs.items():
        ratio = median(lambda i, found=found: found[i].seconds / costs[reference][i].seconds, rounds)
        seconds, memory = (median(lambda i, found=found, k=k: found[i][k], rounds) for k in (0, 1))
        page = folder / f"{name}.html"
        size = f"{page.stat().st_size / 1000:,.0f}" if page.is_file() else ""
        print(f"{name:24}{seconds:8.2f}{memory:8.0f}{size:>10}{ratio:8.2f}")


def measured(command: list[str], folder: Path) -> Cost:
    quiet = {"DO_NOT_TRACK": "1", "DISABLE_LATEST_VERSION_CHECK": "True"}  # peers ask the network how they are doing
    settings = {k: v for k, v in (os.environ | quiet).items() if k != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=settings, cwd=folder)
    said = process.stderr.read() if process.stderr else b""
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)} failed:\n{said.decode(errors='replace')}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def median(value: Callable[[int], float], rounds: int) -> float:
    return statistics.median(value(i) for i in range(rounds))


if __name__ == "__main__":
    main()

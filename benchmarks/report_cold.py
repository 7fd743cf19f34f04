"""How long the commands take from a cold start: whole processes, CPU seconds, medians, beside the imports they need.

The floor is a process that imports numpy, jinja2 and matplotlib's figure and SVG writer: what a report with these libraries
pays before it has done anything. Rounds are interleaved, their order reversed each time, so that drift hits all alike.
"""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from dermai_report import RunWriter

ROUNDS = 5
PUBLISHED = Path(__file__).resolve().parent.parent / "runs" / "resnet18-10-epochs"
FLOOR = "import numpy, jinja2, matplotlib.figure, matplotlib.backends.backend_svg"


def cpu_seconds(command: list[str]) -> float:
    """User and system time of one process, its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run_with(folder: Path, n: int, classes: int = 10) -> Path:
    """A run of ten epochs with n test predictions."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes)) + 3 * np.eye(classes)[label]
    p = np.exp(logits)
    p /= p.sum(axis=1, keepdims=True)
    with RunWriter(folder, name=f"n{n}", classes=[f"class {i}" for i in range(classes)]) as run:
        for i in range(10):
            loss = 2 * 0.7**i + 0.3
            run.log_epoch(train={"loss": loss * 0.9, "accuracy": 0.8}, val={"loss": loss, "accuracy": 0.75}, lr=1e-3)
        run.log_evaluation("test", labels=label, probabilities=p)
    return run.path


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = [sys.executable, "-m", "dermai_report.cli.report"]
        small, large = (run_with(Path(folder), n) for n in (1_000, 1_000_000))
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "floor: imports only": [sys.executable, "-c", FLOOR],
            "dermai-report --help": [*report, "--help"],
            "published run, html": [*report, str(PUBLISHED), "-f", "html", "-o", f"{folder}/p.html"],
            "1,000 predictions, html": [*report, str(small), "-f", "html", "-o", f"{folder}/s.html"],
            "1,000,000 predictions, html": [*report, str(large), "-f", "html", "-o", f"{folder}/l.html"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for i in range(ROUNDS + 1):
            order = list(commands.items())
            for name, command in order if i % 2 else reversed(order):
                seconds = cpu_seconds(command)
                if i:  # the first round warms the disk cache
                    times[name].append(seconds)
        sizes = {p.name: p.stat().st_size for p in Path(folder).glob("*.html")}
    floor = times["floor: imports only"]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; {ROUNDS} rounds, medians")
    for name, seconds in times.items():
        ratio = statistics.median(s / f for s, f in zip(seconds, floor, strict=True))
        print(f"{name:30} {statistics.median(seconds):6.2f} CPU s   {ratio:5.2f} x floor")
    print("page sizes in bytes:", json.dumps(sizes))


if __name__ == "__main__":
    main()

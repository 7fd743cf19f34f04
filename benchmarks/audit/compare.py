"""What an audit finds and costs, beside imagededup and CleanVision, on one folder in which the truth is known.

    python benchmarks/audit/compare.py PHOTOS [--n 20000] [--rounds 3] [--ours]

Makes the folder (planted.py), runs each tool as a whole process on it, in turns, and prints images a second, the peak of resident
memory (its largest process), and what was found of the planted pairs, by kind; precision is over the pairs across splits. The
peers do what they do by default: imagededup hashes and compares (distance 10 of 64), and once more with a distance of 4; CleanVision
makes all its checks, on a folder without the broken files, as a truncated one ends it with a traceback. Each is installed once, by
benchmarks/peers/<name>.txt, into an environment of its own; --ours leaves them out.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

sys.path.append(str(Path(__file__).resolve().parents[1]))


from environments import PEERS, python_of

Pairs = set[tuple[str, str]]


class Found(NamedTuple):
    """The pairs of copies and the broken files that a tool named."""

    pairs: Pairs
    broken: set[str]


class Tool(NamedTuple):
    """A command, and how what it found is read."""

    command: list[str]
    found: Callable[[], Found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--n", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--ours", action="store_true", help="leave the peers out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        truth = planted(given, folder / "images")
        tools = {"dermai-data audit": ours(folder, given.processes)}
        if not given.ours:
            without(folder / "images", set(truth["broken"]), folder / "readable")
            tools |= peers(folder, given.processes)
        print(f"{given.n:,} images of {given.size} px, {given.processes} processes, {given.rounds} rounds, medians")
        costs: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for i in range(given.rounds):
            for tool in list(tools)[:: -1 if i % 2 else 1]:
                costs[tool].append(measured(tools[tool].command, folder))
        first = statistics.median(seconds for seconds, _ in costs["dermai-data audit"])
        for tool, (_, found) in tools.items():
            seconds, memory = (statistics.median(c) for c in zip(*costs[tool], strict=True))
            print(f"\n{tool}: {seconds:.1f} s, {given.n / seconds:.0f} images/s, ratio {seconds / first:.2f}, {memory:.0f} MiB")
            show(found(), truth)


def planted(given: argparse.Namespace, images: Path) -> dict[str, list]:
    """Made by another process: what this one once held would count as memory of each that it starts."""
    words = [
        str(given.photos.resolve()),
        str(images),
        "--n",
        str(given.n),
        "--size",
        str(given.size),
        "--seed",
        str(given.seed),
    ]
    subprocess.run([sys.executable, str(Path(__file__).with_name("planted.py")), *words], check=True)
    truth: dict[str, list] = json.loads((images / "truth.json").read_text())
    (images / "truth.json").unlink()
    return truth


def ours(folder: Path, processes: int) -> Tool:
    out = folder / "out"
    words = [sys.executable, "-m", "dermai_report.cli.data", "audit", str(folder / "images"), "-o", str(out)]

    def found() -> Found:
        audit = json.loads((out / "audit.json").read_text())
        pairs = {pair(p["first"]["sample"], p["second"]["sample"]) for p in audit["duplicates"]}
        broken = {u["image"]["sample"] for u in audit["unreadable"]}
        return Found({p for p in pairs if not set(p) & broken}, broken)

    return Tool([*words, "--workers", str(processes)], found)


def peers(folder: Path, processes: int) -> dict[str, Tool]:
    def tool(peer: str, name: str, *more: str, images: str = "images") -> Tool:
        path = folder / f"{name}.json"
        script = str(PEERS / f"{peer}.py")

        def found() -> Found:
            said = json.loads(path.read_text())
            return Found({pair(*p) for p in said["pairs"]}, set(said["broken"]))

        return Tool([python_of(peer), "-P", script, str(folder / images), str(path), str(processes), *more], found)

    return {
        "imagededup PHash, distance 10": tool("imagededup", "imagededup-10", "10"),
        "imagededup PHash, distance 4": tool("imagededup", "imagededup-4", "4"),
        "CleanVision": tool("cleanvision", "cleanvision", images="readable"),
    }


def without(images: Path, broken: set[str], place: Path) -> None:
    """The same files but the broken ones, as further names of them."""
    for path in images.rglob("*.jpg"):
        name = path.relative_to(images)
        if name.as_posix() not in broken:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(path, place / name)


def pair(one: str, other: str) -> tuple[str, str]:
    return min(one, other), max(one, other)


def measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds by the clock, and the peak of resident memory in MiB of the largest of the processes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder)
    said = process.stderr.read() if process.stderr else b""
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)} failed:\n{said.decode(errors='replace')}")
    return time.perf_counter() - start, used.ru_maxrss / 1024


def show(found: Found, truth: dict[str, list]) -> None:
    kinds: dict[str, list[bool]] = defaultdict(list)
    for one, other, kind in truth["pairs"]:
        kinds[kind].append(pair(one, other) in found.pairs)
    planted = {pair(one, other) for one, other, _ in truth["pairs"]}
    across = {p for p in found.pairs if p[0].split("/")[0] != p[1].split("/")[0]}
    hits, wrong = [hit for each in kinds.values() for hit in each], set(truth["wrong_labels"])
    told = {name for p in found.pairs if p[0].split("/")[1] != p[1].split("/")[1] for name in p}
    near = [hit for kind, each in kinds.items() if kind != "exact" for hit in each]
    print(f"  recall {sum(hits) / len(hits):.4f} of all pairs, {sum(near) / len(near):.4f} of near duplicates; ", end="")
    print(f"precision across splits {len(across & planted) / max(len(across), 1):.4f} of {len(across):,}")
    print("  " + ", ".join(f"{kind} {sum(each) / len(each):.3f}" for kind, each in kinds.items()))
    print(f"  broken files named {len(found.broken & set(truth['broken']))} of {len(truth['broken'])}, ", end="")
    print(f"others {len(found.broken - set(truth['broken']))}; wrong labels in pairs {len(told & wrong)} of {len(wrong)}")


if __name__ == "__main__":
    main()

"""Kill dermai-data at random moments: is any file ever lost, in two places, or changed?

    python benchmarks/data/kill.py [KILLS] [SEED]

A data folder of 3 splits x 6 classes x 20 files, with odd names. Each round a child process excludes, keeps or restores some
classes at random and gets `kill -9` after a random time between its start and somewhat after its usual end. Before anything
else is called every file must be there once, with its bytes; after the next call (`list`) the tree must be the one before or
the one after, with the times of all files and folders.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from dermai_report.cli.data import main
from dermai_report.datasets import decoding
from dermai_report.datasets.exclusion import journal, plan  # noqa: F401  imported here, so that kills hit work and not imports

CLASSES = ["measles", "-rash", "two words", "naïve ‘quotes’", 'a"b', "皮疹"]
SPLITS = ["train", "val", "test"]
Tree = dict[str, tuple[str, int]]


def make(root: Path) -> None:
    for split in SPLITS:
        for name in CLASSES:
            folder = root / split / name
            folder.mkdir(parents=True)
            for n in range(20):
                (folder / f"{n}.jpg").write_bytes(f"{split} {name} {n}".encode() * 50)
    for n, path in enumerate([*root.rglob("*"), root]):
        os.utime(path, ns=(10**18, 10**18 + n))


def tree(root: Path) -> Tree:
    """The user's files and folders, wherever they lie: digest of the content and time of change, by name."""
    found = {}
    for path in [root, *root.rglob("*")]:
        name = path.relative_to(root).as_posix()
        own = name == ".excluded" or (name.startswith(".excluded/") and (name.count("/") == 1 or path.name == "manifest.json"))
        if not own:
            content = "" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
            found[name] = (content, path.stat().st_mtime_ns)
    return found


def files(root: Path) -> Counter[str]:
    return Counter(content for content, _ in tree(root).values() if content)


def moved(before: Tree, verb: str, names: list[str]) -> Tree:
    """The tree as it must be after a call."""
    after = {}
    for name, what in before.items():
        parts = name.split("/")
        if verb == "exclude" and len(parts) > 1 and parts[1] in names:
            parts = [".excluded", parts[1], parts[0], *parts[2:]]
        elif verb == "restore" and len(parts) > 2 and parts[1] in names:
            parts = [parts[2], parts[1], *parts[3:]]
        after["/".join(parts)] = what
    return after


def quietly(words: list[str]) -> int:
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return main(words)


def killed_child(words: list[str], seconds: float) -> None:
    child = os.fork()
    if child == 0:
        try:
            quietly(words)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def usual_time(root: Path) -> float:
    """Median seconds of a call in a child, start included."""
    took = []
    for verb in ("exclude", "restore") * 5:
        start = time.perf_counter()
        child = os.fork()
        if child == 0:
            quietly([verb, "--data", str(root), "--", "measles", "皮疹"])
            os._exit(0)
        os.waitpid(child, 0)
        took.append(time.perf_counter() - start)
    return statistics.median(took)


def run(kills: int, seed: int) -> int:
    decoding.formats()
    rng = random.Random(seed)
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        make(root)
        first, content, usual = tree(root), files(root), usual_time(root)
        for _ in range(kills):
            before = tree(root)
            out = sorted({name.split("/")[1] for name in before if name.startswith(".excluded/")})
            inside = [name for name in CLASSES if name not in out]
            verb = rng.choice(["exclude", "restore"] if 2 < len(inside) < len(CLASSES) else ["restore"] if out else ["exclude"])
            names = (
                rng.sample(inside, rng.randint(1, len(inside) - 2))
                if verb == "exclude"
                else rng.sample(out, rng.randint(1, len(out)))
            )
            words = [verb, "--data", str(root), "--", *names]
            if verb == "exclude" and rng.random() < 0.3:
                words = ["keep", "--data", str(root), "--", *[name for name in inside if name not in names]]
            killed_child(words, rng.uniform(0, 1.3 * usual))
            if files(root) != content:
                print(f"LOST OR DOUBLED after {words}: {content - files(root)} {files(root) - content}")
                return 1
            pending = journal.is_pending(root)
            assert quietly(["list", "--data", str(root)]) == 0
            now, after = tree(root), moved(before, verb, names)
            home = now["."] == before["."]
            end = (
                "before" if {**now, ".": before["."]} == before else "after" if {**now, ".": after["."]} == after else "NEITHER"
            )
            ends[f"{'journal found, ' if pending else ''}tree as {end}{'' if home else ', time of DIR itself lost'}"] += 1
            if end == "NEITHER" or journal.is_pending(root):
                print(f"NEITHER after {words}: {set(now.items()) ^ set(after.items())}")
                return 1
            if not home:
                os.utime(root, ns=(10**18, before["."][1]))
        if (root / ".excluded").exists():
            assert quietly(["restore", "--all", "--data", str(root)]) == 0
        same = tree(root) == first
    print(f"{kills} kills within {1.3 * usual * 1000:.0f} ms of the start (a call takes {usual * 1000:.0f} ms), seed {seed}")
    for end, n in ends.most_common():
        print(f"  {n:5}  {end}")
    print(
        f"lost or doubled files: 0; at the end everything restored, tree {'equal' if same else 'NOT EQUAL'} to the first, to the nanosecond"
    )
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(run(*(int(word) for word in (*sys.argv[1:], *("1000", "0")[len(sys.argv) - 1 :]))))

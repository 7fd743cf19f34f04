"""Damaged copies of every recorded log, read: a Run or a DermaiError, and how long and how much memory the worst took.

python benchmarks/sources/fuzz.py [INPUTS] [SEED] [FORMAT…]
"""

import collections
import gc
import random
import resource
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from dermai_report import DermaiError, diagnose, read_run  # noqa: E402
from tests.sources.mutate import logs, mutated  # noqa: E402

DIAGNOSED = 50  # one in so many of the runs that were read is diagnosed as well
SLOW = 2.0


def main(inputs=100_000, seed=0, names=()):
    warnings.simplefilter("error")
    rng, found = random.Random(seed), list(logs(names))
    outcome, slowest, failures = collections.Counter(), (0.0, ""), []
    home = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    for number in range(inputs):
        name, files = found[number % len(found)]
        place = home / name
        chosen = rng.choice(list(files))
        for path, data in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(mutated(data, rng) if path == chosen else data)
        target = place / chosen if rng.random() < 0.5 else place
        start = time.perf_counter()
        try:
            run = read_run(target, run=rng.choice((None, None, "1", "first")))
            outcome["read"] += 1
            if outcome["read"] % DIAGNOSED == 0:
                diagnose(run)
                outcome["diagnosed"] += 1
        except DermaiError:
            outcome["refused"] += 1
        except Exception:
            outcome["failed"] += 1
            kept = Path(tempfile.gettempdir()) / f"fuzz-{seed}-{number}"
            shutil.copytree(place, kept, dirs_exist_ok=True)
            failures.append(f"{kept} {target.relative_to(place)}\n{traceback.format_exc(limit=-4)}")
        took = time.perf_counter() - start
        slowest = max(slowest, (took, f"{name} {chosen} (input {number})"))
        if took > SLOW:
            outcome["slow"] += 1
        shutil.rmtree(place)
        if number % 1000 == 999:
            gc.collect()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{number + 1:7,} {dict(outcome)} slowest {slowest[0]:.2f} s {slowest[1]}, peak {peak:.0f} MB", flush=True)
    for failure in failures[:20]:
        print(failure)
    print(
        f"{inputs:,} inputs of {len(found)} logs: {dict(outcome)}; {len(failures)} failures; slowest {slowest[0]:.2f} s, {slowest[1]}"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), names=sys.argv[3:])

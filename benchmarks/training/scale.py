"""How soon a run starts and how much memory it takes, on many pictures; twice, as the second start finds the decoded pictures.

    python benchmarks/training/scale.py --data DIR --images 2000 [--until-first-epoch] [-- --epochs 1 ...]

The pictures are crops of those in DIR (train/<class>/*), --size pixels a side, each its own file and content. What stands after -- goes
to dermai-train. Anonymous memory is what the run has allocated; the rest of what is resident are pages of mapped files, which the
system takes back when others need the room. PSS counts shared pages by part. Each stage's peaks are those since the
start; the second start finds the decoded pictures, so its reading counts as a part of the audit.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent.parent
PERIOD = 0.25  # seconds between two looks


def write_crops(photos: Sequence[Path], folder: Path, count: int, size: int) -> None:
    folder.mkdir(parents=True)
    opened = [Image.open(path).convert("RGB") for path in photos[:: max(1, len(photos) // 50)]]
    rng = random.Random(str(folder.name))
    for n in range(count):
        photo = rng.choice(opened)
        side = rng.randint(min(photo.size) // 3, min(photo.size))
        left, top = rng.randint(0, photo.width - side), rng.randint(0, photo.height - side)
        photo.resize((size, size), Image.Resampling.BILINEAR, (left, top, left + side, top + side)).save(folder / f"{n}.jpg")


def fields(file: Path) -> dict[str, float]:
    """Sizes in MiB by name, of a file of /proc."""
    try:
        lines = [line.split() for line in file.read_text().splitlines()]
    except OSError:  # it has ended
        return {}
    return {line[0].rstrip(":"): int(line[1]) / 1024 for line in lines if line[-1] == "kB"}


def seconds_of_processor(pid: int) -> float:
    """What a process and its threads have computed so far."""
    try:
        after_name = Path("/proc", str(pid), "stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def reached(runs: Path, cache: Path) -> str:
    """How far a run has come, by the files there are."""
    if any(log.stat().st_size for log in runs.glob("2*/epochs.jsonl")):
        return "end"
    if list(runs.glob("2*/run.json")):
        return "first epoch"
    return "audit" if list(cache.rglob("*.json")) else "reading and decoding"


def watched(words: Sequence[str], runs: Path, environment: dict[str, str], until_first_epoch: bool) -> None:
    """Runs the command, and prints what each of its stages took, and the peaks of memory up to the end of it."""
    cache = Path(environment["XDG_CACHE_HOME"])
    stage, peaks = "reading and decoding", dict.fromkeys(("RssAnon", "RssFile", "VmRSS", "Pss"), 0.0)
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    start = begun = time.perf_counter()
    computed = used = 0.0
    while stage != "end":
        ended = process.poll() is not None
        here = Path("/proc", str(process.pid))
        seen = fields(here / "status") | {"Pss": fields(here / "smaps_rollup").get("Pss", 0.0)}
        peaks = {name: max(peak, seen.get(name, 0.0)) for name, peak in peaks.items()}
        computed = max(computed, seconds_of_processor(process.pid))
        now, place = time.perf_counter(), reached(runs, cache)
        if place != stage or ended:
            print(
                f"  {stage}: {now - begun:.1f} s, {computed - used:.1f} s of processors, until {now - start:.1f} s; peaks in MiB: "
                f"anonymous {peaks['RssAnon']:.0f}, mapped files {peaks['RssFile']:.0f}, RSS {peaks['VmRSS']:.0f}, PSS {peaks['Pss']:.0f}",
                flush=True,
            )
            stage, begun, used = place, now, computed
        if ended:
            break
        if until_first_epoch and stage == "first epoch":
            process.kill()
        time.sleep(PERIOD / 10 if stage == "reading and decoding" else PERIOD)
    status = process.wait()
    print(f"  exit status {status}", flush=True)
    if status and not (until_first_epoch and status == -signal.SIGKILL):
        raise SystemExit(f"failed or interrupted: {' '.join(words)}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--until-first-epoch", action="store_true")
    parser.add_argument("more", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        classes = sorted(place for place in (options.data / "train").iterdir() if place.is_dir())
        with ProcessPoolExecutor() as pool:
            for place in classes:
                photos, count = sorted(place.iterdir()), options.images // len(classes)
                pool.submit(write_crops, photos, Path(folder, "pictures", place.name), count, options.size)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": f"{folder}/cache"}
        for turn in ("first start", "second start"):
            runs = Path(folder, turn)
            own = ["--data", f"{folder}/pictures", "--weights", "none", "--runs", str(runs), *options.more]
            print(f"{turn}, {options.images} pictures", flush=True)
            watched([sys.executable, "-m", "dermai_report.cli.train", *own], runs, environment, options.until_first_epoch)
        cache = sum(file.stat().st_size for file in Path(folder, "cache").rglob("*") if file.is_file())
        print(f"decoded pictures on the disk: {cache / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()

"""A TensorBoard file of 100 MB: this reader, EventAccumulator and tbparse side by side, and the bare read of the bytes.

python benchmarks/sources/tensorboard.py [MEGABYTES] [--rounds 3]

The peers live in an environment of their own (peers/tbparse.txt). The file is written by tensorboard itself. Each reader gets
every scalar, in a process of its own, timed after its imports; all find the same sums.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from environments import python_of
from timed import timed

WRITE = """
import sys, random
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter
path, size = sys.argv[1], int(sys.argv[2])
rng, step = random.Random(0), 0
with open(path, "wb") as file:
    writer = RecordWriter(file)
    writer.write(Event(wall_time=1.7e9, file_version="brain.Event:2").SerializeToString())
    def put(tag, value):
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
        writer.write(Event(wall_time=1.7e9 + 0.05 * step, step=step, summary=summary).SerializeToString())
    while file.tell() < size:
        for tag in ("train/loss", "train/accuracy", "lr", "grad_norm"):
            put(tag, rng.random())
        step += 1
        if step % 1000 == 0:
            for tag, value in (("val/loss", rng.random()), ("val/accuracy", rng.random()), ("epoch", step // 1000 - 1)):
                put(tag, value)
"""
READERS = {
    "bytes alone": ("", "data = open(path, 'rb').read()", "len(data)"),
    "this reader": (
        "from dermai_report.sources._event_file import read_scalars",
        "found = read_scalars(open(path, 'rb').read()).series",
        "[sum(len(s.step) for s in found.values()), float(found['train/loss'].value.sum())]",
    ),
    "to a Run": (
        "import dermai_report.sources.tensorboard\nfrom dermai_report import read_run",
        "run = read_run(path)",
        "len(run.epochs)",
    ),
    "EventAccumulator": (
        "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator",
        "found = EventAccumulator(path, size_guidance={'scalars': 0}).Reload()\n"
        "found = {tag: [(e.step, e.value) for e in found.Scalars(tag)] for tag in found.Tags()['scalars']}",
        "[sum(map(len, found.values())), sum(v for _, v in found['train/loss'])]",
    ),
    "tbparse": (
        "from tbparse import SummaryReader",
        "found = SummaryReader(path).scalars",
        "[len(found), float(found[found.tag == 'train/loss'].value.sum())]",
    ),
}
OURS = ("bytes alone", "this reader", "to a Run")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("megabytes", nargs="?", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3, help="of this reader; the peers run once")
    options = parser.parse_args()
    peers = python_of("tbparse")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.out.tfevents.1700000000.host.1.0"
        subprocess.run([peers, "-c", WRITE, path, str(options.megabytes * 1_000_000)], check=True)
        print(f"{path.stat().st_size / 1e6:.0f} MB")
        base = None
        for name, (imports, read, found) in READERS.items():
            python = sys.executable if name in OURS else peers
            runs = [timed(python, path, imports, read, found) for _ in range(options.rounds if name in OURS else 1)]
            best = min(runs, key=lambda r: r["cpu"])
            base = best["cpu"] if name == "this reader" else base
            ratio = f"{best['cpu'] / base:6.1f} x this reader" if base else ""
            print(
                f"{name:18} {best['seconds']:8.2f} s wall {best['cpu']:8.2f} s cpu {best['mb']:7.0f} MB  {best['found']} {ratio}",
                flush=True,
            )


if __name__ == "__main__":
    main()

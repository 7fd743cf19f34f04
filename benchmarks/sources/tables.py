"""A log of 1,000,000 steps as CSV and as JSON lines: to a Run, and the bare parse of pandas and pyarrow; peers on the same steps.

python benchmarks/sources/tables.py [ROWS] [--rounds 3]

The peers read the training loss alone, a seventh of the numbers, in the form that each of them reads: DVCLive a TSV file,
EventAccumulator and tbparse a TensorBoard file. They live in environments of their own (peers/<name>.txt). Each reader runs in a process
of its own, timed after its imports, in turns.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.append(str(Path(__file__).resolve().parents[1]))

from environments import python_of
from timed import timed

EPOCHS = 100
EVENTS = """
import sys
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter
source, path = sys.argv[1:]
with open(source) as rows, open(path, "wb") as file:
    writer = RecordWriter(file)
    writer.write(Event(wall_time=1.7e9, file_version="brain.Event:2").SerializeToString())
    next(rows)
    for row in rows:
        step, value = row.split("\\t")
        summary = Summary(value=[Summary.Value(tag="train_loss", simple_value=float(value))])
        writer.write(Event(wall_time=1.7e9, step=int(step), summary=summary).SerializeToString())
"""
TO_A_RUN = (
    "from dermai_report import read_run\nimport dermai_report.sources._assemble, pyarrow.csv, pyarrow.json",
    "run = read_run(path)",
)
READERS = {  # name: the file, its imports, the read, what it found
    "CSV to a Run": ("log.csv", *TO_A_RUN, "[len(run.epochs), run.source]"),
    "pyarrow, CSV alone": ("log.csv", "import pyarrow.csv", "t = pyarrow.csv.read_csv(path)", "t.num_rows"),
    "pandas, CSV alone": ("log.csv", "import pandas", "t = pandas.read_csv(path)", "len(t)"),
    "JSON lines to a Run": ("log.jsonl", *TO_A_RUN, "[len(run.epochs), run.source]"),
    "pyarrow, JSON alone": ("log.jsonl", "import pyarrow.json", "t = pyarrow.json.read_json(path)", "t.num_rows"),
    "pandas, JSON alone": ("log.jsonl", "import pandas", "t = pandas.read_json(path, lines=True)", "len(t)"),
    "DVCLive's parse_tsv": ("loss.tsv", "from dvclive.utils import parse_tsv", "t = parse_tsv(path)", "len(t)"),
    "EventAccumulator": (
        "events.out.tfevents.1700000000.host.1.0",
        "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator",
        "t = EventAccumulator(path, size_guidance={'scalars': 0}).Reload().Scalars('train_loss')",
        "len(t)",
    ),
    "tbparse": (
        "events.out.tfevents.1700000000.host.1.0",
        "from tbparse import SummaryReader",
        "t = SummaryReader(path).scalars",
        "len(t)",
    ),
}
PEERS = {"DVCLive's parse_tsv": "dvclive", "EventAccumulator": "tbparse", "tbparse": "tbparse"}  # and whose environment


def write(folder: Path, rows: int, python: str) -> None:
    """The same steps in every form; validation stands in the last row of each epoch."""
    rng = np.random.default_rng(0)
    step = np.arange(rows)
    epoch = step * EPOCHS // rows
    last = np.r_[epoch[1:] != epoch[:-1], True]
    fall = np.exp(-epoch / 30)
    log = pd.DataFrame(
        {"epoch": epoch, "step": step, "train_loss": 2 * fall + 0.1 * rng.random(rows), "train_acc": 1 - 0.8 * fall}
    )
    log["lr"] = 0.1 * fall
    log["val_loss"] = np.where(last, 2 * fall + 0.2 + 0.01 * rng.random(rows), np.nan)
    log["val_acc"] = np.where(last, 0.9 - 0.7 * fall, np.nan)
    log.to_csv(folder / "log.csv", index=False)
    with (folder / "log.jsonl").open("w") as file:
        for row in log.itertuples(index=False):
            file.write(
                json.dumps({k: v for k, v in row._asdict().items() if not (isinstance(v, float) and np.isnan(v))}) + "\n"
            )
    log[["step", "train_loss"]].to_csv(folder / "loss.tsv", sep="\t", index=False)
    subprocess.run([python, "-c", EVENTS, folder / "loss.tsv", folder / READERS["tbparse"][0]], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="of ours and of the bare parse; the peers run once")
    options = parser.parse_args()
    pythons = {peer: python_of(peer) for peer in set(PEERS.values())}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, options.rows, pythons["tbparse"])
        found: dict[str, list[dict]] = {reader: [] for reader in READERS}
        for i in range(options.rounds):
            for reader, (file, imports, read, seen) in READERS.items():
                if reader in PEERS and i:
                    continue
                python = pythons[PEERS[reader]] if reader in PEERS else sys.executable
                found[reader].append(timed(python, folder / file, imports, read, seen))
        for reader, runs in found.items():
            best = min(runs, key=lambda r: r["seconds"])
            size = (folder / READERS[reader][0]).stat().st_size / 1e6
            cost = f"{best['seconds']:7.2f} s wall {best['cpu']:7.2f} s CPU {best['mb']:6.0f} MB of memory"
            print(f"{reader:20} {size:5.0f} MB {cost}  {best['found']}")


if __name__ == "__main__":
    main()

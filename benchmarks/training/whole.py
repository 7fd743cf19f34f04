"""Whole processes, from the command to the last file: dermai-train beside the plain script and Lightning bf16-mixed.

    python benchmarks/training/whole.py --data DIR [--epochs 10] [--rounds 1] [--only NAME,...]

DIR has train/ and val/ folders. Lightning gets an environment of its own, with this torch. Ratios are to the plain script of the
same round; the order turns round in each. A line says how busy the machine was with other work meanwhile.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from load import other_load

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DERMAI = {
    "dermai-train, the recipe itself": ["--batch-size", "32"],
    "dermai-train --frozen-bn eval": ["--batch-size", "64", "--frozen-bn", "eval"],
    "dermai-train --views 3": ["--batch-size", "64", "--frozen-bn", "eval", "--views", "3"],
}


def commands(options: argparse.Namespace, work: Path) -> dict[str, list[str]]:
    shared = ["--data", str(options.data), "--epochs", str(options.epochs)]
    own = [sys.executable, "-m", "dermai_report.cli.train", *shared, "--weights", "none", "--test-fraction", "0"]
    found = {"plain script": [sys.executable, str(HERE / "plain.py"), *shared, "--out", str(work / "plain.pth")]}
    peer = lightning_python(options.environment)
    if peer:
        found["Lightning bf16-mixed"] = [peer, str(HERE / "lightning_peer.py"), *shared, "--out", str(work / "peer.pth")]
    for name, words in DERMAI.items():
        found[name] = [*own, "--runs", str(work / "runs"), *words]
    return {name: words for name, words in found.items() if any(part in name for part in options.only.split(","))}


def lightning_python(folder: Path) -> str | None:
    """An environment with Lightning over this one's torch, made once."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        site = subprocess.run(
            [sys.executable, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        (own,) = folder.glob("lib/python3*/site-packages")
        (own / "this_torch.pth").write_text(f"import site; site.addsitedir({site!r})\n")  # the very same torch, no other build
        import torch

        pins = ["lightning==2.5.*", f"torch=={torch.__version__}"]
        done = subprocess.run([str(python), "-m", "pip", "install", "--quiet", *pins], check=False)
        if done.returncode:
            print("Lightning could not be installed: left out")
            return None
    return str(python)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--environment", type=Path, default=Path(tempfile.gettempdir()) / "dermai-lightning")
    options = parser.parse_args()
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": f"{folder}/cache"}
        chosen = commands(options, Path(folder))
        for turn in range(options.rounds):
            for name, words in list(chosen.items())[:: 1 if turn % 2 == 0 else -1]:
                with other_load() as load:
                    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
                    subprocess.run(words, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
                times.setdefault(name, []).append(seconds)
                cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                print(f"{name:34} {seconds:7.1f} s  {cpu:7.1f} s of processor time  other load {load():.0%}", flush=True)
    for reference in ("plain script", "Lightning bf16-mixed"):
        for name, seconds in times.items():
            if name != reference and reference in times:
                ratio = statistics.median(r / s for r, s in zip(times[reference], seconds, strict=True))
                print(f"{name:34} {ratio:.2f} x the speed of {reference}")


if __name__ == "__main__":
    main()

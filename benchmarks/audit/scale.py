"""How the search for copies grows: thumbnails with the spectrum of photographs, one in a hundred of them a planted crop.

    python benchmarks/audit/scale.py [--n 100000,1000000]

Prints for each n the seconds of the search on two threads, the peak of resident memory, and the recall of the planted pairs.
Decoding is not in it. Synthetic thumbnails resemble each other less than those of real sets do, so fewer of them are laid over each
other than in a set of ten million real images: the figure is that of the index.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator

import numpy as np

from dermai_report.datasets.audit.alignment import cut
from dermai_report.datasets.audit.duplicates import near_duplicates
from dermai_report.datasets.audit.facts import room

BATCH = 1_000
EVERY = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", default="100000,1000000")
    for n in map(int, parser.parse_args().n.split(",")):
        thumbnails = room(n)
        planted = set(fill(thumbnails))
        start, used = time.perf_counter(), time.process_time()
        found, _ = near_duplicates(thumbnails, np.ones(n, bool), np.zeros(n, int), lambda: None, workers=2)
        seconds, used = time.perf_counter() - start, time.process_time() - used
        pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{n:,} images: {seconds:.1f} s by the clock, {used:.1f} s of processors, {used / n * 1e6:.0f} us an image, "
            f"peak {peak:.0f} MiB, of which thumbnails {thumbnails.nbytes / 2**20:.0f}; "
            f"recall {len(pairs & planted) / len(planted):.4f}, others {len(pairs - planted)}",
            flush=True,
        )


def fill(thumbnails: np.ndarray) -> Iterator[tuple[int, int]]:
    """Noise whose amplitudes fall with the frequency; the last of every hundred is a crop of the first. Yields these pairs."""
    rng = np.random.default_rng(0)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(32), np.fft.rfftfreq(32), indexing="ij"))
    frequency[0, 0] = 1
    for start in range(0, len(thumbnails), BATCH):
        n = min(BATCH, len(thumbnails) - start)
        noise = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(n, 32, 32))) / frequency)
        greys = np.clip(128 + 50 * noise / noise.std(axis=(1, 2), keepdims=True), 0, 255)
        first, last = np.arange(0, n - EVERY + 1, EVERY), np.arange(EVERY - 1, n, EVERY)
        size = rng.uniform(0.8, 0.95, len(first))
        window = np.stack([rng.uniform(0, 1 - size), rng.uniform(0, 1 - size), size, size], axis=1)
        greys[last] = cut(greys[first].astype(np.float32), window.astype(np.float32))
        thumbnails[start : start + n] = greys.astype(np.uint8)
        yield from zip((start + first).tolist(), (start + last).tolist(), strict=True)


if __name__ == "__main__":
    main()

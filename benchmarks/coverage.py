"""How often the 95 % intervals of a report hold the truth: simulated test sets of known models.

    python benchmarks/coverage.py [--draws 500] [--seed 1]

Prints, for each interval, its coverage in each world, with the least and the mean; the mean width of the first world beside it. The
standard error of a coverage of .95 is .010 with 500 draws. docs/intervals.md says which intervals are conservative by design. The last
line: how often the epochs that "the data cannot tell from the best" hold the truly best one, of ten.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from dermai_report import measures
from tests import builders, worlds
from tests import worlds_of_several as several
from tests.worlds import World

WORLDS = (
    World(50, 2, skill=1.5),
    World(100, 2),
    World(200, 2, rarest=0.1),
    World(150, 4, skill=1.2, shift=2.0),
    World(200, 10),
    World(200, 10, skill=3.0),
    World(500, 7, rarest=0.05),
    World(1000, 5, rarest=0.2, shift=0.6),
    World(2000, 3, shift=1.5),
    World(100, 2, skill=3.0),
    World(300, 4, skill=2.5, shift=3.0),
    World(600, 4, skill=1.5, per_group=6),
)
PAIRS = (
    (World(200, 2), 0.3, True),
    (World(200, 8, skill=1.5), 0.0, True),
    (World(500, 4, rarest=0.1, shift=2.0), -0.3, True),
    (World(200, 4), 0.3, False),
    (World(600, 3, rarest=0.2, skill=3.0), 0.0, False),
)
CHOSEN = ((200, 0.0), (200, 0.05), (1000, 0.0), (1000, 0.05), (1000, 0.2))
TRIED = ((2, 200), (3, 200), (5, 500), (10, 200))
FOLDED = ((5, 100), (10, 100), (5, 400), (10, 400))


def best_epochs(draws: int, seed: int, n: int, step: float) -> float:
    """The share of runs whose best epoch and its equals hold the epoch with the most skill; step: skill between epochs."""
    rng, held = np.random.default_rng(seed), 0
    skills = 1 - step * np.abs(np.arange(10) - 6)
    for _ in range(draws):
        samples = builders.sample_epochs(rng, skills.tolist(), n=n)
        losses = samples.loss.mean(axis=1)
        best = measures.best_epoch(builders.run(epochs=builders.epochs(losses, losses), val_epochs=samples))
        assert best is not None
        held += 7 in (best.epoch, *best.indistinguishable)
    return held / draws


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="Coverage of the 95 % intervals.")
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    grid = [(world.name, lambda w=world: worlds.covered(w, worlds.truth(w), args.draws, args.seed)) for world in WORLDS]
    show("One model", grid)
    show(
        "Two models, the second more skilled by the gain: the differences",
        [
            (
                f"{world.name}, gain {gain:g}, {'the same' if same else 'separate'} samples",
                lambda p=(world, gain, same): several.shares(several.compared(*p), args.draws, args.seed),
            )
            for world, gain, same in PAIRS
        ],
    )
    show(
        "The best of ten epochs, chosen on n samples and tested on as many",
        [
            (
                f"n {n}, skill {step:g} between epochs",
                lambda c=(n, step): several.shares(several.chosen(*c), args.draws, args.seed),
            )
            for n, step in CHOSEN
        ],
    )
    show(
        "A recommendation over seeds",
        [(f"{s} seeds, n {n}", lambda t=(s, n): several.shares(several.tried(*t), args.draws, args.seed)) for s, n in TRIED],
    )
    show(
        "A cross-validation",
        [(f"{f} folds, n {n}", lambda t=(f, n): several.shares(several.folded(*t), args.draws, args.seed)) for f, n in FOLDED],
    )
    found = [best_epochs(args.draws, args.seed, n, step) for n in (200, 1000) for step in (0.0, 0.02, 0.1)]
    print("\nbest epoch among those named: " + " ".join(f"{share:.3f}" for share in found))


def show(title: str, grid: Sequence[tuple[str, Callable[[], dict[str, tuple[float, float]]]]]) -> None:
    """Measure one family of worlds and print its table."""
    print(f"\n{title}")
    columns = []
    for i, (world, measure) in enumerate(grid):
        print(f"world {i + 1}: {world}", flush=True)
        columns.append(measure())
    names = list(dict.fromkeys(name for column in columns for name in column))
    print(f"\n{'':28}" + "".join(f"{i + 1:>6}" for i in range(len(grid))) + f"{'least':>8}{'mean':>7}{'width':>8}")
    for name in names:
        shares = [column[name][0] if name in column else np.nan for column in columns]
        width = next(column[name][1] for column in columns if name in column)
        cells = "".join(f"{share:6.3f}" if np.isfinite(share) else f"{'-':>6}" for share in shares)
        print(f"{name:28}{cells}{np.nanmin(shares):8.3f}{np.nanmean(shares):7.3f}{width:8.3f}")


if __name__ == "__main__":
    main()

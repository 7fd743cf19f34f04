"""How often findings are right that claim a calibrated confidence: simulated runs with the trouble and without, half each.

    python benchmarks/confidence.py [--draws 1500] [--seed 1] [--rule RULE ...]

Prints for each rule how many findings there were, the mean confidence they claimed, the share that was right, the Brier score, and the
reliability: [claimed : right, n] in classes of confidence. tests/claims.py has the runs and says when a finding is right. Not here:
overfitting, overconfidence and diverging, which rest on the detector, and what is counted or judged.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests import claims

EDGES = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="Reliability of the rules' confidences.")
    parser.add_argument("--draws", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rule", action="append", choices=list(claims.SCENARIOS))
    args = parser.parse_args()
    everything: list[claims.Claim] = []
    for rule in args.rule or claims.SCENARIOS:
        found = claims.claims(rule, args.draws, args.seed)
        everything += found
        print(line(rule, found), flush=True)
    print(line("all together", everything))


def line(name: str, found: list[claims.Claim]) -> str:
    """One line of the table."""
    said, right = np.array(found, dtype=float).reshape(-1, 2).T
    level = np.digitize(said, EDGES)
    parts = [
        f"[{said[level == b].mean():.2f} : {right[level == b].mean():.2f}, {(level == b).sum()}]" for b in np.unique(level)
    ]
    brier = ((said - right) ** 2).mean()
    return f"{name:26} n {len(found):5} claimed {said.mean():.3f} right {right.mean():.3f} Brier {brier:.3f}  {' '.join(parts)}"


if __name__ == "__main__":
    main()

"""What is said when an experiment ends, and its exit status."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from dermai_report.train.experiments.trial import Outcome


def finish(folder: Path, outcomes: Sequence[Outcome]) -> int:
    """Print the directory; 0 when at least one trial was finished, else 1."""
    done = sum(outcome.status == "finished" for outcome in outcomes)
    for outcome in outcomes:
        if outcome.error:
            print(f"{outcome.trial} failed: {outcome.error}", file=sys.stderr)
    print(f"{done} of {len(outcomes)} trials finished", file=sys.stderr)
    print(f"next: dermai-report {shlex.quote(str(folder))} --format html", file=sys.stderr)
    print(folder)
    return 0 if done else 1

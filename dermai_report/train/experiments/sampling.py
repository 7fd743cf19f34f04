"""Which values to try next: Optuna's tree-structured Parzen estimator (Bergstra et al. 2011, NeurIPS), without a study that is kept.

A study is made anew for each batch, from the outcomes so far and a seed. So what is asked follows from those alone: nothing is
saved beside the runs, and a resumed search, or one with more workers, asks the same.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from dermai_report.errors import DermaiError
from dermai_report.storage.experiment_files import Space

DIGITS = 4  # of a value: enough for any effect, few enough to be copied
STARTUP = 8  # trials at random before the estimator has something to go by


def library() -> Any:
    """Optuna. Raises DermaiError where it is missing."""
    try:
        import optuna
    except ModuleNotFoundError:
        raise DermaiError("Optuna is not installed", "pip install 'dermai-report[search]'") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def ask(
    spaces: Mapping[str, Space], told: Sequence[tuple[Mapping[str, float], float]], n: int, seed: str
) -> list[dict[str, float]]:
    """The values of the next n trials. told: values and loss (infinite where a trial failed) of those before.

    Values outside the spaces tell nothing and are passed over.
    """
    optuna = library()
    ranges = {key: optuna.distributions.FloatDistribution(s.low, s.high, log=s.log) for key, s in spaces.items()}
    sampler = optuna.samplers.TPESampler(seed=random.Random(seed).getrandbits(32), n_startup_trials=STARTUP)
    study = optuna.create_study(sampler=sampler)
    for values, loss in told:
        if all(spaces[key].low <= values[key] <= spaces[key].high for key in spaces):
            params = {key: values[key] for key in spaces}
            study.add_trial(optuna.trial.create_trial(params=params, distributions=ranges, value=loss))
    return [{key: _rounded(value, spaces[key]) for key, value in study.ask(ranges).params.items()} for _ in range(n)]


def _rounded(value: float, space: Space) -> float:
    return min(max(float(f"{value:.{DIGITS}g}"), space.low), space.high)

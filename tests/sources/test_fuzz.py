"""Whatever is wrong with a log: a Run, or an error of ours; never another exception. benchmarks/sources/fuzz.py does it at length."""

import random
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dermai_report import DermaiError, read_run
from dermai_report.run import Run
from tests.sources.mutate import logs, mutated

LOGS = dict(logs())


@pytest.mark.parametrize(("name", "files"), list(LOGS.items()), ids=list(LOGS))
def test_a_run_or_an_error_of_ours(name: str, files: dict[Path, bytes], tmp_path: Path) -> None:
    @settings(max_examples=15, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=False))
    def check(chance: random.Random) -> None:
        place = tmp_path / name
        shutil.rmtree(place, ignore_errors=True)
        chosen = chance.choice(list(files))
        for path, data in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(mutated(data, chance) if path == chosen else data)
        try:
            run = read_run(chance.choice((place, place / chosen)))
        except DermaiError:
            return
        assert isinstance(run, Run)
        assert all(e.epoch >= 1 for e in run.epochs)

    check()

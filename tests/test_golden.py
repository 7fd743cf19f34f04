"""The committed examples are what the code makes today. `make golden` accepts a change; a failure leaves what came out in tmp_path.

resnet18-10-epochs is a published run, written down from its printed log. resnet18-digits was trained by `make demo` and has all that
dermai-train logs but the model files. resnet18-digits-cosine was made from its report (`--apply report.json:cosine-schedule`), and
digits-cosine-try tried that recommendation over three seeds; its runs are without what was logged of each epoch's images. The JSON may
differ in the last digits: logarithms do between processors.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dermai_report import diagnose, read_run
from dermai_report.comparison import compare
from dermai_report.experiment import judge
from dermai_report.report import Shown
from dermai_report.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
RUNS = ("resnet18-10-epochs", "resnet18-digits")


DOCUMENTS: dict[str, Callable[[], Shown]] = {
    **{f"{run}/report": partial(lambda run: diagnose(read_run(f"runs/{run}"), Settings()), run) for run in RUNS},
    "resnet18-digits-cosine/comparison": lambda: compare(
        read_run("runs/resnet18-digits"), [read_run("runs/resnet18-digits-cosine")], Settings()
    ),
    "digits-cosine-try/experiment": lambda: judge(Path("runs/digits-cosine-try")),
}
TRAINED = ("resnet18-digits", "resnet18-digits-cosine", "digits-cosine-try")


@pytest.mark.parametrize("suffix", ["html", "md", "json"])
@pytest.mark.parametrize("document", DOCUMENTS)
def test_example_is_up_to_date(document: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    made = DOCUMENTS[document]().save(tmp_path / f"report.{suffix}")
    committed = ROOT / "report" / f"{document}.{suffix}"
    accept = f"what came out: {made}; accept it with: make golden"
    if suffix == "json":
        assert same(json.loads(made.read_bytes()), json.loads(committed.read_bytes())), accept
    else:
        assert made.read_bytes() == committed.read_bytes(), accept


def same(a: Any, b: Any) -> bool:
    """Whether two JSON values are equal, numbers to nine digits."""
    if isinstance(a, float) and isinstance(b, float):
        return a == pytest.approx(b, rel=1e-9, abs=1e-12)
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


@pytest.mark.parametrize("run", TRAINED)
def test_a_trained_example_is_whole_and_small_and_names_no_place_of_its_machine(run: str) -> None:
    folder = ROOT / "runs" / run
    files = [path for path in folder.rglob("*") if path.is_file() and "model" not in path.relative_to(folder).parts]
    assert {"run.json", "epochs.jsonl", "test.json", "val.parquet", "test.parquet"} <= {path.name for path in files}
    assert sum(path.stat().st_size for path in files) < 300_000
    for path in files:
        assert not any(place in path.read_bytes() for place in (b"/home/", b"/root", b"/tmp", b"/Users/")), path


def test_the_comparison_is_of_a_run_and_the_one_it_was_made_from() -> None:
    compared = json.loads((ROOT / "report" / "resnet18-digits-cosine" / "comparison.json").read_bytes())["runs"][0]
    assert [(action["action"], action["together"]) for action in compared["predictions"]] == [("cosine-schedule", [])]
    tried = json.loads((ROOT / "report" / "digits-cosine-try" / "experiment.json").read_bytes())
    assert [action["seeds"] for action in tried["predictions"]] == [3]

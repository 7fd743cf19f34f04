"""Choosing rules and thresholds, and being told when a name is wrong."""

from pathlib import Path

import pytest

from dermai_report import DermaiError, diagnose, registry
from dermai_report.run import Data
from dermai_report.settings import Settings, read_settings, thresholds_of
from tests import builders

SIX_TO_ONE = builders.run(data=Data(counts={"train": {"a": 600, "b": 100}}))


def fired(settings: Settings) -> set[str]:
    return {f.rule for f in diagnose(SIX_TO_ONE, settings).findings}


def test_thresholds_from_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.dermai-report.thresholds.class_imbalance]\nratio = 5\n")
    assert "class_imbalance" not in fired(read_settings(folder=tmp_path / "elsewhere"))
    assert "class_imbalance" in fired(read_settings(folder=tmp_path))


def test_select_and_ignore(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('ignore = ["single_split"]\n')
    settings = read_settings(tmp_path / "own.toml")
    assert "single_split" not in fired(settings)
    report = diagnose(SIX_TO_ONE, read_settings(folder=tmp_path, select=["no_test_predictions"]))
    assert {f.rule for f in report.findings} == {"no_test_predictions"}
    assert {s.rule for s in report.skipped} == set(registry.names("rules")) - {"no_test_predictions"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('ignore = ["overfiting"]', "did you mean 'overfitting'"),
        ('ignores = ["overfitting"]', "did you mean 'ignore'"),
        ("[thresholds.class_imbalance]\nrato = 5", "did you mean 'ratio'"),
        ('[thresholds.class_imbalance]\nratio = "5"', "not a number"),
        ("[thresholds]\nclass_imbalance = 5", "not a table"),
        ('select = "overfitting"', "list of rule names"),
        ("ignore = [", "not readable as TOML"),
    ],
)
def test_wrong_settings_are_explained(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(DermaiError) as caught:
        read_settings(tmp_path / "own.toml")
    assert message in str(caught.value)


def test_missing_file_is_an_error() -> None:
    with pytest.raises(DermaiError, match="there is no"):
        read_settings(Path("nowhere.toml"))


@pytest.mark.parametrize("rule", registry.names("rules"))
def test_every_threshold_is_documented(rule: str) -> None:
    module = registry.load("rules", rule, "rule")
    for name, default in thresholds_of(module).items():
        assert f"`{name}`" in (module.check.__doc__ or ""), name
        assert isinstance(default, int | float)

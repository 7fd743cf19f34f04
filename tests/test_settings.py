"""Choosing rules and thresholds, and being told when a name is wrong."""

from pathlib import Path

import pytest

from dermai_report import DermaiError, diagnose, registry
from dermai_report.run import Data
from dermai_report.settings import GateSettings, Settings, read_settings, thresholds_of
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
        ('fail-on = ["leakege"]', "did you mean 'leakage'"),
        ('fail-on = ["eror"]', "did you mean 'error'"),
        ('fail-on = ["info"]', "no severity or rule to fail on 'info'"),
        ('fail-on = "error"', "fail-on must be a list of severities and rule names"),
        ('fail-on = ["leakage"]\nignore = ["leakage"]', "select and ignore leave it out"),
        ('fail-on = ["leakage"]\nselect = ["overfitting"]', "select and ignore leave it out"),
        ('require = ["test.acuracy >= 0.8"]', "did you mean 'test.accuracy'"),
        ('require = "test.accuracy >= 0.8"', "list of requirements"),
        ('strict = "yes"', "true or false"),
        ("min-confidence = 60", "no number from 0 to 1"),
        ("min-confidence = true", "no number from 0 to 1"),
        ("min_confidence = 0.6", "did you mean 'min-confidence'"),
    ],
)
def test_wrong_settings_are_explained(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(DermaiError) as caught:
        read_settings(tmp_path / "own.toml")
    assert message in str(caught.value)


def test_the_command_line_replaces_what_the_file_says_of_the_gate(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('fail-on = ["leakage"]\nstrict = true\nmin-confidence = 0.8\n')
    assert read_settings(tmp_path / "own.toml").gate == GateSettings(("leakage",), (), True, 0.8)
    call = {"fail-on": ["error"], "require": None, "strict": False, "min-confidence": None}
    assert read_settings(tmp_path / "own.toml", gate=call).gate == GateSettings(("error",), (), False, 0.8)


def test_a_requirement_is_known_by_its_text_without_the_spaces_around_it(tmp_path: Path) -> None:
    assert read_settings(folder=tmp_path, gate={"require": [" test.accuracy >= 0.8 "]}).gate.require == (
        "test.accuracy >= 0.8",
    )


def test_strict_alone_asks_for_nothing(tmp_path: Path) -> None:
    with pytest.raises(DermaiError, match="nothing is asked"):
        read_settings(folder=tmp_path, gate={"strict": True})
    (tmp_path / "own.toml").write_text("strict = true\n")  # waits for a --fail-on
    assert not read_settings(tmp_path / "own.toml").gate.asks


def test_missing_file_is_an_error() -> None:
    with pytest.raises(DermaiError, match="there is no"):
        read_settings(Path("nowhere.toml"))


@pytest.mark.parametrize("rule", registry.names("rules"))
def test_every_threshold_is_documented(rule: str) -> None:
    module = registry.load("rules", rule, "rule")
    for name, default in thresholds_of(module).items():
        assert f"`{name}`" in (module.check.__doc__ or ""), name
        assert isinstance(default, int | float)

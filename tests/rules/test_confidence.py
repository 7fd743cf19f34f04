"""Every confidence says what it rests on, and where it is called calibrated, findings are right about that often."""

import ast
import re
from pathlib import Path
from types import ModuleType
from typing import get_args

import numpy as np
import pytest

from dermai_report import diagnose, registry
from dermai_report.diagnosis import rule_text
from dermai_report.report import Basis
from tests import claims
from tests.rules.test_rules import CASES

RULES = dict(registry.load_all("rules"))
FROM_THE_DETECTOR = {"overfitting", "overconfidence", "diverging"}  # calibrated with it: tests/measures/test_overfitting.py
DRAWS = 400
SLOW = {"plateau_without_decay", "selection_optimism", "validation_to_test_drop"}  # 20 ms a run


def promised(rule: str) -> set[str]:
    """The bases that the rule's manual names."""
    paragraph = re.search(r"^How sure: (.+?)(\n\n|\Z)", rule_text(rule, RULES[rule]).text, re.MULTILINE | re.DOTALL)
    assert paragraph, f"{rule} does not say how sure it is"
    return set(re.findall(r"\b(counted|calibrated|judged)\b", paragraph[1]))


def named(module: ModuleType) -> tuple[int, set[str]]:
    """How many findings the module makes, and the bases written where each is made."""
    calls = [
        node
        for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding"
    ]
    bases = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "basis"]
    assert len(bases) == len(calls)
    return len(calls), {
        n.value for b in bases for n in ast.walk(b) if isinstance(n, ast.Constant) and n.value in get_args(Basis)
    }


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_manual_and_the_findings_name_the_same_bases(rule: str) -> None:
    findings, bases = named(RULES[rule])
    assert findings
    assert bases
    assert promised(rule) == bases
    for finding in diagnose(CASES[rule][0]).findings:
        if finding.rule == rule:
            assert finding.basis in bases
            assert (finding.confidence == 1) == (finding.basis == "counted")


def test_what_is_called_calibrated_is_simulated() -> None:
    assert set(claims.SCENARIOS) | FROM_THE_DETECTOR == {rule for rule in RULES if "calibrated" in promised(rule)}


@pytest.mark.parametrize("rule", sorted(claims.SCENARIOS))
def test_findings_are_right_as_often_as_they_claim(rule: str) -> None:
    """On average they claim no more than three points and chance above what is right; the surest are right nine times in ten."""
    said, right = np.array(claims.claims(rule, 200 if rule in SLOW else DRAWS), dtype=float).T
    assert len(said) >= 35
    assert said.mean() - right.mean() < 0.03 + 2.6 * right.std() / np.sqrt(len(said))
    if (sure := said >= 0.9).any():
        assert right[sure].mean() > 0.9


@pytest.mark.parametrize(
    ("rule", "draws", "least", "most"),
    [("train_val_gap", 4000, 0, 0.8), ("train_val_gap", 4000, 0.8, 0.95), ("overlapping_classes", 1500, 0, 1),
     ("best_epoch_not_last", 1500, 0, 0.6), ("best_epoch_not_last", 1500, 0.6, 0.94), ("weak_classes", 2000, 0.5, 0.95)],
)  # fmt: skip
def test_less_sure_findings_are_right_as_often_as_they_claim(rule: str, draws: int, least: float, most: float) -> None:
    said, right = np.array(claims.claims(rule, draws, seed=8), dtype=float).T
    level = (least <= said) & (said < most)
    assert level.sum() >= 100
    assert said[level].mean() == pytest.approx(right[level].mean(), abs=0.06)

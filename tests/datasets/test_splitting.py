"""Held out splits: whole groups, even shares, every class, the same again; the plain split is tested in tests/train/test_data.py."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dermai_report.datasets.items import Item, count
from dermai_report.datasets.splitting import hold_out
from dermai_report.errors import DermaiError

PARTS = {"val": 0.15, "test": 0.15}


def patients(n: int, seed: int = 0, classes: str = "abc") -> list[Item]:
    """Images of n patients, one to eight each, mostly of one class."""
    rng = np.random.default_rng(seed)
    items = []
    for p in range(n):
        usual = classes[rng.choice(len(classes), p=np.arange(1, len(classes) + 1) / sum(range(len(classes) + 1)))]
        for i in range(int(rng.integers(1, 9))):
            label = usual if rng.random() < 0.9 else classes[rng.integers(len(classes))]
            items.append(Item(f"{label}/p{p}_{i}.jpg", label, "train", f"p{p}"))
    return items


@given(n=st.integers(40, 120), seed=st.integers(0, 1000))
@settings(max_examples=15)
def test_groups_stay_whole_and_classes_keep_their_shares(n: int, seed: int) -> None:
    items = hold_out(patients(n, seed), PARTS, seed)
    assert {i.sample for i in items} == {i.sample for i in patients(n, seed)}
    splits: dict[str, set[str]] = {}
    for item in items:
        splits.setdefault(item.group or "", set()).add(item.split)
    assert all(len(present) == 1 for present in splits.values())
    counts, sizes = count(items), Counter(i.label for i in items)
    for split in ("val", "test"):
        assert abs(sum(counts[split].values()) / len(items) - 0.15) < 0.08
        assert set(counts[split]) == set(sizes)


def test_shares_are_even_where_there_are_many_groups() -> None:
    items = hold_out(patients(2000), PARTS, 0)
    sizes = Counter(i.label for i in items)
    for split in ("val", "test"):
        for label, n in count(items)[split].items():
            assert abs(n / sizes[label] - 0.15) < 0.03


def test_the_order_of_the_files_decides_nothing_and_the_seed_does() -> None:
    items = patients(60)
    assert hold_out(items, PARTS, 3) == hold_out(items[::-1], PARTS, 3)
    assert hold_out(items, PARTS, 3) != hold_out(items, PARTS, 4)


def test_only_what_is_missing_is_held_out() -> None:
    items = [*patients(60), Item("c/test.jpg", "c", "test", "q1")]
    held = count(hold_out(items, PARTS, 0))
    assert held["test"] == {"c": 1}
    assert sum(held["val"].values()) > 20


def test_a_class_of_two_groups_cannot_be_in_three_splits() -> None:
    items = [*patients(60), *(Item(f"d/{n}.jpg", "d", "train", f"q{n % 2}") for n in range(9))]
    with pytest.raises(DermaiError, match=r"class 'd' has 2 group\(s\): too few"):
        hold_out(items, PARTS, 0)
    held = count(hold_out([*items, Item("d/x.jpg", "d", "train", "q2")], PARTS, 0))
    assert all(of_split["d"] for of_split in held.values())


def test_groups_that_tie_the_classes_together_are_refused() -> None:
    """Every image of the rare class is of the same patients as all of another one: nothing can be held out."""
    items = [Item(f"a/{g}_{n}.jpg", label, "train", f"p{g}") for g in range(2) for n, label in enumerate("aabb")]
    with pytest.raises(DermaiError, match="too few"):
        hold_out(items, PARTS, 0)

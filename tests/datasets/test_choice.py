"""Classes left out of one training."""

from __future__ import annotations

import pytest
from PIL import Image

from dermai_report.datasets.choice import choose
from dermai_report.datasets.items import Collection, Item, LeftOut
from dermai_report.errors import DermaiError

ITEMS = [
    Item(f"{split}/{label}/{n}", label, split) for split in ("train", "val") for label in ("a", "b", "c") for n in range(3)
]
SET = Collection(
    source="photos", items=ITEMS, read=lambda item: b"", decode=lambda data, side: Image.new("RGB", (1, 1)),
    excluded={"aside": LeftOut({"train": 4}, "dermai-data restore --data photos aside")},
)  # fmt: skip


def test_excluded_classes_are_counted() -> None:
    chosen = choose(SET, exclude=["b"])
    assert {i.label for i in chosen.items} == {"a", "c"}
    assert chosen.excluded["b"] == LeftOut({"train": 3, "val": 3}, "train without --exclude-class")
    assert chosen.excluded["aside"].counts == {"train": 4}


def test_only_some() -> None:
    chosen = choose(SET, only=["a", "c"])
    assert {i.label for i in chosen.items} == {"a", "c"}
    assert chosen.excluded["b"].restore == "train without --only-classes"


def test_nothing_chosen_changes_nothing() -> None:
    assert choose(SET) == SET


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"exclude": ["bb"]}, "no class 'bb' in photos"),
        ({"only": ["a", "d"]}, "no class 'd' in photos"),
        ({"exclude": ["a"], "only": ["b"]}, "both given"),
        ({"exclude": ["aside"]}, "set aside in photos already"),
    ],
)
def test_what_cannot_be(options: dict[str, list[str]], words: str) -> None:
    with pytest.raises(DermaiError, match=words) as caught:
        choose(SET, **options)
    assert caught.value.hint

"""Any sequence of exclude, keep, restore and list, on classes of any name: what was moved comes back byte for byte, to the time."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dermai_report.cli.data import main

from . import trees

ODD = ["-rash", "--data", "--", "two words", " led by a space", "quo'te", 'quo"te', "naïve", "皮疹", "e\u0301", "é", "a\nb", "$HOME",
       "*", "manifest.json", "test", "..a", "a" * 200, "\\", "%s", "🦠"]  # fmt: skip
named = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda name: not name.startswith(".") and len(name.encode()) < 200
)
classes = st.lists(st.sampled_from([o for o in ODD if not o.startswith(".")]) | named, min_size=2, max_size=5, unique=True)
calls = st.lists(
    st.tuples(st.sampled_from(["exclude", "keep", "restore", "list"]), st.sets(st.integers(0, 5), min_size=1), st.booleans()),
    max_size=6,
)


def expected(verb: str, names: list[str], known: list[str], out: set[str], force: bool) -> set[str] | None:
    """Which classes are set aside after a call; None where it must be refused."""
    inside = set(known) - out
    if verb == "list":
        return out
    if verb == "restore":
        return out - set(names) if set(names) <= out else None
    if not set(names) <= inside:
        return None
    going = set(names) if verb == "exclude" else inside - set(names)
    return out | going if force or not going or len(inside - going) >= 2 else None


@given(classes=classes, calls=calls, split=st.booleans())
@settings(max_examples=40)
def test_the_tree_after_is_the_tree_before(classes: list[str], calls: list, split: bool) -> None:
    known = [
        c for c in classes if split or c.lower() not in ("train", "training", "val", "valid", "validation", "test", "testing")
    ]
    with tempfile.TemporaryDirectory() as folder:
        root = trees.make(Path(folder), known, ("train", "val", "test") if split else ("",))
        before = trees.picture(root)
        out: set[str] = set()
        for verb, numbers, force in calls:
            names = [(known or ["none"])[n % max(1, len(known))] for n in sorted(numbers)]
            after = expected(verb, names, known, out, force)
            state = trees.picture(root)
            words = [] if verb == "list" else [*(["--force"] if force else []), "--", *names]
            assert main([verb, "--data", folder, *words]) == (2 if after is None else 0)
            if after is None:
                assert trees.picture(root) == state
            out = out if after is None else after
            aside = root / ".excluded"
            assert {p.name for p in aside.iterdir() if p.is_dir()} == out if aside.exists() else not out
            assert trees.picture(root)[b"."] == before[b"."]
        if out:
            assert main(["restore", "--all", "--data", folder]) == 0
        assert trees.picture(root) == before

"""Copies are found whatever was done to them, and different pictures are not taken for copies."""

from __future__ import annotations

import numpy as np
import pytest

from dermai_report.datasets.audit import duplicate_clusters, index, views
from dermai_report.datasets.audit.duplicates import MOST, clusters, identical, near_duplicates
from dermai_report.datasets.audit.facts import FEW, look_at_all
from dermai_report.datasets.audit.thinning import in_turns
from tests.datasets.audit.pictures import COPIES, collection, jpeg, photograph

N = 150


@pytest.fixture(scope="module")
def originals() -> dict[str, bytes]:
    return {f"train/a/{seed}.jpg": jpeg(photograph(seed)) for seed in range(N)}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_found_and_nothing_else(originals: dict[str, bytes], kind: str) -> None:
    copied = {f"test/a/{seed}.jpg": COPIES[kind](photograph(seed)) for seed in range(40)}
    found = duplicate_clusters(collection(originals | copied))
    truth = [[f"train/a/{seed}.jpg", f"test/a/{seed}.jpg"] for seed in range(40)]
    assert sum(pair in found for pair in truth) >= 39
    assert all(group in truth for group in found)


def test_the_same_bytes_are_one_cluster(originals: dict[str, bytes]) -> None:
    files = dict(list(originals.items())[:5])
    files |= {"val/a/again.jpg": files["train/a/2.jpg"], "test/b/again.jpg": files["train/a/2.jpg"]}
    assert duplicate_clusters(collection(files)) == [["train/a/2.jpg", "val/a/again.jpg", "test/b/again.jpg"]]


def test_flat_and_tiny_pictures_are_copies_only_of_the_same_bytes() -> None:
    flat = {f"train/a/{n}.jpg": jpeg(photograph(0).point(lambda v, n=n: 100 + n)) for n in range(3)}
    tiny = {f"train/b/{n}.jpg": jpeg(photograph(1).resize((20, 20)), 80 + n) for n in range(3)}
    assert duplicate_clusters(collection(flat | tiny)) == []


def test_unreadable_pictures_are_in_no_cluster() -> None:
    assert duplicate_clusters(collection({"train/a/1.jpg": b"", "train/a/2.jpg": jpeg(photograph(1))[:900]})) == []
    assert duplicate_clusters(collection({})) == []


def test_clusters_join_at_second_hand() -> None:
    assert clusters(6, [(4, 5), (0, 2), (2, 4)]) == [[0, 2, 4, 5]]
    assert identical(["a", "", "b", "a", ""]) == [[0, 3]]


def test_the_index_finds_all_that_it_promises() -> None:
    """Against the comparison of all with all: whatever differs through some window in none but its weakest bits."""
    thumbnails = np.stack([np.asarray(photograph(n, 32).convert("L")) for n in range(300)])
    rng = np.random.default_rng(0)
    near = np.clip(thumbnails[:100] + rng.normal(0, 12, (100, 32, 32)), 0, 255).astype(np.uint8)
    everything = np.concatenate([thumbnails, near])
    found = {
        (a, b, bool(m))
        for part in index.candidates(everything, np.ones(400, bool), np.zeros(400, int))
        for a, b, m in zip(part.asking, part.found, part.mirrored, strict=True)
    }
    whole = views.bits(views.coefficients(everything, whole=True)[:, 0])
    key = np.uint64(((1 << index.SHORTEST) - 1) << (index.BITS - index.SHORTEST))
    promised = set()
    for number, seen in enumerate(views.coefficients(everything)):
        weakest = np.argsort(np.abs(seen[:, : index.SHORTEST]), axis=1)[:, : index.WEAKEST]
        may_differ = (np.uint64(1) << (index.BITS - 1 - weakest).astype(np.uint64)).sum(1)
        for mirrored in (False, True):
            asked = views.bits(seen) ^ (views.mirror() if mirrored else np.uint64(0))
            differs = asked[:, None] ^ whole[None]
            fits = (differs & key & ~may_differ[:, None] == 0) & (np.bitwise_count(differs) <= index.FAR)
            promised |= {(number, int(other), mirrored) for other in np.flatnonzero(fits.any(0)) if other != number}
    assert len(promised) > 150
    assert found == promised


def frames(n: int, seed: int) -> np.ndarray:
    """(n, 32, 32): a picture again and again, as a camera that stands still takes it."""
    still = np.asarray(photograph(seed, 32).convert("L"), float)
    return np.clip(still + np.random.default_rng(seed).normal(0, 6, (n, 32, 32)), 0, 255).astype(np.uint8)


def test_many_copies_of_one_picture_take_a_bounded_number_of_pairs_and_hide_no_others() -> None:
    others = np.stack([np.asarray(photograph(n, 32).convert("L")) for n in range(100, 200)])
    thumbnails = np.concatenate([frames(1500, 0), others, frames(1, 150)])
    side = np.zeros(len(thumbnails), int)
    side[[3, 700, 1600]] = 1
    found, cut = near_duplicates(thumbnails, np.ones(len(thumbnails), bool), side, lambda: None)
    pairs = list(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert len(pairs) <= MOST * 1500 + 1
    assert clusters(len(thumbnails), pairs) == [list(range(1500)), [1550, 1600]]
    assert cut == 1500
    across = {(a, b) for a, b in pairs if side[a] != side[b]}
    assert {b if side[b] else a for a, b in across} == {3, 700, 1600}


def test_the_index_gives_no_more_than_it_may_however_full_a_cell_is() -> None:
    thumbnails = np.concatenate([frames(1, 0)] * 300)
    for part in index.candidates(thumbnails, np.ones(300, bool), np.zeros(300, int)):
        of_each = {a: set(part.found[part.asking == a].tolist()) for a in set(part.asking.tolist())}
        assert set(of_each) == set(part.cut.tolist())
        assert all(0 < len(others) <= index.LOOKED for others in of_each.values())


def test_look_alikes_are_taken_from_every_side_in_turn() -> None:
    asking, side = np.array([0] * 7 + [1]), np.array([0, 0, 0, 0, 1, 1, 2, 0])
    badness = np.array([0.1, 0.0, 0.2, 0.3, 0.9, 0.8, 0.7, 0.0])
    kept = {most: np.flatnonzero(in_turns(asking, side, badness, most)).tolist() for most in (1, 3, 5, 7)}
    assert kept == {1: [1, 7], 3: [1, 5, 6, 7], 5: [0, 1, 4, 5, 6, 7], 7: list(range(8))}


def test_a_mirrored_picture_has_the_mirrored_bits() -> None:
    thumbnails = np.stack([np.asarray(photograph(n, 32).convert("L")) for n in range(20)])
    straight, turned = (views.bits(views.coefficients(t, whole=True)) for t in (thumbnails, thumbnails[:, :, ::-1]))
    assert np.array_equal(straight ^ views.mirror(), turned)


def test_a_window_shows_what_the_crop_shows() -> None:
    picture = photograph(3, 256)
    for window in views.windows()[::9]:
        box = np.array([window.left, window.top, window.left + window.width, window.top + window.height]) * 256
        cut = np.asarray(picture.resize((32, 32), box=tuple(box), resample=4).convert("L"))
        through = views.coefficients(np.asarray(picture.resize((32, 32), resample=4).convert("L"))[None])
        alone = views.coefficients(cut[None], whole=True)[0]
        assert views.correlation(through[0, [views.windows().index(window)]], alone)[0] > 0.97


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_and_one_after_another_see_the_same(workers: int) -> None:
    small = jpeg(photograph(0, 40))
    files = {f"train/a/{n}.jpg": small for n in range(FEW)} | {"train/a/x.jpg": b"broken"}
    facts = look_at_all(collection(files), lambda title, total: lambda: None, workers)
    assert len(facts) == FEW + 1
    assert list(facts.faults) == [FEW]
    assert facts.header[0] == ("JPEG", "RGB", 40, 40)
    assert len(set(facts.digest[:FEW])) == 1
    assert (facts.thumbnail[0] == facts.thumbnail[FEW - 1]).all()

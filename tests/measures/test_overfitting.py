"""The overfitting detector against curves whose truth is known."""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dermai_report.measures.isotonic import bottoms, fit_valleys, valley_curves
from dermai_report.measures.noise import ar1, despike, difference_sd, rounding_sd
from dermai_report.measures.overfitting import bayes_factor, detect_overfitting
from dermai_report.measures.ramps import ramp_gains
from dermai_report.measures.rise import measure_rise, tail_probability
from dermai_report.report import Overfitting

NAN, INF = math.nan, math.inf
PUBLISHED_TRAIN = [1.6224, 1.0389, 0.9015, 0.7481, 0.6607, 0.5895, 0.5220, 0.4509, 0.4255, 0.3600]
PUBLISHED_VAL = [1.3176, 1.1070, 1.1872, 1.0971, 0.9667, 0.8875, 0.8879, 0.9289, 0.7892, 1.1481]
FALLING = [1 / (1 + 0.3 * i) + 0.2 for i in range(40)]
RISING = FALLING[:20] + [FALLING[19] * (1 + 0.03 * i) for i in range(1, 21)]


class Case(NamedTuple):
    train: list[float]
    val: list[float]
    onset: int | None


def simulate(rng: np.random.Generator, overfit: bool) -> Case:
    """A decay to a plateau or, from a random epoch on, a rise by 12 to 60 %, with correlated noise of 1 to 5 %."""
    n, sd = int(np.exp(rng.uniform(np.log(12), np.log(150)))), float(rng.choice([0.01, 0.02, 0.05]))
    t, low = np.arange(n), int(n * rng.uniform(0.25, 0.7))
    mean = np.log(0.4 + rng.uniform(0.3, 1.5) * np.exp(-np.minimum(t, low) / (0.1 * n)))
    height = np.log1p(rng.uniform(0.12, 0.6)) if overfit else 0.0
    mean = mean + height * np.maximum(t - low, 0) / (n - 1 - low)
    noise = ar1(rng.normal(size=(1, n)), np.array([rng.choice([0.0, 0.3, 0.6])]))[0]
    train = 0.1 + np.exp(-t / (0.3 * n)) + 0.003 * rng.normal(size=n)
    return Case(train.tolist(), np.exp(mean + sd * noise).tolist(), low + 2 if overfit else None)


@pytest.fixture(scope="module")
def judged() -> list[tuple[Case, Overfitting]]:
    rng = np.random.default_rng(20240607)
    cases = [simulate(rng, overfit=i % 2 == 1) for i in range(300)]
    return [(c, detect_overfitting(c.train, c.val)) for c in cases]


def test_false_alarms_are_rare(judged: list[tuple[Case, Overfitting]]) -> None:
    flat = [found for case, found in judged if case.onset is None]
    assert np.mean([f.overfit for f in flat]) <= 0.03
    assert np.mean([f.verdict == "certain" for f in flat]) <= 0.01


def test_real_rises_are_found(judged: list[tuple[Case, Overfitting]]) -> None:
    assert np.mean([found.overfit for case, found in judged if case.onset]) >= 0.85


def test_confidence_is_calibrated(judged: list[tuple[Case, Overfitting]]) -> None:
    assert np.mean([(found.confidence - (case.onset is not None)) ** 2 for case, found in judged]) <= 0.05


def test_onset_and_its_interval(judged: list[tuple[Case, Overfitting]]) -> None:
    found = [(c.onset, f, len(c.val)) for c, f in judged if c.onset and f.overfit]
    assert np.mean([abs(f.onset_epoch - onset) <= max(1, 0.1 * n) for onset, f, n in found]) >= 0.92
    assert 0.85 <= np.mean([f.onset_ci90[0] <= onset <= f.onset_ci90[1] for onset, f, _ in found]) <= 0.96
    assert all(f.onset_ci90[0] <= f.onset_epoch <= f.onset_ci90[1] for _, f, _ in found)


@pytest.mark.parametrize("bottom", ["level", "round"])
def test_onset_after_a_level_and_a_round_bottom(bottom: str) -> None:
    """A rise of any kind bends into a level bottom, a line does not fit a round one: neither may mislead."""
    rng = np.random.default_rng(11)
    t, errors = np.arange(40), []
    for low in rng.integers(10, 20, 120):
        level = np.exp(-t / 3) + 0.5 * np.maximum(t - low, 0) / (39 - low)
        mean = level if bottom == "level" else np.log((low + 1) / (t + 1) + (t + 1) / (low + 1))
        found = detect_overfitting(None, np.exp(mean + 0.05 * ar1(rng.normal(size=(1, 40)), np.array([0.3]))[0]).tolist())
        errors.append(found.onset_epoch - (low + 2) if found.overfit else 0)
    assert np.mean(np.abs(errors) <= 4) >= 0.92


def test_the_report_says_where_lowest_epoch_and_onset_part() -> None:
    found = detect_overfitting(
        None, [1.0, 0.7, 0.5, 0.44, 0.47, 0.45, 0.52, 0.46, 0.55, 0.6, 0.7, 0.8, 0.85, 1.0]
    )  # a wavy bottom
    assert "lowest level (epoch 4)" in found.reason
    assert found.onset_epoch > 5
    assert found.reason.endswith(f" The rise is as likely to have begun before epoch {found.onset_epoch} as after it.")
    assert "as likely" not in detect_overfitting(FALLING, RISING).reason
    dip = detect_overfitting(None, [*RISING[:30], 0.1, *RISING[31:]])
    assert "lowest fitted level (up to epoch 20)" in dip.reason


@pytest.mark.parametrize("n", [20, 40, 80])
def test_p_values_are_honest_on_a_plateau(n: int) -> None:
    """A flat curve is the hardest that never rises: small p are about as rare as they say, over correlations up to .6."""
    rng = np.random.default_rng(5)
    noise = ar1(rng.normal(size=(200, n)), rng.choice([0.0, 0.3, 0.6], 200))
    p = np.array([measure_rise(z).p for z in noise])
    assert np.mean(p < 0.05) <= 0.08
    assert np.mean(p < 0.1) <= 0.15
    assert np.mean(p < 0.3) <= 0.4


def test_a_last_epoch_that_stands_alone_is_no_evidence() -> None:
    """Small p as rare on level noise that ends with a spike as on level noise, however high the spike."""
    rng = np.random.default_rng(8)
    for height in (10, 100):
        noise = ar1(rng.normal(size=(150, 20)), np.full(150, 0.3))
        noise[:, -1] += height
        p = np.array([measure_rise(z).p for z in noise])
        assert np.mean(p < 0.05) <= 0.05
        assert np.mean(p < 0.1) <= 0.1
    steep = [0.3, 0.2, 0.1, 0.0, 0.01, 0.04, 0.09, 0.16, 0.25]  # its last step is its greatest, but no spike
    assert measure_rise(np.array(steep)).p < 0.01


def test_published_run_is_provisional() -> None:
    found = detect_overfitting(PUBLISHED_TRAIN, PUBLISHED_VAL)
    assert (found.verdict, found.overfit, found.onset_epoch, found.elevated_epochs) == ("provisional", False, 10, 1)
    assert 0.10 <= found.confidence <= 0.25
    assert found.rise == pytest.approx(1.1481 / 0.7892 - 1)
    assert "45.5 %" in found.reason
    assert "one epoch cannot tell overfitting from a spike" in found.reason
    assert detect_overfitting(PUBLISHED_TRAIN[:9], PUBLISHED_VAL[:9]).verdict == "none"


@pytest.mark.parametrize(
    ("train", "val", "verdict"),
    [
        ([], [], "unknown"),
        ([1.0], [1.0], "unknown"),
        ([1, 0.5, 0.2, 0.1], [1, 0.5, 2, 3], "unknown"),
        ([NAN] * 10, [NAN] * 10, "unknown"),
        ([1.0] * 30, [1.0] * 30, "none"),
        ([0.0] * 30, [0.0] * 30, "none"),
        (FALLING[:10] + [NAN] * 5, FALLING[:10] + [NAN] * 5, "none"),
        (FALLING, [*FALLING[:20], INF, *FALLING[21:]], "none"),
        (FALLING, [*FALLING[:20], 5 * FALLING[20], *FALLING[21:]], "none"),
        ([-5 * (1 - v) for v in FALLING], [-5 * (1 - v) for v in FALLING], "none"),
        (FALLING, [round(v, 2) for v in FALLING], "none"),
        ([0.5 - 0.01 * i for i in range(40)], [0.6 - 0.008 * i for i in range(40)], "none"),
        ([0.0] * 20, [0.5, 0.1] + [0.0] * 18, "none"),
        (FALLING, [*RISING[:10], NAN, *RISING[11:]], "certain"),
        (None, RISING, "certain"),
        ([1e9 * v for v in FALLING], [1e300 * v for v in RISING], "certain"),
        (FALLING, [1e-300 * v for v in RISING], "certain"),
        (FALLING, [round(v, 2) for v in RISING], "certain"),
        (FALLING, [v - 0.4 for v in RISING], "certain"),
        (FALLING, [1 + 0.05 * i for i in range(40)], "certain"),
        (FALLING[:7], RISING, "certain"),
        (RISING, RISING, "provisional"),
    ],
)
def test_any_curve_gets_a_verdict(train: list[float] | None, val: list[float], verdict: str) -> None:
    found = detect_overfitting(train, val)
    assert found.verdict == verdict
    assert found.overfit == (found.confidence >= 0.5)
    assert (found.onset_epoch is None) == (verdict in ("none", "unknown"))
    assert found.reason.endswith(".")


def test_reasons_say_what_happened() -> None:
    assert "diverged: no finite validation loss in the last 5 epochs" in detect_overfitting([], FALLING + [NAN] * 5).reason
    assert "Only 3 epochs" in detect_overfitting([], [1.0, 0.5, 0.2]).reason
    assert "the same in every epoch" in detect_overfitting([], [1.0] * 9).reason
    assert "unstable" in detect_overfitting(RISING, RISING).reason
    clear = detect_overfitting(FALLING, RISING).reason
    assert "19 of 20 later epochs more than 5 %" in clear
    assert "training meanwhile went from 0.3493 to 0.2787" in clear
    assert "validation error" in detect_overfitting([], RISING, metric="error").reason


def test_epochs_keep_their_own_numbers() -> None:
    plain = detect_overfitting(FALLING, RISING)
    shifted = detect_overfitting(FALLING, RISING, epochs=range(101, 141))
    assert (plain.onset_epoch, shifted.onset_epoch) == (21, 121)
    assert "(epoch 120)" in shifted.reason
    gap = [RISING[0], NAN, *RISING[1:]]
    assert detect_overfitting(None, gap).onset_epoch == 22


def test_a_training_loss_of_mere_noise_does_not_excuse_a_rise() -> None:
    """Memorised data leave a training loss near 0 whose ratios jump: it ends above its lowest epoch, and has not risen."""
    rng = np.random.default_rng(8)
    found = []
    for _ in range(20):
        val = 0.1 * np.exp(np.linspace(0, 0.6, 40) + 0.1 * rng.normal(size=40))
        found.append(detect_overfitting((0.01 * np.exp(0.6 * rng.normal(size=40))).tolist(), val.tolist()).overfit)
    assert np.mean(found) >= 0.95


def test_one_elevated_epoch_never_reaches_likely() -> None:
    rng = np.random.default_rng(9)
    for n in (6, 12, 40):
        val = [*FALLING[: n - 1], 3 * FALLING[0]]
        found = detect_overfitting(FALLING[:n], (np.array(val) * np.exp(0.002 * rng.normal(size=n))).tolist())
        assert found.confidence < 0.5


curves = st.integers(0, 2**32 - 1).map(lambda seed: simulate(np.random.default_rng(seed), overfit=seed % 2 == 0))


@settings(max_examples=15)
@given(case=curves, scale=st.sampled_from([1e-6, 0.3, 7.0, 1e6]))
def test_same_for_other_units(case: Case, scale: float) -> None:
    plain = detect_overfitting(case.train, case.val)
    scaled = detect_overfitting([scale * v for v in case.train], [scale * v for v in case.val])
    assert scaled.confidence == pytest.approx(plain.confidence, abs=0.01)
    assert (scaled.verdict, scaled.onset_epoch) == (plain.verdict, plain.onset_epoch)


@settings(max_examples=15)
@given(case=curves)
def test_same_each_time_and_with_epochs_not_logged(case: Case) -> None:
    plain = detect_overfitting(case.train, case.val)
    assert detect_overfitting(case.train, case.val) == plain
    behind = detect_overfitting([NAN, *case.train], [NAN, *case.val])
    assert behind.confidence == plain.confidence
    assert behind.onset_epoch == (None if plain.onset_epoch is None else plain.onset_epoch + 1)


@settings(max_examples=30)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30))
def test_any_numbers_are_survived(val: list[float]) -> None:
    found = detect_overfitting(val[::-1], val)
    assert 0 <= found.confidence <= 0.999


@settings(max_examples=60)
@given(st.lists(st.integers(-20, 20), min_size=1, max_size=12))
def test_valley_is_the_best_of_all(heights: list[int]) -> None:
    """Against pooling adjacent violators on both sides of every split."""

    def pooled(y: list[float]) -> list[float]:
        blocks: list[list[float]] = []
        for v in y:
            blocks.append([v])
            while len(blocks) > 1 and np.mean(blocks[-2]) >= np.mean(blocks[-1]):
                last = blocks.pop()
                blocks[-1] += last
        return [float(np.mean(b)) for b in blocks for _ in b]

    y = np.array(heights, dtype=float)
    fits = [[-v for v in pooled((-y[:k]).tolist())] + pooled(y[k:].tolist()) for k in range(len(y) + 1)]
    errors = [float(((y - f) ** 2).sum()) for f in fits]
    valleys = fit_valleys(y[None])
    assert valleys.total[0] - valleys.explained[0] == pytest.approx(errors, abs=1e-6)
    k = int(valleys.explained[0].argmax())
    (fit,), levels = valley_curves(y[None], valleys, np.array([k]))
    assert levels[0] >= len(np.unique(fit.round(12)))
    assert fit == pytest.approx(fits[k], abs=1e-9)
    level, stop = bottoms(y[None], valleys)
    assert level[0] == pytest.approx(fit.min(), abs=1e-9)
    assert fit[stop[0] - 1] == pytest.approx(fit.min(), abs=1e-9)


def test_many_curves_are_fitted_as_each_alone() -> None:
    y = np.random.default_rng(0).normal(size=(30, 25))
    together = fit_valleys(y)
    k = together.explained.argmax(axis=1)
    fits, _ = valley_curves(y, together, k)
    for i, row in enumerate(y):
        alone = fit_valleys(row[None])
        assert fits[i] == pytest.approx(valley_curves(row[None], alone, k[i : i + 1])[0][0], abs=1e-12)
        assert ((row - row.mean()) ** 2).sum() - ((row - fits[i]) ** 2).sum() == pytest.approx(together.explained[i, k[i]])


def test_a_ramp_is_explained_whole_and_a_fall_gains_nothing() -> None:
    """Against least squares by hand: a fall, then a line that begins anywhere."""
    falling = np.linspace(1, 0, 12)
    ramp = np.concatenate((falling, np.arange(1, 9) * 0.1))
    valleys = fit_valleys(ramp[None])
    total = ((ramp - ramp.mean()) ** 2).sum()
    assert ramp_gains(ramp[None], valleys).max() == pytest.approx(total - valleys.falling[0, -1])
    assert ramp_gains(falling[None], fit_valleys(falling[None])).max() == pytest.approx(0, abs=1e-12)


def test_the_p_value_does_not_hang_on_the_correlation() -> None:
    """Small p as often in noise of little as of much correlation: the statistic is freed of it before it is simulated."""
    rng = np.random.default_rng(6)
    small = [
        np.mean([measure_rise(z).p < 0.1 for z in ar1(rng.normal(size=(150, 60)), np.full(150, rho))]) for rho in (0.0, 0.6)
    ]
    assert max(small) <= 0.25  # a fit to flat noise falls a little, so p is somewhat small there whatever the correlation
    assert abs(small[0] - small[1]) <= 0.11  # each has a standard error of about .025


def test_noise_is_measured_beside_trend_and_spikes() -> None:
    rng = np.random.default_rng(3)
    white = rng.normal(size=(40, 200))
    for rho in (0.0, 0.6):
        z = 0.1 * ar1(white, np.full(40, rho)) + np.linspace(2, 0, 200) ** 2
        assert difference_sd(z, rho).mean() == pytest.approx(0.1, rel=0.05)
    z = 0.01 * white[0] + np.linspace(1, 0, 200)
    spiked = z.copy()
    spiked[[20, 90]], spiked[140] = z[[20, 90]] + 0.5, z[140] - 0.5
    assert np.abs(despike(spiked, 0.01) - z).max() < 0.06
    valley = np.abs(np.arange(21) - 10.0)
    assert despike(valley, 0.0).tolist() == valley.tolist()
    assert rounding_sd(np.array([0.1, 0.2, 0.2, 0.4])) == pytest.approx(0.1 / math.sqrt(12))
    assert rounding_sd(z) == 0.0


def test_tail_probability_follows_a_chi_square() -> None:
    draws = np.random.default_rng(0).chisquare(4, 2000)
    assert tail_probability(9.488, draws) == pytest.approx(0.05, abs=0.015)
    assert math.log10(tail_probability(30.0, draws)) == pytest.approx(math.log10(4.9e-6), abs=0.5)
    assert tail_probability(0.0, draws) == 1.0


def test_bayes_factor_falls_with_p_and_with_n() -> None:
    p = np.linspace(0.001, 1, 400)  # where the published branches meet, at .1, they differ by 4 %
    factors = [bayes_factor(float(v), 20) for v in p]
    assert all(a >= 0.95 * b for a, b in pairwise(factors))
    assert bayes_factor(0.01, 25) == pytest.approx(1 / 0.15)
    assert bayes_factor(0.01, 100) < bayes_factor(0.01, 25)

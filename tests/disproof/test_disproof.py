"""Predictions held against pairs of runs: planted effects are seen, and where nothing changed little is said to have held."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from dermai_report import actions, registry
from dermai_report.disproof import Pair, check, check_action, overall
from dermai_report.report import Held, Prediction
from dermai_report.run import Predictions, Run
from tests import builders

Rng = np.random.Generator
MIX = (0.4, 0.3, 0.2, 0.1)
K = len(MIX)


def drawn(rng: Rng, n: int, skills: Sequence[float], groups: int = 0, luck: float = 0.0) -> list[Predictions]:
    """Outcomes of models of these skills on one set of images; groups: so many patients, whose images are alike; luck: of training."""
    label = rng.choice(K, n, p=MIX)
    common = rng.normal(size=(n, K))
    patient = rng.integers(0, groups, n) if groups else None
    outcomes = []
    for skill in skills:
        logits = common + 0.5 * rng.normal(size=(n, K))
        logits[np.arange(n), label] += skill + luck * rng.normal()
        if patient is not None:
            logits[np.arange(n), label] += 0.7 * rng.normal(size=groups)[patient]
        table = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        outcomes.append(
            Predictions(
                sample=[f"{i}.jpg" for i in range(n)],
                label=label.astype(np.int32),
                predicted=table.argmax(axis=1).astype(np.int32),
                probabilities=table.astype(np.float32),
                group=None if patient is None else [str(p) for p in patient],
            )
        )
    return outcomes


def run(val: Predictions | None = None, test: Predictions | None = None, train: float = 0.3, **facts: object) -> Run:
    """A run with these predictions, whose best epoch's training loss is `train`."""
    outcomes = {name: outcome for name, outcome in (("val", val), ("test", test)) if outcome is not None}
    logs = builders.epochs([0.9, 0.6, train], [1.0, 0.8, 0.7])
    return builders.run(**{"predictions": outcomes, "epochs": logs, **facts})


def sampled(rng: Rng, worse: float, better: float, seeds: int = 1, **facts: float) -> list[Pair]:
    """Pairs of runs whose models have these skills, on one validation and one test set."""
    val, test = (drawn(rng, int(facts.get("n", 200)), [worse] * seeds + [better] * seeds, int(facts.get("groups", 0)),
                       facts.get("luck", 0.0)) for _ in range(2))  # fmt: skip
    runs = [run(*both) for both in zip(val, test, strict=True)]
    return [Pair(a, b) for a, b in zip(runs[:seeds], runs[seeds:], strict=True)]


def curve(rng: Rng, n: int, noise: float, ar: float = 0.0, tails: int = 0) -> Run:
    """A run of n epochs whose validation loss falls smoothly, with relative noise, correlated or with long tails."""
    white = rng.standard_t(tails, n) if tails else rng.normal(size=n)
    for t in range(1, n):
        white[t] = ar * white[t - 1] + math.sqrt(1 - ar**2) * white[t]
    return builders.run(epochs=builders.epochs([], list((0.4 + np.exp(-np.arange(n) / 3)) * np.exp(noise * white))))


def curves(rng: Rng, before: float, now: float, n: tuple[int, int] = (12, 12), **kind: float) -> list[Pair]:
    return [Pair(curve(rng, n[0], before, **kind), curve(rng, n[1], now, **kind))]  # type: ignore[arg-type]


def trained(rng: Rng, first: Sequence[float], second: Sequence[float]) -> list[Pair]:
    """Runs whose epochs have these skills: the epoch of the lowest validation loss ships, with its predictions."""
    found = []
    seen = drawn(rng, 300, [*first, *second])
    losses = np.array([-np.log(o.probabilities[np.arange(300), o.label]) for o in seen])  # type: ignore[index]
    for own in (slice(0, len(first)), slice(len(first), None)):
        best = int(losses[own].mean(axis=1).argmin())
        samples = builders.SampleEpochs(
            epochs=tuple(range(1, len(losses[own]) + 1)),
            loss=losses[own].astype(np.float32),
            predicted=np.array([o.predicted for o in seen[own]]),
            label=seen[0].label,
        )
        logs = builders.epochs([], list(losses[own].mean(axis=1)))
        outcome = replace(seen[own][best], epoch=best + 1)
        found.append(builders.run(predictions={"val": outcome}, epochs=logs, val_epochs=samples))
    return [Pair(*found)]


LOSS = Prediction("loss", "lower")
F1 = Prediction("macro_f1", "higher")
COOL = Prediction("loss_with_temperature", "lower", split="test")
GAP = Prediction("gap", "lower")
LATER = Prediction("best_epoch", "higher")
MOVES = Prediction("movement", "lower")
FLAT = [0.5, 1.0, *[1.5] * 8]

# Where nothing changed, of everything that varies: what is predicted, and a pair of runs.
NOTHING: dict[str, tuple[Prediction, Callable[[Rng], list[Pair]]]] = {
    "loss": (LOSS, partial(sampled, worse=1.5, better=1.5)),
    "loss, patients": (LOSS, partial(sampled, worse=1.5, better=1.5, groups=40)),
    "loss, seeds and their luck": (LOSS, partial(sampled, worse=1.5, better=1.5, seeds=3, luck=0.2)),
    "loss, the best of 10 epochs and of 20": (LOSS, partial(trained, first=FLAT, second=[*FLAT, *[1.5] * 10])),
    "macro F1": (F1, partial(sampled, worse=1.5, better=1.5)),
    "macro F1, patients": (F1, partial(sampled, worse=1.5, better=1.5, groups=40)),
    "macro F1, seeds and their luck": (F1, partial(sampled, worse=1.5, better=1.5, seeds=3, luck=0.2)),
    "loss with temperature": (COOL, partial(sampled, worse=1.5, better=1.5)),
    "gap": (GAP, partial(sampled, worse=1.5, better=1.5)),
    "best epoch": (LATER, partial(trained, first=FLAT, second=[*FLAT, *[1.5] * 10])),
    "movement": (MOVES, partial(curves, before=0.08, now=0.08)),
    "movement, long tails": (MOVES, partial(curves, before=0.08, now=0.08, n=(30, 30), tails=4)),
    "movement, correlated, more epochs": (MOVES, partial(curves, before=0.08, now=0.08, n=(10, 40), ar=0.5)),
}
ROUNDS = 500
MOST = 0.05


@pytest.mark.parametrize("case", NOTHING)
def test_where_nothing_changed_predictions_seldom_hold(case: str) -> None:
    prediction, make = NOTHING[case]
    found = Counter(check(prediction, make(np.random.default_rng(seed))).held for seed in range(ROUNDS))
    assert found["held"] / ROUNDS <= MOST
    assert found["did not hold"] / ROUNDS <= MOST
    assert found["cannot tell"]


PLANTED: dict[str, tuple[Prediction, Callable[[Rng], list[Pair]]]] = {
    "loss": (LOSS, partial(sampled, worse=1.2, better=2.0)),
    "loss over seeds": (LOSS, partial(sampled, worse=1.2, better=2.0, seeds=3, luck=0.1)),
    "loss on test": (Prediction("loss", "lower", split="test"), partial(sampled, worse=1.2, better=2.0)),
    "macro F1": (F1, partial(sampled, worse=1.0, better=2.2)),
    "macro F1 over seeds": (F1, partial(sampled, worse=1.0, better=2.2, seeds=3)),
    "loss with temperature": (COOL, partial(sampled, worse=1.2, better=2.0)),
    "gap": (GAP, partial(sampled, worse=1.2, better=2.0)),
    "best epoch": (LATER, partial(trained, first=[2.0, 1.0, 0.8, 0.6], second=[0.6, 0.8, 1.0, 1.2, 1.8])),
    "movement": (MOVES, partial(curves, before=0.3, now=0.02, n=(20, 20))),
}


@pytest.mark.parametrize("case", PLANTED)
def test_what_is_planted_holds_and_its_opposite_does_not(case: str) -> None:
    prediction, make = PLANTED[case]
    pairs = make(np.random.default_rng(0))
    found = check(prediction, pairs)
    assert (found.held, found.measured.better) == ("held", True)
    assert found.measured.ci95 is not None and found.measured.difference is not None
    assert found.measured.ci95[0] < found.measured.difference < found.measured.ci95[1] or prediction.measure == "best_epoch"
    if prediction.measure != "movement":  # a smooth baseline shows no noise that could shrink
        back = check(prediction, [Pair(pair.run, pair.baseline) for pair in pairs])
        assert (back.held, back.measured.better) == ("did not hold", False)


def test_a_loss_that_is_to_hold_may_rise_by_the_margin_alone() -> None:
    holds = Prediction("loss", "not higher", margin=0.05)
    (same,) = sampled(np.random.default_rng(0), 1.5, 1.5, n=400)
    found = check(holds, [Pair(same.baseline, same.baseline)])
    assert (found.held, found.measured.difference) == ("held", 0.0)
    assert found.said == "not higher by more than 5 % of it"
    assert check(holds, sampled(np.random.default_rng(0), 2.0, 1.2)).held == "did not hold"
    assert check(holds, sampled(np.random.default_rng(0), 1.5, 1.5, n=30)).held == "cannot tell"
    assert check(LOSS, [Pair(same.baseline, same.baseline)]).held == "did not hold"  # the very same predictions are no lower


def test_epochs_are_counted_and_over_seeds_have_an_interval() -> None:
    fewer = Prediction("epochs_trained", "lower")
    whole, half = (builders.run(epochs=builders.epochs([], [1.0] * n)) for n in (10, 5))
    found = check(fewer, [Pair(whole, half)])
    assert (found.held, found.said, found.measured.difference, found.measured.ci95) == ("held", "fewer", -5, None)
    assert check(fewer, [Pair(whole, whole)]).held == "did not hold"
    assert check(fewer, [Pair(whole, replace(half, status="running"))]).held == "cannot tell"
    assert check(fewer, [Pair(whole, half)] * 3).held == "held"
    mixed = check(fewer, [Pair(whole, half), Pair(half, whole), Pair(whole, half)])
    assert (mixed.held, mixed.measured.basis) == ("cannot tell", "3 seeds")


def test_training_that_breaks_down_is_counted() -> None:
    finite = Prediction("not_finite", "none")
    broken = builders.run(epochs=builders.epochs([1.0, math.nan], [1.0, 1.0]))
    stopped = builders.run(status="failed", error="the training loss became nan in epoch 3, batch 1")
    sound = builders.run()
    assert check(finite, [Pair(broken, sound)]).held == "held"
    for bad in (broken, stopped):
        assert check(finite, [Pair(sound, bad)]).held == "did not hold"
    assert check(finite, [Pair(broken, replace(sound, status="running"))]).held == "cannot tell"


def test_a_training_loss_that_the_action_moves_by_itself_is_not_used() -> None:
    (pair,) = sampled(np.random.default_rng(0), 1.2, 2.0)
    dropped = replace(pair.run, config=dict(pair.run.config) | {"dropout": 0.3})
    found = check(GAP, [Pair(pair.baseline, dropped)])
    assert found.held == "cannot tell" and "dropout on, which moves it by itself; train_eval" in found.measured.basis

    def measured(one: Run, n: int) -> Run:
        logs = tuple(replace(e, train=dict(e.train) | {"eval_loss": 0.3, "eval_n": n}) for e in one.epochs)
        return replace(one, epochs=logs)

    few, many = (check(GAP, [Pair(measured(pair.baseline, n), measured(dropped, n))]).measured for n in (50, 50_000))
    assert few.ci95 and many.ci95 and many.difference == pytest.approx(few.difference)
    assert few.ci95[1] - few.ci95[0] == pytest.approx((1 + 200 / 50) ** 0.5 * (many.ci95[1] - many.ci95[0]), rel=0.01)


def test_what_is_missing_is_said() -> None:
    (pair,) = sampled(np.random.default_rng(0), 1.5, 2.0)
    bare = builders.run(epochs=builders.epochs([], [1.0, 0.6]))
    logged = check(LOSS, [Pair(bare, pair.run)])
    assert (logged.held, logged.measured.baseline, logged.measured.run) == ("cannot tell", 0.6, 0.7)
    assert logged.measured.basis == "no interval: the validation predictions of one run were not logged"
    other = replace(pair.run, predictions={"val": replace(pair.run.predictions["val"], epoch=1)})
    assert "not of its best epoch" in check(LOSS, [Pair(pair.baseline, other)]).measured.basis
    untold = replace(pair.run, predictions={"test": pair.run.predictions["test"]})
    for prediction, words in (
        (COOL, "has no temperature"),
        (F1, "were not logged"),
        (GAP, "were not logged"),
        (LATER, "cannot be told"),
        (MOVES, "fewer than 6 epochs"),
    ):
        found = check(prediction, [Pair(pair.baseline, untold)])
        assert found.held == "cannot tell" and words in found.measured.basis, prediction
    smooth = builders.run(epochs=builders.epochs([], [1 / (i + 1) for i in range(12)]))
    assert "smooth course" in check(MOVES, [Pair(smooth, smooth)]).measured.basis


@pytest.mark.parametrize(
    ("held", "answer"),
    [
        ([], "cannot tell"),
        (["held", "held"], "held"),
        (["held", "cannot tell"], "cannot tell"),
        (["held", "did not hold"], "did not hold"),
        (["cannot tell", "did not hold"], "did not hold"),
    ],
)
def test_all_predictions_of_an_action_must_hold(held: list[Held], answer: Held) -> None:
    assert overall(held) == answer


def test_every_action_predicts_something_measurable_or_says_why_not_and_every_measure_is_used() -> None:
    used = set()
    for action in actions.known().values():
        assert bool(action.predictions) != bool(action.unchecked), (
            f"{action.id}: give it predictions, or say why no run can show it"
        )
        used |= {prediction.measure for prediction in action.predictions}
    assert used == set(registry.names("disproof"))


def test_an_action_that_no_run_can_show_says_why() -> None:
    found = check_action(actions.LOOK_AT_CONFUSIONS, [Pair(builders.run(), builders.run())])
    assert (found.held, found.checks, found.unchecked) == ("cannot tell", [], actions.BY_HAND)

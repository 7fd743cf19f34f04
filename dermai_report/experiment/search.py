"""What a search for continuous values shows: what was tried, what won, and what it is worth on seeds that took no part."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from dermai_report import wording
from dermai_report.experiment.words import NEXT, Words, of_effect
from dermai_report.measures.replicates import Mean, over_folds
from dermai_report.report import Answer, Cell, Chart, Effect, KeyNumber, LineChart, Mark, Series, Table, Tone, TrialFacts
from dermai_report.storage.experiment_files import Experiment, Search, Space

WON, HOLDS, LUCK, WIDE = (
    "Which values won?",
    "Does it hold on fresh seeds?",
    "How much of the gain was luck?",
    "Was the range wide enough?",
)
NEAR = 0.05  # part of a range, from its end: a uniform draw falls so near to either end once in ten


@dataclass(frozen=True)
class Sought:
    """How far a search came.

    tried: a trial of each set of values, the lowest validation loss first, those without one last; over_seeds: by the name of a set
    that was trained with several seeds of the search, the mean of its loss less the baseline's; winner: its values, empty where
    the baseline had the lowest loss, None while the search goes on; gained, gained_fresh: nats of validation loss under the
    baseline's, with the seeds that chose the winner and with fresh ones; baseline: the loss that `tried` compares with.
    """

    search: Search
    tried: list[TrialFacts]
    baseline: float | None
    over_seeds: dict[str, float]
    winner: dict[str, float] | None
    gained: float | None
    gained_fresh: Mean | None

    @property
    def named(self) -> str:
        """The winning values in words."""
        return wording.listed([f"{key} {value:g}" for key, value in (self.winner or {}).items()], most=len(self.search.over))


def outcome(search: Search, experiment: Experiment, facts: Sequence[TrialFacts]) -> Sought:
    """From the facts of the trials; only finished ones have a loss."""
    searching = [f for f in facts if f.seed not in experiment.seeds]
    first = min((f.seed for f in searching), default=0)
    tried = sorted((f for f in searching if f.values and f.seed == first), key=lambda f: _or_infinite(_loss(f)))
    winner = next((f.values for f in searching if _name(f) == search.winner), None)
    gained = _gains(searching, winner) if winner else []
    several = {_name(f): differences for f in tried if len(differences := _gains(searching, f.values)) > 1}
    fresh = _gains([f for f in facts if f.seed in experiment.seeds], winner) if winner else []
    return Sought(
        search=search,
        tried=tried,
        baseline=next((_loss(f) for f in searching if not f.values and f.seed == first), None),
        over_seeds={name: -statistics.fmean(differences) for name, differences in several.items()},
        winner=winner,
        gained=statistics.fmean(gained) if gained else None,
        gained_fresh=over_folds(fresh, 0.0) if fresh else None,  # 0: no folds, the t interval over seeds
    )


def words(sought: Sought, found: Sequence[Effect]) -> Words:
    """The headline, the answers and the key numbers."""
    search, finished = sought.search, [f for f in sought.tried if _loss(f) is not None]
    of_all = (
        f"{wording.plural(len(finished), 'trial')} of {search.trials}"
        if len(finished) < search.trials
        else f"{search.trials} trials"
    )
    numbers = [KeyNumber("Trials finished", len(finished), "count", note=f"of {search.trials}")]
    if sought.winner is None:
        told = f"The search goes on: {of_all} finished."
        best = (
            f" So far the lowest validation loss is {wording.nats(_loss(finished[0]))} ({_values(finished[0])})."
            if finished
            else ""
        )
        return told, [Answer(WON, "Cannot be told yet", told + best, "unknown")], numbers
    if not sought.winner:
        over = ", over the seeds of the search," if any(_over_seeds(sought, f) is not None for f in finished) else ""
        told = (
            f"None of {of_all} has a lower validation loss{over} than the values the run has already, so nothing is confirmed."
        )
        answers = [
            Answer(WON, "Those of the baseline", told, "neutral"),
            Answer(NEXT, "Keep the baseline", _more(search), "neutral"),
        ]
        return told, answers, numbers
    effect = found[0] if found else None
    gain = f"lowest validation loss of {of_all}"
    answers = [
        Answer(WON, sought.named, f"The {gain}, over the seeds of the search.", "neutral"),
        _holds(effect),
        _luck(sought),
        _wide(sought),
        _next(sought, effect),
    ]
    if sought.gained is not None:
        numbers.append(KeyNumber("Validation loss gained in the search", sought.gained, "nats"))
    if sought.gained_fresh is not None:
        fresh = sought.gained_fresh
        numbers.append(KeyNumber("The same with fresh seeds", fresh.value, "nats", fresh.ci95))
    if effect is None:
        why = (
            "not confirmed on fresh seeds yet"
            if sought.gained_fresh is None
            else "without a test set its effect cannot be told"
        )
        return f"{sought.named}: the {gain}; {why}.", answers, numbers
    numbers.append(KeyNumber("Test accuracy gained, fresh seeds", effect.accuracy, "points", effect.accuracy_ci95))
    if effect.loss is not None:
        numbers.append(KeyNumber("Test loss, fresh seeds", effect.loss, "nats", effect.loss_ci95, "below 0 is better"))
    verdict = {"helps": "helps", "hurts": "makes it worse", "unknown": "cannot be told from chance"}[effect.verdict]
    return f"{sought.named}, the best of {of_all}, {verdict} on fresh seeds: {of_effect(effect)}.", answers, numbers


def charts(sought: Sought) -> list[Chart]:
    """The validation loss of the trials over each value that was searched."""
    done = [f for f in sought.tried if _loss(f) is not None]
    if len(done) < 2:
        return []
    return [_chart(key, space, sought, done) for key, space in sought.search.over.items()]


def tables(sought: Sought) -> list[Table]:
    """A row a set of values, the lowest validation loss first."""
    if not sought.tried:
        return []
    keys = list(sought.search.over)
    rows = [
        [
            Cell(_name(f)),
            *(Cell(_decimal(f.values[key])) for key in keys),
            Cell(_loss(f), "nats"),
            Cell(_under(sought, f), "nats"),
            *([Cell(_over_seeds(sought, f), "nats")] if sought.over_seeds else []),
        ]
        for f in sought.tried
    ]
    caption = "One seed. The best of many looks better than it is"
    caption += (
        ": the last column has all seeds of the search, which the best few were trained with." if sought.over_seeds else "."
    )
    columns = ["Trial", *keys, "Validation loss", "Against the baseline", *(["Over all seeds"] if sought.over_seeds else [])]
    return [Table("tried", "What was tried", columns, rows, caption)]


def _chart(key: str, space: Space, sought: Sought, done: Sequence[TrialFacts]) -> LineChart:
    def place(value: float) -> float:
        return math.log10(value) if space.log else value

    marks = [Mark(place(sought.winner[key]), f"chosen: {sought.winner[key]:g}")] if sought.winner else []
    points = sorted((place(f.values[key]), _loss(f)) for f in done)
    return LineChart(
        id=f"over-{key.replace('_', '-')}",
        title=f"Validation loss over {key}",
        caption=f"A point is a trial; all searched values change from one to the next. Searched from {space.low:g} to {space.high:g}.",
        x_label=f"{key}, as a power of ten" if space.log else key,
        y_label="Lowest validation loss (nats)",
        unit="nats",
        series=[Series("trials", "val", [x for x, _ in points for _ in "ab"], [y for _, loss in points for y in (None, loss)])],
        marks=marks,
    )


def _holds(effect: Effect | None) -> Answer:
    if effect is None:
        return Answer(HOLDS, "Cannot be told", "No fresh seed has finished with test predictions of both.", "unknown")
    told = f"{of_effect(effect)}, over {wording.plural(effect.seeds, 'seed')} and {effect.n:,} test images.".capitalize()
    answers: dict[str, tuple[str, Tone]] = {
        "helps": ("Yes", "good"),
        "hurts": ("No, the test loss is higher", "bad"),
        "unknown": ("Cannot be told from chance", "unknown"),
    }
    answer, tone = answers[effect.verdict]
    return Answer(HOLDS, answer, told, tone)


def _luck(sought: Sought) -> Answer:
    """The winner's curse, measured: both gains are of validation loss, one with the seeds that chose, one with others."""
    fresh = sought.gained_fresh
    if sought.gained is None or fresh is None:
        return Answer(LUCK, "Cannot be told", "The winner has not finished with fresh seeds.", "unknown")
    span = f" (95 % interval {wording.nats(fresh.ci95[0])} to {wording.nats(fresh.ci95[1])})" if fresh.ci95 else ""
    told = (
        f"In the search the validation loss was {wording.nats(sought.gained)} nats under the baseline's; with fresh seeds it is "
        f"{wording.nats(fresh.value)}{span}. The validation images are those that chose the values, so the test set is the better judge."
    )
    lost = sought.gained - fresh.value
    if fresh.ci95 and fresh.ci95[0] <= sought.gained <= fresh.ci95[1]:
        return Answer(LUCK, "Cannot be told from none", told, "neutral")
    return Answer(
        LUCK, f"{wording.nats(lost)} nats of it" if lost > 0 else "None of it", told, "warning" if lost > 0 else "neutral"
    )


def _wide(sought: Sought) -> Answer:
    at_end = [told for key, space in sought.search.over.items() if (told := _edge(key, space, (sought.winner or {})[key]))]
    if not at_end:
        return Answer(
            WIDE, "Nothing speaks against it", "No chosen value lies at an end beyond which there are others.", "neutral"
        )
    return Answer(WIDE, "Perhaps not", " ".join(at_end), "warning")


def _edge(key: str, space: Space, value: float) -> str:
    """What is to be said of a value that lies at an end of its range, where better ones may lie beyond."""
    low, high, at = (math.log(v) if space.log else v for v in (space.low, space.high, value))
    place = (at - low) / (high - low)
    end = "low" if place < NEAR else "high" if place > 1 - NEAR else None
    if end is None or end not in space.beyond:
        return ""
    ends = (space.low / 10, space.high) if end == "low" else (space.low, space.high * 10)
    option = f" such as --over {key}:{ends[0]:g}:{ends[1]:g}" if space.log else ""
    return (
        f"{key} {value:g} lies at the {'lower' if end == 'low' else 'upper'} end of what was searched ({space.low:g} to "
        f"{space.high:g}); better values may lie beyond: search a wider range{option}."
    )


def _next(sought: Sought, effect: Effect | None) -> Answer:
    if effect is not None and effect.verdict == "helps":
        options = " ".join(f"--{key.replace('_', '-')} {value:g}" for key, value in (sought.winner or {}).items())
        return Answer(NEXT, f"Train with {options}", "Ship a run that has these values, and report on that run.", "good")
    if effect is None and sought.gained_fresh is not None:
        return Answer(
            NEXT, "Hold out a test set", "The validation images chose the values, so they cannot judge them.", "neutral"
        )
    if effect is None:
        return Answer(NEXT, "Finish the search", "dermai-train --resume goes on with it.", "neutral")
    told = ""
    if effect.loss_ci95 is not None and effect.verdict == "unknown":
        half = (effect.loss_ci95[1] - effect.loss_ci95[0]) / 2
        told = f"Effects below about {half:.3f} nats cannot be seen with these seeds and images. "
    return Answer(NEXT, "Keep the baseline", f"{told}{_more(sought.search)}", "neutral")


def _more(search: Search) -> str:
    return f"More than {search.trials} trials, other ranges or more fresh seeds may tell more; other changes may do more than these values."


def _gains(facts: Sequence[TrialFacts], winner: dict[str, float]) -> list[float]:
    """Validation loss of the baseline less that of the winner, for each seed that both have."""
    theirs = {f.seed: loss for f in facts if f.values == winner and (loss := _loss(f)) is not None}
    own = {f.seed: loss for f in facts if not f.values and (loss := _loss(f)) is not None}
    return [own[seed] - theirs[seed] for seed in sorted(set(own) & set(theirs))]


def _loss(facts: TrialFacts) -> float | None:
    """The lowest validation loss of a finished trial."""
    return facts.val_loss if facts.status == "finished" else None


def _or_infinite(loss: float | None) -> float:
    return math.inf if loss is None else loss


def _under(sought: Sought, facts: TrialFacts) -> float | None:
    loss = _loss(facts)
    return None if loss is None or sought.baseline is None else loss - sought.baseline


def _over_seeds(sought: Sought, facts: TrialFacts) -> float | None:
    return sought.over_seeds.get(_name(facts))


def _values(facts: TrialFacts) -> str:
    return wording.listed([f"{key} {value:g}" for key, value in facts.values.items()], most=len(facts.values))


def _decimal(value: float) -> str:
    """Without an exponent, so that a column of them is one of numbers."""
    return format(Decimal(f"{value:g}"), "f")


def _name(facts: TrialFacts) -> str:
    """Without its seed."""
    return facts.name.partition(".")[0]

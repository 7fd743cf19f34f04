"""What a comparison says: the verdict in a sentence, four questions answered, and what its intervals do not cover."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dermai_report import wording
from dermai_report.comparison.matching import Match, same_classes
from dermai_report.measures.shared_classes import OTHER
from dermai_report.report import Answer, Change, Compared, Tone
from dermai_report.run import Run

OF = {"test": "test accuracy", "val": "validation accuracy"}
MOST_SETTINGS = 6  # that an answer names
_TESTS = {"mcnemar": "McNemar's exact test", "interval": "the interval"}


def headline(found: Sequence[Compared], base: str) -> str:
    """The verdict of all."""
    if len(found) == 1:
        return found[0].headline
    better = sorted((one for one in found if one.verdict == "better"), key=lambda one: -(one.difference or 0))
    worse = [one.name for one in found if one.verdict == "worse"]
    rest = f" {wording.listed(worse, 3)} {'is' if len(worse) == 1 else 'are'} worse." if worse else ""
    if not better:
        return f"None of {len(found)} runs is shown to be better than {base}.{rest}"
    shown = [f"{one.name} by {wording.points(one.difference, 1)}" for one in better]
    return f"{len(better)} of {len(found)} runs {'is' if len(better) == 1 else 'are'} better than {base}: {wording.listed(shown, 3)}.{rest}"


def sentence(one: Compared, base: str, comparisons: int) -> str:
    """The verdict on one run, with its interval and what it rests on."""
    if one.difference is None or one.split is None:
        return f"Cannot tell whether {one.name} is better than {base}: no accuracy of both runs is known."
    of, rests = OF[one.split], _rests(one)
    if one.ci95 is None:
        moved = f"{of} differs by {wording.points(one.difference, 1)}"
        return (
            f"Cannot tell whether {one.name} is better than {base}: {moved}, and how many images that rests on was not logged."
        )
    if one.verdict == "unknown":
        family = f", and {comparisons} runs were compared" if comparisons > 1 and _excludes_zero(one) else ""
        return (
            f"Cannot tell whether {one.name} is better than {base}: the difference in {of} is {_signed(one.difference)} points "
            f"(95 % interval {wording.points_interval(one.ci95)}), {rests}{family}."
        )
    low, high = one.ci95 if one.verdict == "better" else (-one.ci95[1], -one.ci95[0])
    by = wording.points(abs(one.difference), 1)
    return f"{one.name} is {one.verdict} than {base} by {by} of {of} (95 % interval {wording.points_interval((low, high))}), {rests}."


def answers(one: Compared, base: str, comparisons: int) -> list[Answer]:
    """Is it better, which images changed, what was set differently, and was that what the baseline's report recommends."""
    return [_better(one, base, comparisons), _images(one), _set(one), _advised(one, base)]


def notes(baseline: Run, run: Run, base: str, name: str, match: Match | None) -> Iterator[str]:
    """What this comparison of two could not use, or had to assume."""
    yield from _about_classes(baseline, run, base, name)
    if match is not None and match.pair is not None:
        yield from _about_pairs(base, name, match)
    elif match is not None and match.why:
        yield f"Not paired: {match.why}. Without that the interval is that of two separate samples, and far wider."
    if baseline.data.fingerprint and run.data.fingerprint and baseline.data.fingerprint != run.data.fingerprint:
        yield "The two runs saw different data: their fingerprints differ."
    if match is not None and OTHER in match.classes:
        yield "A prediction of a class that only one run knows counts as an error, where no probabilities are known."


def _about_classes(baseline: Run, run: Run, base: str, name: str) -> Iterator[str]:
    unknown = [owner for owner, own in ((base, baseline), (name, run)) if not own.classes]
    if unknown:
        yield f"The classes of {wording.listed(unknown)} were not logged; both runs are taken to know the same."
    if same_classes(baseline, run):
        return
    for owner, own, other in ((base, baseline, run), (name, run, baseline)):
        lost = [c for c in own.classes if c not in set(other.classes)]
        if lost:
            what = f"{'class' if len(lost) == 1 else 'classes'} {wording.listed(lost)}"
            yield f"Only {owner} knows the {what}; such images are left out of every score here."
    shared = len(set(baseline.classes) & set(run.classes))
    if not shared:
        yield "The two runs share no class, so no score of one can be held against the other."
        return
    yield (
        f"The runs are compared on the {wording.plural(shared, 'class', 'classes')} they share. Where probabilities are known, the "
        "likeliest of these counts as the prediction. What was logged by epoch is over other classes in each, and is not compared."
    )


def cautions(found: Sequence[Compared]) -> Iterator[str]:
    """What no comparison of single runs can tell."""
    yield (
        "An interval here is about these trained models on images like these. Training again with another seed moves the numbers "
        "too: whether one configuration is better than another takes several seeds of each."
    )
    if any(one.split == "test" for one in found):
        yield (
            f"If the test set decides which of the {len(found) + 1} runs is shipped, the score of the one chosen flatters it. "
            "Choose on validation, and test that one."
        )
    if any(one.split == "val" for one in found):
        yield "Accuracy on validation chose the epochs of these runs, so it flatters both; there is no test accuracy of both."
    if sum(one.p is not None for one in found) > 1:
        yield "The verdicts allow for the number of runs compared (Holm's correction); each interval alone covers 95 %."


def _about_pairs(base: str, name: str, match: Match) -> Iterator[str]:
    pair = match.pair
    assert pair is not None
    for owner, only in ((base, pair.only_first), (name, pair.only_second)):
        if only:
            yield f"Left out, as only {owner} has them: {wording.plural(only, 'image')}."
    if pair.relabelled:
        yield f"Left out, as the two runs label them differently: {wording.plural(pair.relabelled, 'image')}."
    if match.by_number:
        yield "Samples were logged without names; they were paired by their number, as all labels agree. Log samples=… to be sure."
    if pair.n_groups is not None:
        yield f"The interval allows for {wording.plural(pair.n_groups, 'group')} (patients) being alike within."


def _rests(one: Compared) -> str:
    if one.paired:
        return f"paired on {wording.plural(one.n or 0, 'image')}"
    return f"not paired, at least {wording.plural(one.n, 'image')} each" if one.n else "not paired"


def _excludes_zero(one: Compared) -> bool:
    return one.ci95 is not None and not one.ci95[0] <= 0 <= one.ci95[1]


def _better(one: Compared, base: str, comparisons: int) -> Answer:
    question = f"Is {one.name} better than {base}?"
    if one.difference is None or one.split is None:
        return Answer(question, "Cannot tell", "No accuracy of both runs is known.", "unknown")
    by = wording.points(abs(one.difference), 1)
    words: dict[str, tuple[str, Tone]] = {
        "better": (f"Yes, by {by}", "good"),
        "worse": (f"No, it is worse by {by}", "bad"),
        "unknown": ("Cannot tell", "unknown"),
    }
    answer, tone = words[one.verdict]
    seen = f"{_signed(one.difference)} points of {OF[one.split]}"
    if one.ci95 is None:
        return Answer(question, answer, f"{seen}; how many images that rests on was not logged.", tone)
    detail = f"{seen}, 95 % interval {wording.points_interval(one.ci95)}, {_rests(one)}."
    if one.p_adjusted is not None:
        held = f", after allowing for {comparisons} comparisons" if comparisons > 1 else ""
        detail += f" p\u00a0{_p(one.p_adjusted)} by {_TESTS[one.test]}{held}."
    return Answer(question, answer, detail, tone)


def _images(one: Compared) -> Answer:
    question = "Which images changed?"
    if one.fixed is None or one.broken is None:
        return Answer(question, "Cannot tell", "The images of the two runs could not be paired.", "unknown")
    if not one.fixed and not one.broken:
        return Answer(question, "None", f"Both get the same of {wording.plural(one.n or 0, 'image')} right.", "neutral")
    detail = f"Of {wording.plural(one.n or 0, 'image')}: wrong before and right now, and right before and wrong now."
    return Answer(question, f"{one.fixed:,} fixed, {one.broken:,} broken", detail, "neutral")


def _set(one: Compared) -> Answer:
    question = "What was set differently?"
    keys = [setting for setting in one.settings if setting.of == "configuration" and not setting.alone]
    alone = [setting.key for setting in one.settings if setting.alone]
    rest = [setting.key for setting in one.settings if setting.of != "configuration"]
    besides = f" Besides the configuration: {wording.listed(rest)}." if rest else ""
    if alone:
        besides = f" Logged of one run alone: {wording.listed(alone, 3)}.{besides}"
    if not keys and alone:
        return Answer(question, "No setting that both logged", besides.strip(), "unknown")
    if not keys:
        return Answer(question, "No setting that was logged", besides.strip() or "The configurations are the same.", "neutral")
    shown = [f"{setting.key} {_value(setting.baseline)} → {_value(setting.run)}" for setting in keys[:MOST_SETTINGS]]
    more = f"; and {len(keys) - MOST_SETTINGS} more" if len(keys) > MOST_SETTINGS else ""
    answer = wording.listed((setting.key for setting in keys), 3)
    return Answer(question, answer, f"{'; '.join(shown)}{more}.{besides}", "neutral")


def _advised(one: Compared, base: str) -> Answer:
    question = f"Was it what the report on {base} recommends?"
    if not one.changes:
        return Answer(
            question, "Nothing to follow", f"The report on {base} recommends no change of the configuration.", "neutral"
        )
    made = [change for change in one.changes if change.made == "yes"]
    partly = [change for change in one.changes if change.made == "partly"]
    if not made and all(change.made == "unknown" for change in one.changes):
        told = f"The configuration of {base} was not logged, so nobody knows what {one.name} does differently."
        return Answer(question, "Cannot tell", told, "unknown")
    if not made and not partly:
        first = one.changes[0]
        return Answer(question, "No", f"Its first recommendation, not made: {first.title}.", "neutral")
    shown = (made or partly)[0]
    answer = f"{'Yes' if made else 'In part'}: {shown.title}"
    return Answer(question, answer, f"{_effect(one, shown)}{_also(made, partly, shown)}", "neutral")


def _effect(one: Compared, change: Change) -> str:
    outcome = {
        "better": "The run is better",
        "worse": "The run is worse, so it did not help here",
        "unknown": "Whether the accuracy gained by it cannot be told",
    }[one.verdict]
    also = "was" if change.others == 1 else "were"
    with_it = (
        f"; {wording.plural(change.others, 'other setting')} {also} changed too, so no effect is that of this change alone"
        if change.others
        else ""
    )
    return f"It was recommendation {change.priority}. {outcome}{with_it}."


def _also(made: list[Change], partly: list[Change], shown: Change) -> str:
    rest = [f"{change.title}{' (in part)' if change in partly else ''}" for change in (*made, *partly) if change is not shown]
    return f" Also made: {wording.listed(rest, 3)}." if rest else ""


def _signed(fraction: float) -> str:
    text = wording.points(fraction, 1).removesuffix(" points")
    return text if fraction <= 0 or text == "0.0" else f"+{text}"


def _p(p: float) -> str:
    return wording.p_value(p) if p < 0.001 else f"=\u00a0{wording.p_value(p)}"


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "not set" if value is None else str(value) or "empty"

"""An audit as its readers meet it: what stands out, in words, and the tables behind it, as data for every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dermai_report import wording
from dermai_report.audit import Audit, Image, Pair
from dermai_report.datasets.items import SPLITS
from dermai_report.report import Cell, Table, Tone

MOST_ROWS = 50  # of a table of pictures; audit.json has them all
MOST_SIZES = 6
UNEVEN = 3.0  # times as many images as in another class, from which on a metric over all images hides a class
POVERTY = {
    "tiny": "the shorter side has fewer than 32 pixels",
    "blank": "next to one grey",
    "dark": "nearly all of it black",
    "bright": "nearly all of it white",
    "blurred": "no detail at 64 pixels a side",
}


@dataclass(frozen=True)
class Remark:
    """One thing that stands out: how bad, in a few words, and what it means."""

    tone: Tone
    title: str
    text: str


@dataclass(frozen=True)
class Section:
    """A part of the page: its anchor, title, a sentence, tables, and the pictures it names, in rows."""

    id: str
    title: str
    text: str
    tables: tuple[Table, ...]
    pictures: tuple[tuple[Image, ...], ...] = ()


@dataclass(frozen=True)
class View:
    """The whole: a headline, remarks (the worst first), sections, and what was not looked at."""

    headline: str
    remarks: tuple[Remark, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]


def view(audit: Audit) -> View:
    """What there is to say, in the order in which it matters."""
    remarks = sorted(_remarks(audit), key=lambda r: ("bad", "warning", "neutral", "unknown", "good").index(r.tone))
    return View(_headline(audit), tuple(remarks), tuple(_sections(audit)), tuple(audit.notes))


def _headline(audit: Audit) -> str:
    across = {i.sample for p in audit.across_splits() for i in (p.first, p.second) if i.split != "train"}
    parts = []
    if across:
        parts.append(
            f"{_least(audit)}{wording.plural(len(across), 'held-out image')} {_have(len(across))} a copy in another split"
        )
    if audit.unreadable:
        parts.append(f"{wording.plural(len(audit.unreadable), 'image')} cannot be read")
    if audit.groups and audit.groups.straddling:
        n = len(audit.groups.straddling)
        parts.append(f"{wording.plural(n, 'group')} {'is' if n == 1 else 'are'} on both sides of a split")
    images = f"{wording.plural(audit.n, 'image')} of {wording.plural(len(_labels(audit)), 'class', 'classes')}"
    return f"{images}: {wording.listed(parts) if parts else 'no copies across splits, nothing unreadable'}."


def _remarks(audit: Audit) -> Iterator[Remark]:
    across = list(audit.across_splits())
    if across:
        counts = [f"{len(audit.leaked(s)):,} of {sum(audit.counts[s].values()):,} in {s}" for s in SPLITS if s in audit.counts]
        text = f"Images with a copy in another split: {wording.listed(counts)}. A test image that was trained on is no test."
        title = f"{_least(audit).capitalize()}{wording.plural(len(across), 'pair')} of copies across splits"
        yield Remark("bad", title, text)
    elif len(audit.counts) > 1:
        words = f"None among {wording.plural(audit.compared, 'image')} that could be compared."
        yield Remark("neutral" if audit.crowded else "good", "No copies across splits", words)
    conflicts = [pair for pair in audit.duplicates if pair.across_classes]
    if conflicts:
        text = "Of two copies with different labels at least one label is wrong, or the classes overlap."
        title = f"{_least(audit).capitalize()}{wording.plural(len(conflicts), 'pair')} of copies with different labels"
        yield Remark("bad", title, text)
    if audit.unreadable:
        text = f"Such as {audit.unreadable[0].image.sample}: {audit.unreadable[0].reason}."
        yield Remark("bad", f"{wording.plural(len(audit.unreadable), 'image')} cannot be read", text)
    yield from _on_groups(audit)
    ratio, largest, smallest = _imbalance(audit)
    if ratio >= UNEVEN:
        text = f"The largest class, {largest}, has {ratio:.1f} times as many training images as {smallest}."
        yield Remark("warning", "The classes are uneven", f"{text} Accuracy alone hides a small class.")
    if audit.poor:
        why = Counter(poor.why for poor in audit.poor)
        text = wording.listed(f"{n:,} {word} ({POVERTY[word]})" for word, n in why.most_common())
        yield Remark("warning", f"{wording.plural(len(audit.poor), 'image')} {_show(len(audit.poor))} little", f"{text}.")
    if audit.labels:
        n, expected = len(audit.labels.suspects), audit.labels.expected
        text = f"Right labels and calibrated probabilities would give about {expected:.0f} of {audit.labels.n:,}."
        tone: Tone = "warning" if n > expected else "neutral"
        yield Remark(tone, f"A model contradicts {wording.plural(n, 'label')} with confidence", text)


def _on_groups(audit: Audit) -> Iterator[Remark]:
    if audit.groups is None:
        text = "--group-regex, or --metadata with --group-column, says which images belong together."
        yield Remark("unknown", "Groups across splits: cannot tell", text)
    elif audit.groups.straddling:
        title = f"{wording.plural(len(audit.groups.straddling), 'group')} of {audit.groups.n:,} straddle splits"
        yield Remark("bad", title, "Images of one patient on both sides make a test too easy.")
    else:
        without = f"{wording.plural(audit.groups.without, 'image')} {_have(audit.groups.without)} no group."
        yield Remark("good", f"None of {wording.plural(audit.groups.n, 'group')} straddles splits", without)


def _sections(audit: Audit) -> Iterator[Section]:
    across = list(audit.across_splits())
    if across:
        yield _pairs("splits", "Copies across splits", across, "Keep each pair on one side, or remove one of the two.")
    conflicts = [pair for pair in audit.duplicates if pair.across_classes]
    if conflicts:
        yield _pairs(
            "conflicts", "Copies with different labels", conflicts, "An expert has to look; nothing here says which is wrong."
        )
    within = [pair for pair in audit.duplicates if not pair.across_splits and not pair.across_classes]
    if within:
        text = "They count more than once, and do no other harm. "
        yield _pairs("within", "Copies within a split and class", within, text + _clusters(audit))
    if audit.unreadable:
        rows = [[Cell(u.image.sample), Cell(u.reason)] for u in audit.unreadable]
        yield Section("unreadable", "Unreadable images", "", (_table("unreadable", ["Image", "What is wrong"], rows),))
    if audit.groups and audit.groups.straddling:
        groups = [[Cell(s.group), *(Cell(len(s.samples.get(x, ())), "count") for x in SPLITS)] for s in audit.groups.straddling]
        table = _table("groups", ["Group", *SPLITS], groups)
        yield Section("groups", "Groups across splits", "Images of each by split.", (table,))
    if audit.labels and audit.labels.suspects:
        rows = [[Cell(s.image.sample), Cell(s.image.label), Cell(s.suggested)] for s in audit.labels.suspects]
        table = _table("labels", ["Image", "Labelled", "Predicted"], rows)
        shown = tuple((s.image,) for s in audit.labels.suspects)
        text = f"By {audit.labels.by}, the most suspicious first. A model can be confidently wrong."
        yield Section("labels", "Labels a model contradicts", text, (table,), shown)
    if audit.poor:
        rows = [[Cell(p.image.sample), Cell(p.why), Cell(p.value, "plain")] for p in audit.poor]
        shown = tuple((p.image,) for p in audit.poor)
        yield Section("poor", "Images that show little", "", (_table("poor", ["Image", "Why", "Measure"], rows),), shown)
    yield Section("images", "What is there", "", tuple(_inventory(audit)))


def _pairs(id: str, title: str, found: Sequence[Pair], text: str) -> Section:
    columns = ["First", "Second", "Labels", "Kind", "Agreement"]
    rows = [
        [
            Cell(p.first.sample),
            Cell(p.second.sample),
            Cell(f"{p.first.label} / {p.second.label}" if p.across_classes else p.first.label),
            Cell(f"{p.kind}{', mirrored' if p.mirrored else ''}"),
            Cell(p.agreement, "plain"),
        ]
        for p in found
    ]
    return Section(id, title, text, (_table(id, columns, rows),), tuple((p.first, p.second) for p in found))


def _clusters(audit: Audit) -> str:
    if not audit.clusters:
        return ""
    largest = max(map(len, audit.clusters))
    found = f"{wording.plural(len(audit.clusters), 'cluster')}; the largest has {_least(audit)}{largest:,} images."
    return f"{'The copies found' if audit.crowded else 'All copies together'} form {found}"


def _least(audit: Audit) -> str:
    return "at least " if audit.crowded else ""


def _inventory(audit: Audit) -> Iterator[Table]:
    splits = list(audit.counts)
    labels = _labels(audit)
    rows = [[Cell(c), *(Cell(audit.counts[s].get(c, 0), "count") for s in splits)] for c in labels]
    rows.append([Cell("All"), *(Cell(sum(audit.counts[s].values()), "count") for s in splits)])
    yield Table("counts", "Images of each class", ["Class", *splits], rows)
    kinds = [[Cell(kind), Cell(n, "count")] for kind, n in audit.kinds.items()]
    yield Table("kinds", "Formats and modes", ["Format and mode", "Images"], kinds)
    sizes = [[Cell(f"{s.width} × {s.height}"), Cell(s.n, "count")] for s in audit.sizes[:MOST_SIZES]]
    more = f"The most frequent of {audit.n_sizes:,} sizes." if audit.n_sizes > len(sizes) else ""
    yield Table("sizes", "Sizes", ["Width × height", "Images"], sizes, more)


def _table(id: str, columns: list[str], rows: list[list[Cell]]) -> Table:
    more = f"{len(rows) - MOST_ROWS:,} more in audit.json." if len(rows) > MOST_ROWS else ""
    return Table(id, "", columns, rows[:MOST_ROWS], more)


def _imbalance(audit: Audit) -> tuple[float, str, str]:
    """How many times the smallest class of training the largest has, and the two; 1 where there is nothing to compare."""
    counts = sorted(((n, label) for label, n in audit.counts.get("train", {}).items()), reverse=True)
    if len(counts) < 2:
        return 1.0, "", ""
    return counts[0][0] / counts[-1][0], counts[0][1], counts[-1][1]


def _labels(audit: Audit) -> list[str]:
    return sorted({label for of_split in audit.counts.values() for label in of_split})


def _have(n: int) -> str:
    return "has" if n == 1 else "have"


def _show(n: int) -> str:
    return "shows" if n == 1 else "show"

"""What a line of a console log says: numbers with the words before them, and of which epoch.

Logs of own loops have no format, but nearly all print `name [:=] number`, so the name of a number is what stands between it and the
number before. A split that was named stays until another is: `Test set: Average loss: 0.3, Acc@1: 89`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dermai_report.sources._columns import SPLIT_OF, meaning, words_of

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x08]+")
BLANKS = re.compile(r"\s{4,}")  # as three, which still part; the patterns below would try every way to share out a long run
BAR = re.compile(r"\d+%\|[^|]*\|\s*\d+/\d+\s*\[[^\]]*\]?|\d+(?:it|ba)? \[\d\d:\d\d,[^\]]*\]")
CLOCK = re.compile(r"\d{4}[-/]\d\d[-/]\d\d[ T]?|\b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?\b|\b\d+[hm]\s*\d+(?:\.\d+)?[ms]\b")
EPOCH = re.compile(
    r"(?<![A-Za-z_])ep(?:och)?\s*(?:no\.?|number)?\s*[:#=]?\s*[\[(]?\s*(\d{1,7})(?!\.\d)(?:\s*(?:/|of)\s*(\d{1,7}))?\s*[\])]?",
    re.IGNORECASE,
)
COUNT = re.compile(r"^\W*\[?(\d{1,7})\s*/\s*(\d{1,7})\]?(?=\W)")
DONE = re.compile(
    r"\d+%\|[^|]*\|\s*(\d{1,7})/(\d{1,7})|^\W*\[?(\d{1,7})\s*/\s*(\d{1,7})(?=\W)|(?<![(\d/])(\d{1,7})/(\d{1,7})\s*$"
)
BATCH = re.compile(
    r"(?<![A-Za-z_])(?:batch|step|iter(?:ation)?|global[_ ]step)\s*[:#=]?\s*[\[(]?\s*\d+(?:\s*(?:/|of)\s*\d+)?[\])]?"
    r"|\[ *\d+/\d+ *(?:\(\d+(?:\.\d+)?%\))? *\]",
    re.IGNORECASE,
)
NUMBER = re.compile(
    r"(?<![\w.@/-])[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?(?![\w@]|-\d|\.\d)\s?%?|(?<![\w.])(?:nan|inf|-inf)(?!\w)",
    re.IGNORECASE,
)
RATIO = re.compile(r"(\d+)\s*/\s*(\d+)\s*(?:\(\s*\d+(?:\.\d+)?\s*%\s*\))?")
BREAK = re.compile(r"[,;|\t{}()\[\]<>\"'`*#\\]|\s-+\s|\s{3,}|->|=>|→|\bINFO\b|\bDEBUG\b|\bWARNING\b")
ASIDE = re.compile(
    r"\b(?:sav(?:e|ed|ing)|checkpoint|improve[ds]?|early.?stop\w*|restor\w+|load(?:ed|ing)?|resum\w+|best|patience|decreased|increased)\b",
    re.IGNORECASE,
)
BEST = re.compile(r"\(?\bbest[^,;|()=:]{0,40}[=:]?\s*[-+]?\d[\d.]*%?\)?", re.IGNORECASE)  # a value that was the best so far
COUNTED = re.compile(
    r"\s*(?:test|val\w*|train\w*)?\s*(?:images|samples|examples|pictures|epochs|batches|classes|steps)\b", re.IGNORECASE
)
POSTFIX = re.compile(r"100%\|[^|]*\|[^\[]*\[[^\]]*?(?:it/s|s/it|/s|/it|\?it/s), ?([^\]]*)")
WRAPPER = re.compile(r"\b(?:tensor|array|np\.float\d+)\s*$")
FINAL = re.compile(r"^(?:final|overall)\s+", re.IGNORECASE)
WORTH = re.compile(
    r"ep|loss|acc|err|top|prec|recall|f1|auc|train|val|test|\d\s*/\s*\d", re.IGNORECASE
)  # a line worth taking apart
LONGEST = 2_000  # characters of a line; what is longer is no line of a log of epochs


@dataclass(frozen=True)
class Said:
    """epoch: as printed, or None; count: "[3/50]" without the word, which may count epochs or batches; batch: whether the line
    names a part of an epoch; values by name, in order; split: the one that the line speaks of at its end.

    aside: it tells of a checkpoint or a best value, and no more; running: the values are those of a progress bar; done: its
    "390/391", which may count batches.
    """

    epoch: int | None
    count: int | None
    batch: bool
    values: dict[str, str]
    split: str | None
    aside: bool = False
    running: bool = False
    done: tuple[int, int] | None = None


def said(line: str) -> Said:
    """What the line says."""
    line = BLANKS.sub("   ", ANSI.sub("", line[:LONGEST]))
    done = DONE.search(line)
    text = BEST.sub(" ", CLOCK.sub(" ", BAR.sub(" ", line)))
    epoch = EPOCH.search(text)
    if epoch:
        text = f"{text[: epoch.start()]} | {text[epoch.end() :]}"
    count = None if epoch else COUNT.search(text)
    if count:
        text = text[count.end() :]
    batch = BATCH.search(text)
    if batch:
        text = f"{text[: batch.start()]} | {text[batch.end() :]}"
    values, split = _values(text)
    running = False
    metrics = _metrics(values)
    if not metrics and (postfix := POSTFIX.search(line)):
        values = {of_split(name, split): value for name, value in _values(postfix[1])[0].items()}
        running, metrics = True, _metrics(values)
    aside = metrics < 2 and bool(ASIDE.search(text))
    return Said(_number(epoch), _number(count), batch is not None, values, split, aside, running, _pair(done))


def of_split(name: str, split: str | None) -> str:
    """A metric below a heading ("Validation:") or behind the name of a bar is of its split."""
    sense = meaning(name)
    return f"{split} {name}" if split and sense.role == "metric" and sense.split is None else name


def _metrics(values: dict[str, str]) -> int:
    return sum(meaning(name).role == "metric" for name in values)


def _number(found: re.Match[str] | None) -> int | None:
    return None if found is None else int(found[1])


def _pair(found: re.Match[str] | None) -> tuple[int, int] | None:
    done, total = [int(n) for n in found.groups() if n] if found else (0, 0)
    return (done, total) if found and done <= total else None


def _values(text: str) -> tuple[dict[str, str], str | None]:
    values: dict[str, str] = {}
    split: str | None = None
    metric = ""
    at = 0
    for name, value, start in _pairs(text):
        between = text[at:start]
        split = _split(between) or split
        at = start
        sense = meaning(name)
        whole = name
        if sense.role == "other" and metric and sense.split and len(words_of(name)) == 1 and not BREAK.search(between):
            whole = f"{sense.split} {metric}"  # "LOSS train 0.4 valid 0.5"
            sense = meaning(whole)
        if sense.role == "metric":
            metric = sense.metric
            whole = whole if sense.split or split is None else f"{split} {name}"
        if sense.role != "other":
            values.setdefault(whole, value)
    return values, split or _split(text[at:])


def _pairs(text: str) -> list[tuple[str, str, int]]:
    """Each number with its name and where it starts."""
    found: list[tuple[str, str, int]] = []
    at = look = 0
    while match := NUMBER.search(text, look):
        look = match.end()
        if COUNTED.match(text, look):
            continue  # "on the 10000 test images: 97.1 %": the name goes on
        name = _name(text[at : match.start()])
        value = match[0]
        ratio = RATIO.match(text, match.start())
        if ratio and float(ratio[2]) > 0 and meaning(name).metric in ("accuracy", "error_rate"):
            value, look = repr(float(ratio[1]) / float(ratio[2])), ratio.end()
        elif value.endswith("%") and meaning(name).role == "metric":
            value = repr(round(float(value.rstrip(" %")) / 100, 12))
        if name:
            found.append((name, value.strip(), match.start()))
        at = look
    return found


def _name(before: str) -> str:
    """What stands before a number, as far as it is its name; "Accuracy: (89.1%)" has it before the bracket."""
    for part in reversed(BREAK.split(before)):
        name = WRAPPER.sub("", part).strip(" :=.~≈-")
        if words_of(name):
            return FINAL.sub("", name) if "test" in words_of(name) else name
    return ""


def _split(text: str) -> str | None:
    """The last split that the words name."""
    return next((SPLIT_OF[w] for w in reversed(words_of(text)) if w in SPLIT_OF), None)

"""How a value is worded: percent, points, nats, intervals, epoch ranges, confidence. Every renderer words it here.

Values arrive as the Report keeps them (fractions, nats, seconds, epochs from 1) and leave as text. Nothing is judged.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dermai_report import wording
from dermai_report.report import Basis, Gate, Ground, Unit

UNKNOWN = "—"
MINUS = "\u2212"

# Characters that would act on the text around them, or are invalid in HTML: C0 and C1 controls but tab, newline and
# carriage return; soft hyphen, zero-width and direction controls; lone surrogates; noncharacters; tag characters.
_ACTING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff"
    "\ufdd0-\ufdef\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff"
    + "".join(chr(plane * 0x10000 + low) for plane in range(1, 17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
_HARMLESS = {"\u202f": "\u202f", "\ufffd": "\ufffd", "\ufffc": "\ufffc"}

_CONFIDENCE = ((0.95, "very high"), (0.8, "high"), (0.6, "moderate"), (0.3, "low"), (0.0, "very low"))


def visible(text: str) -> str:
    """The text with every control, direction and zero-width character replaced by a visible placeholder."""
    return _ACTING.sub(_placeholder, text)


def one_line(text: str) -> str:
    """`visible` text in which every run of spaces, tabs and line breaks is one space."""
    return re.sub(r"[ \t\r\n]+", " ", visible(text)).strip()


def shorten(text: str, length: int = 40) -> str:
    """At most `length` characters, ending in an ellipsis where something was cut."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def known(value: Any) -> bool:
    """False for None and for floats that are no number."""
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def bare(value: float | int | str | None, unit: Unit = "plain", digits: int = 2) -> str:
    """The number without its unit: 0.684 as percent is "68.40". `digits` are the decimals of percent and points."""
    if value is None or not known(value):
        return UNKNOWN
    if isinstance(value, str):
        return value
    if unit in ("percent", "points"):
        text = _short_of(100, 100 * value, f"{100 * value:.{digits}f}", digits)
    elif unit == "nats":
        text = f"{value:.4f}"
    elif unit == "seconds":
        text = wording.duration(value)
    elif unit in ("count", "epoch") or isinstance(value, int):
        text = f"{value:,.0f}"
    else:
        text = _plain(value)
    return _signed(text)


def quantity(value: float | int | str | None, unit: Unit = "plain", digits: int = 2) -> str:
    """The number with its unit: "68.40 %", "3.21 points", "0.9120 nats", "1,503", "7 min"; a dash when unknown."""
    text = bare(value, unit, digits)
    suffix = {"percent": "%", "points": "points", "nats": "nats"}.get(unit, "")
    return text if text == UNKNOWN or not suffix or isinstance(value, str) else f"{text} {suffix}"


def interval(ci: Sequence[float] | None, unit: Unit = "plain") -> str:
    """An interval in words: "66.1 to 70.6 %"; empty when there is none."""
    if ci is None or not all(known(end) for end in ci):
        return ""
    if unit == "plain" and max(abs(end) for end in ci) < 10:  # both ends with as many decimals
        return f"{_signed(f'{ci[0]:.3f}')} to {_signed(f'{ci[1]:.3f}')}"
    return f"{bare(ci[0], unit, 1)} to {quantity(ci[1], unit, 1)}"


def gained(value: float | int | None, unit: Unit = "plain") -> str:
    """A difference with its sign: 0.021 of percents is "+2.10 points"; "0.00 points" has none."""
    if value is None or not known(value):
        return UNKNOWN
    if unit == "seconds":
        return f"{MINUS if value < 0 else '+'}{wording.duration(abs(value))}" if value else "0 s"
    text = quantity(value, _of_difference(unit))
    return text if text.startswith(MINUS) or not text.split(" ")[0].strip("0.") else f"+{text}"


def gained_interval(ci: Sequence[float] | None, unit: Unit = "plain") -> str:
    """The interval of a difference: of percents it is in points."""
    return interval(ci, _of_difference(unit))


def cell(value: float | int | str | None, unit: Unit = "plain") -> str:
    """A value in a table: percent and points with their unit, nats without (a column of losses says so once)."""
    return bare(value, unit) if unit == "nats" else quantity(value, unit)


def cell_interval(ci: Sequence[float] | None, unit: Unit = "plain") -> str:
    """The interval of a value in a table."""
    return interval(ci, unit).removesuffix(" nats")


def with_interval(value: float | int | str | None, unit: Unit = "plain", ci: Sequence[float] | None = None) -> str:
    """A value and, where known, its interval in brackets: "68.40 % (66.1 to 70.6 %)"."""
    words = interval(ci, unit)
    return f"{quantity(value, unit)} ({words})" if words else quantity(value, unit)


def duration(seconds: float | None) -> str:
    """Seconds as a reader says them: "41 s", "7 min", "2 h 3 min"."""
    return bare(seconds, "seconds")


def epochs(numbers: Iterable[int]) -> str:
    """Epoch numbers as ranges: [6, 7, 8, 11] is "6–8, 11"."""
    return wording.epoch_ranges(sorted(set(numbers))).replace("-", "–")


def confidence(value: float, basis: Basis) -> str:
    """Confidence in [0, 1] with what it rests on: "high confidence (0.86, calibrated)"; a judgement gets no word of praise."""
    if basis == "counted":
        return "a fact, counted or read"
    if basis == "judged":
        return f"judged {wording.confidence(value)}, not calibrated"
    word = next((word for least, word in _CONFIDENCE if value >= least), _CONFIDENCE[-1][1])
    return f"{word} confidence ({wording.confidence(value)}, calibrated)"


def gate(gate: Gate) -> str:
    """The answer of a gate in one line: "fail (warning): 1 reason"."""
    said = {"pass": "pass", "fail": "fail", "unknown": "cannot tell"}[gate.outcome]
    asked = ", ".join((*gate.fail_on, *gate.require))
    if gate.outcome == "pass":
        return one_line(f"{said} ({asked})")
    unknown = sum(ground.outcome == "unknown" for ground in gate.grounds)
    if gate.outcome == "fail":
        rest = f"; {unknown} more cannot be told" if unknown else ""
    else:
        rest = "; it goes on, as strict was not asked for" if gate.passed else "; it stops, as strict was asked for"
    return one_line(f"{said} ({asked}): {wording.plural(len(gate.deciding()), 'reason')}{rest}")


def ground(ground: Ground) -> str:
    """What a gate rests on, in one line: "overfitting: Clear overfitting (error, very high confidence (0.99, calibrated))"."""
    if ground.confidence is None or ground.basis is None:
        return one_line(f"{ground.about}: {ground.message}")
    sure = f" ({ground.severity}, {confidence(ground.confidence, ground.basis)})"
    return one_line(f"{ground.about}: {ground.message}{sure}")


def label(key: str) -> str:
    """A key of `evidence` as a reader's label: "onset_epoch" is "Onset epoch", "onset_ci90" is "Onset, 90 % interval"."""
    words = re.sub(r"(^|_)ci(\d\d)$", r"\1, \2 % interval", key).replace("_", " ").replace(" ,", ",").strip(" ,")
    return words[:1].upper() + words[1:]


def evidence(value: Any, length: int = 240) -> str:
    """A piece of evidence in one short line, whatever its type."""
    return shorten(_evidence(value), length)


def kind(of: str) -> str:
    """What an experiment is, by its kind."""
    known = {"cv": "Cross-validation", "try": "Recommendations tried out", "search": "Search for values"}
    return known.get(of, label(of))


def day(stamp: str | None) -> str:
    """A time stamp to the minute: "2026-11-24 04:57"; a dash when unknown."""
    return stamp[:16].replace("T", " ") if stamp else UNKNOWN


def p_value(p: float | None) -> str:
    """A p value in a table; a dash when unknown."""
    return UNKNOWN if p is None else wording.p_value(p)


def setting(value: Any) -> str:
    """The value of a setting; "not set" for None."""
    return "not set" if value is None else evidence(value)


def toml(patch: Mapping[str, Any]) -> str:
    """A configuration patch as TOML; a None, which TOML cannot say, becomes a comment."""
    tables: list[str] = []
    lines: list[str] = []
    _toml_table("", patch, lines, tables)
    return "\n".join([*lines, *tables]).strip() + "\n"


def _of_difference(unit: Unit) -> Unit:
    return "points" if unit == "percent" else "count" if unit == "epoch" else unit


def _placeholder(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if char in _HARMLESS:
        return char
    if code < 0x20:
        return chr(0x2400 + code)  # the control's own picture: ␀ ␛
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else f"⟨U+{code:04X}⟩"


def _signed(text: str) -> str:
    if text.startswith("-"):
        return text[1:] if not text.strip("-0.") else MINUS + text[1:]
    return text


def _plain(value: float) -> str:
    size = abs(value)
    if 0.9995 <= size < 1:
        return _signed(_short_of(1, value, f"{value:.4f}", 4))
    if size >= 1000:
        return _signed(f"{value:,.0f}")
    if 0 < size < 0.001:
        digits, power = f"{value:.2e}".split("e")
        return _signed(f"{float(digits):g}e{int(power)}")
    return _signed(f"{value:.3g}")


def _short_of(whole: int, value: float, text: str, digits: int) -> str:
    """`text`, unless it was rounded up to the whole: 0.99996 of all is not all, so it is cut, not rounded."""
    if abs(value) >= whole or digits < 2 or abs(float(text)) < whole:
        return text
    return f"{math.copysign(whole - 10.0**-digits, value):.{digits}f}"


def _evidence(value: Any) -> str:
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return bare(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_evidence(item)}" for key, item in list(value.items())[:12])
    if isinstance(value, list | tuple):
        words = ", ".join(_evidence(item) for item in value[:12])
        return f"{words}, … ({len(value)} in all)" if len(value) > 12 else words
    return str(value)


def _toml_table(path: str, table: Mapping[str, Any], lines: list[str], tables: list[str]) -> None:
    for key, value in table.items():
        if isinstance(value, Mapping):
            name = f"{path}.{_toml_key(key)}" if path else _toml_key(key)
            inner: list[str] = []
            place = len(tables)
            _toml_table(name, value, inner, tables)
            tables[place:place] = [f"\n[{name}]", *inner] if inner or not value else []
        elif value is None:
            lines.append(f"# {_toml_key(key)}: leave unset")
        else:
            lines.append(f"{_toml_key(key)} = {_toml_value(value)}")


def _toml_key(key: str) -> str:
    bare_key = re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", key)
    return key if bare_key else _toml_string(key)


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value, "nan" if math.isnan(value) else repr(value))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml_value(item) for item in value if item is not None) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml_key(k)} = {_toml_value(v)}" for k, v in value.items()) + "}"
    return _toml_string(str(value))


def _toml_string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m.group()):04x}", escaped) + '"'

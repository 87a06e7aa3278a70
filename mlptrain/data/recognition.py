"""In which notation texts are written: found by all of them, with each meaning they leave."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice
from typing import Literal

from mlptrain.data.durations import MINUS, SPACES
from mlptrain.data.time_or_duration import (
    LOOKED_AT,
    durations_among,
    is_months,
    read_by,
    told_apart,
)
from mlptrain.data.written import Negative, Thousands, Written
from mlptrain.messages import in_yaml

FEW = 0.1
"""At most this share of the values may be something else."""
LEAST = 5
SIGNS = f"(){MINUS}+{SPACES}"
NOTATIONS: tuple[tuple[Thousands | None, Literal[","] | None], ...] = (
    *((None, None), (None, ","), (",", None), (".", None)),
    *((" ", None), (" ", ","), ("'", None), ("'", ",")),
)
"""What separates thousands and what begins the decimals, the simplest first."""
DAYS = (
    *("%d.%m.%Y", "%m.%d.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d"),
    *("%d-%b-%Y", "%d-%B-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y"),
    *("%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%b %Y", "%B %Y", "%b-%Y", "%Y%m%d"),
    *("%a, %d %b %Y", "%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y"),
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d"),
    *("%d-%b-%y", "%d %b %y", "%b-%y"),
)
CLOCKS = (
    *("", *(f"{gap}{time}" for gap in " T" for time in ("%H:%M", "%H:%M:%S"))),
    *(" %I:%M %p", " %I:%M:%S %p", " %I:%M%p"),
    *(" %H:%M UTC", " %H:%M:%S UTC", " %H:%M:%S GMT", " %H:%M:%S %z"),
    *("T%H:%M:%S%z", "T%H%M%S", "T%H%M%SZ"),
    *(" %H:%M:%S.%f", " %H:%M:%S,%f", "T%H:%M:%S.%f", "T%H:%M:%S,%f", "T%H:%M:%S.%f%z"),
)
TIMES = (
    *("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p", "%I:%M:%S%p"),
    *("%H:%M:%S.%f", "%H:%M:%S,%f", "%I:%M:%S.%f %p"),
)
CENTS = re.compile(r"\d[.,]\d\d(?!\d)")


def readings_of(weights: Mapping[str, int], name: str = "") -> tuple[Written, ...]:
    """The notations that nearly all of these texts follow, one for each meaning.

    name   that of the column, which may tell whether 13:45 is a time of day

    >>> [each.thousands for each in readings_of({"1.234": 9, "2.500": 1})]
    [None, '.']
    >>> [each.thousands for each in readings_of({"1.234": 9, "1.234.567": 1})]
    ['.']
    >>> [each.thousands for each in readings_of({"1.234": 98, "1.234.567": 1, "12.5": 1})]
    [None, '.']
    >>> money = [f"${number:,}" for number in range(950, 1250, 30)]  # $950, $980, $1,010, ...
    >>> [each.thousands for each in readings_of(dict.fromkeys(money, 1))]
    [',']
    >>> [each.duration for each in readings_of(dict.fromkeys(["90 min", "1h 30min", "2h"], 9))]
    ['units']
    """
    unit = Counter[str]()
    for text, times in weights.items():
        unit[unit_of(text)] += times
    usual, _ = unit.most_common(1)[0]
    numbers = _without_odd_decimals(_meant(_numbers(usual, weights), weights), weights)
    numbers = _with_thousands(numbers, weights)
    lengths = _meant(durations_among(weights), weights)
    if is_months(lengths, weights):
        lengths = ()
    if numbers and read_by(lengths, weights) <= read_by(numbers, weights):
        return numbers  # of 90 min in all rows; 1h 30min among them is none
    return told_apart(_meant(_dates(weights), weights), lengths, weights, name)


def _with_thousands(readings: tuple[Written, ...], weights: Mapping[str, int]) -> tuple[Written, ...]:
    """Amounts below 1,000 do not show what separates thousands, and new rows may have larger ones.

    Where cents show what begins the decimals, it is the other mark.

    >>> [each.thousands for each in readings_of(dict.fromkeys(["$12.50", "$7.95", "$950.00"], 9))]
    [',']
    """
    if len(readings) != 1 or readings[0].thousands or readings[0].unit in (None, "%"):
        return readings
    wider = replace(readings[0], thousands="." if readings[0].decimal == "," else ",")
    numbers = {text: readings[0].number(text) for text in weights}
    small = all(abs(number) < 1000 for number in numbers.values() if number is not None)
    same = all(wider.number(text) == number for text, number in numbers.items())
    return (wider,) if small and same and any(map(CENTS.search, weights)) else readings


def _without_odd_decimals(
    readings: tuple[Written, ...], weights: Mapping[str, int]
) -> tuple[Written, ...]:
    """The readings whose decimals are either all written out or have no 0 at their end.

    Where 950 stands among 1,230 and 2,345, the comma separates thousands: with three decimals
    always written out it would be 950,000, and else 1,23.
    """
    kept = []
    for each in readings if len(readings) > 1 else ():
        plain = [number for text in weights if (number := each.plain(text)) is not None]
        decimals = [number.partition(".")[2] for number in plain]
        three = [digits for digits in decimals if digits]
        odd = "" in decimals and len(three) >= LEAST and {*map(len, three)} == {3}
        if not (odd and any(digits.endswith("0") for digits in three)):
            kept.append(each)
    return tuple(kept) or readings


def _meant(candidates: Sequence[Written], weights: Mapping[str, int]) -> tuple[Written, ...]:
    """The candidates that nearly all texts follow, one for each meaning.

    One is out where another follows all that it does and more: that is the row which decides.
    """
    total, followed = sum(weights.values()), dict[Written, frozenset[str]]()
    meanings = {each: tuple(map(each.number, weights)) for each in candidates}
    for written, meaning in meanings.items():
        pairs = zip(weights, meaning, strict=True)
        followed[written] = frozenset(text for text, number in pairs if number is not None)
    found = dict[tuple[float | None, ...], Written]()
    for written, texts in followed.items():
        times = sum(map(weights.__getitem__, texts))
        beaten = any(texts < others for others in followed.values())
        if times >= LEAST and total - times <= FEW * total and not beaten:
            found.setdefault(meanings[written], written)
    return tuple(found.values())


def _dates(texts: Iterable[str]) -> list[Written]:
    """The forms of dates that some of the first texts follow."""
    first = list(islice(texts, LOOKED_AT))
    forms = [
        Written(date=form) for form in (*TIMES, *(day + clock for day in DAYS for clock in CLOCKS))
    ]
    return [each for each in forms if any(each.time(text) for text in first)]


def _numbers(unit: str, texts: Mapping[str, int]) -> list[Written]:
    brackets = any("(" in text for text in texts)
    trailing = any(text.replace(unit, "").strip().endswith(tuple(MINUS)) for text in texts)
    negative: Negative | None = "brackets" if brackets else "trailing" if trailing else None
    made = []
    for thousands, decimal in NOTATIONS:
        written = Written((), (), decimal, thousands, unit or None, negative)
        if not written.is_number:
            written = replace(written, negative="sign")
        made += [] if written.faults() else [written]
    return made


def unit_of(text: str) -> str:
    """What stands before or behind a number; the whole text where something is on both sides.

    >>> unit_of("($1,234.50)"), unit_of("12 kg"), unit_of("Rs.500"), unit_of("-12"), unit_of("a 1 b")
    ('$', 'kg', 'Rs.', '', 'a 1 b')
    """
    number = re.search(r"(?:(?<![^\W\d_]|/)[.,])?\d(?:.*\d)?", text)
    if number is None:
        return text
    before, after = text[: number.start()].strip(SIGNS), text[number.end() :].strip(SIGNS)
    return text if before and after else before or after


def declaration(name: str, texts: Iterable[str]) -> str:
    """What to write into a config for a column of these texts; nothing where they leave a doubt.

    >>> declaration("x", ["$1,000", "$2,500.5", "$1", "$2", "$3"])
    'declare them: `columns: {x: {thousands: ",", unit: "$"}}`'
    """
    weights = dict.fromkeys(texts, 1)
    readings = readings_of(weights, name)
    if len(readings) != 1 or None in map(readings[0].number, weights):
        return ""
    keys = {key: value for key, value in asdict(readings[0]).items() if value not in (None, ())}
    pairs = (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items())
    told = f"declare them: `columns: {{{in_yaml(name)}: {{{', '.join(pairs)}}}}}`"
    return told if readings[0].date is None else f"{told} and `dates: parts`"

"""Columns of numbers or dates in a notation of their own: recognised by all values, or asked about.

A notation is taken where it is the only one that all values follow with one meaning. 1.234 alone may
be 1234 or 1.234, and only another value of the column, 1.234.567 or 12.5, decides which; and so does
13/04/2026 for 03/04/2026.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import numpy as np

from mlptrain.data.notation import notation
from mlptrain.data.readers.tables.table import Table
from mlptrain.data.row_set import every_row
from mlptrain.data.source import Source
from mlptrain.data.written import MINUS, SPACES, Negative, Reading, Thousands, Written
from mlptrain.messages import some
from mlptrain.tools.first_config.profile import counted

FEW = 0.1
"""At most this share of the values may be something else."""
LEAST = 5
MOST = 20
"""So many different values that are something else are named; with more it is no notation."""
SIGNS = f"(){MINUS}+{SPACES}"
NOTATIONS: tuple[tuple[Thousands | None, Literal[","] | None], ...] = (
    *((None, None), (None, ","), (",", None), (".", None)),
    *((" ", None), (" ", ","), ("'", None), ("'", ",")),
)
"""What separates thousands and what begins the decimals, the simplest first."""
DAYS = (
    *("%d.%m.%Y", "%m.%d.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d"),
    *("%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y"),
)
CLOCKS = ("", *(f"{gap}{time}" for gap in " T" for time in ("%H:%M", "%H:%M:%S")), " %I:%M %p")
LOOKED_AT = 20
"""A form of dates that none of so many values follows is not tried on the others."""


@dataclass(frozen=True)
class Notated:
    """A column in another notation.

    readings   what may be declared; one where the values leave no doubt, which is then `certain`
    example    a value, which these read as `meanings`
    doubtful   values that are no number in it
    """

    name: str
    readings: tuple[Written, ...]
    example: str
    meanings: tuple[str, ...]
    doubtful: tuple[str, ...] = ()

    @property
    def is_certain(self) -> bool:
        """Whether the values leave no doubt."""
        return len(self.readings) == 1

    @property
    def doubt(self) -> str:
        """Why the column is not used before the user has chosen; empty where there is no doubt."""
        if self.is_certain:
            return ""
        return f"{self.example} may be {' or '.join(self.meanings)}: choose below, delete this line"

    def note(self) -> str:
        """What to tell of it."""
        where = f"data.columns.{self.name}"
        if not self.is_certain:
            return (
                f"{self.name}: {self.example!r} may be {' or '.join(self.meanings)}: choose in {where}"
            )
        told = f"{self.name}: {self.example!r} is read as {self.meanings[0]}"
        if self.doubtful:
            shown = some([repr(text) for text in self.doubtful], 3)
            return f"{told} ({where}); {shown}: correct, or add to {where}.missing: fit refuses it"
        return f"{told} ({where})"


def notated(source: Source, name: str) -> Notated | None:
    """The notation of a column of text; None for any other."""
    if not isinstance(source, Table) or source.kind(name) != "text":
        return None
    levels, counts = counted(source, name)
    kinds = [notation(level) for level in levels]
    if not {"other number", "other date"} & {*kinds}:
        return None
    weights = dict(zip(levels, counts.tolist(), strict=True))
    missing = tuple(each for each, kind in zip(levels, kinds, strict=True) if kind == "missing")
    texts = [each for each in levels if each not in missing]
    found = readings_of({text: weights[text] for text in texts})
    if not found:
        return None
    readings = tuple(replace(each, missing=missing) for each in found)
    doubtful = _misread(source, name, readings[0])
    if len(doubtful) > MOST:
        return None
    return _made(name, readings, texts, doubtful)


def _made(
    name: str, readings: tuple[Written, ...], texts: Sequence[str], doubtful: Sequence[str]
) -> Notated:
    """The example is the longest text that is read differently, or another way than as it stands."""
    good = [text for text in texts if all(each.meaning(text) is not None for each in readings)]
    example = max(
        good, key=lambda text: (len({each.meaning(text) for each in readings}), len(text), text)
    )
    meanings = tuple(each.meaning(example) or "" for each in readings)
    return Notated(name, readings, example, meanings, tuple(doubtful))


def _misread(source: Table, name: str, written: Written) -> tuple[str, ...]:
    """The different values of the whole column that do not follow the notation."""
    read = source.read_as(Reading(columns={name: written}))
    (rows,) = np.nonzero(read.misread(name))
    return tuple(source.levels(name, every_row(len(source))[rows])) if len(rows) else ()


def readings_of(weights: Mapping[str, int]) -> tuple[Written, ...]:
    """The notations that nearly all of these texts follow, one for each meaning.

    >>> [each.thousands for each in readings_of({"1.234": 9, "2.500": 1})]
    [None, '.']
    >>> [each.thousands for each in readings_of({"1.234": 9, "1.234.567": 1})]
    ['.']
    >>> [each.thousands for each in readings_of({"1.234": 98, "1.234.567": 1, "12.5": 1})]
    [None, '.']
    """
    unit = Counter[str]()
    for text, times in weights.items():
        unit[unit_of(text)] += times
    usual, _ = unit.most_common(1)[0]
    return _meant(_numbers(usual, weights), weights) or _meant(_dates(weights), weights)


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
    forms = [Written(date=day + clock) for day in DAYS for clock in CLOCKS]
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

    >>> unit_of("($1,234.50)"), unit_of("12 kg"), unit_of("Rs. 5"), unit_of("-12"), unit_of("a 1 b")
    ('$', 'kg', 'Rs.', '', 'a 1 b')
    """
    number = re.search(r"(?:[.,]?\d)(?:.*\d)?", text)
    if number is None:
        return text
    before, after = text[: number.start()].strip(SIGNS), text[number.end() :].strip(SIGNS)
    return text if before and after else before or after


def as_written(source: Source, names: Sequence[str], *, asked: bool) -> tuple[Source, list[Notated]]:
    """The source with these columns read in their notations, and what these are.

    `asked` reads doubtful ones too, by their last reading.
    """
    if not isinstance(source, Table):
        return source, []
    found = [each for name in names if (each := notated(source, name)) is not None]
    columns = {**source.reading.columns}
    for each in found:
        if each.is_certain or asked:
            missing = (*each.readings[-1].missing, *each.doubtful)
            columns[each.name] = replace(each.readings[-1], missing=missing)
    return source.read_as(Reading(columns=columns)), found

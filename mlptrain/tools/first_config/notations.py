"""Columns of numbers or dates in a notation of their own: recognised by all values, or asked about.

A notation is taken where it is the only one that all values follow with one meaning. 1.234 alone may
be 1234 or 1.234, and only another value of the column, 1.234.567 or 12.5, decides which; and so does
13/04/2026 for 03/04/2026.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlptrain.data.date_forms import SINCE
from mlptrain.data.notation import notation
from mlptrain.data.readers.tables.table import Table
from mlptrain.data.recognition import readings_of
from mlptrain.data.row_set import every_row
from mlptrain.data.source import Source
from mlptrain.data.written import Reading, Written
from mlptrain.messages import some
from mlptrain.tools.first_config.profile import counted

OF_TIME = re.compile(
    r"(?:^|[_\s.-])(?:ts|time|timestamp|epoch|unix|date|datetime|at|created|updated)\d*$"
    r"|timestamp|(?-i:[a-z](?:Time|Date|At)$)",
    re.I,
)
"""Names of what may be a time in seconds since 1970: time, created_at, eventTimestamp."""
CENTURY = (946_684_800, 4_102_444_800)
"""Seconds from 1970 to the beginnings of 2000 and 2100."""
DAYS = (1700_01_01, 2200_01_01)
LEAST = 5
"""Fewer different numbers may be days by accident."""
MOST = 20
"""So many different values that are something else are named; with more it is no notation."""


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

    def as_number(self) -> "Notated":
        """With the readings as numbers alone, where there are some."""
        both = zip(self.readings, self.meanings, strict=True)
        numbers = [each for each in both if each[0].is_number]
        if not numbers:
            return self
        readings, meanings = zip(*numbers, strict=True)
        return replace(self, readings=readings, meanings=meanings)

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
    """The notation of a column of text, or of a number that is a time; None for any other."""
    if not isinstance(source, Table):
        return None
    if source.kind(name) == "number":
        return _time_in_digits(source, name)
    if source.kind(name) != "text":
        return None
    levels, counts = counted(source, name)
    kinds = [notation(level) for level in levels]
    if not {"other number", "other date"} & {*kinds}:
        return None
    weights = dict(zip(levels, counts.tolist(), strict=True))
    missing = tuple(each for each, kind in zip(levels, kinds, strict=True) if kind == "missing")
    texts = [each for each in levels if each not in missing]
    found = readings_of({text: weights[text] for text in texts}, name)
    if not found:
        return None
    readings = tuple(replace(each, missing=missing) for each in found)
    doubtful = _misread(source, name, readings[0])
    if len(doubtful) > MOST:
        return None
    return _made(name, readings, texts, doubtful)


def _time_in_digits(source: Table, name: str) -> Notated | None:
    """Whole numbers that are all days, as 20260131, or by their name and size times since 1970.

    Of numbers of eight digits one in thirty could be a day; some different ones are no accident.
    """
    if len(source.inexact(name)):
        return None
    values = source.numbers(name)
    first = values[:1]
    if (first > np.floor(first)).any():  # most numbers of wide tables are seen at once to be no days
        return None
    values = values[~np.isnan(values)]
    forms: dict[str, tuple[float, float]] = {"%Y%m%d": DAYS}
    if OF_TIME.search(name.strip()):
        in_units = {form: 1_000_000 / microseconds for form, microseconds in SINCE.items()}
        forms |= {form: (CENTURY[0] * each, CENTURY[1] * each) for form, each in in_units.items()}
    for form, (low, high) in forms.items():
        if not ((values == np.floor(values)) & (low <= values) & (values < high)).all():
            continue
        if form not in SINCE and len(np.unique(values)) < LEAST:
            continue
        written, example = Written(date=form), f"{values[-1]:.0f}"
        read = source.read_as(Reading(columns={name: written}))
        if not read.misread(name).any() and read.kind(name) == "date":
            return Notated(name, (written,), example, (written.meaning(example) or "",))
    return None


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


def as_written(
    source: Source, names: Sequence[str], *, asked: bool, targets: bool = False
) -> tuple[Source, list[Notated]]:
    """The source with these columns read in their notations, and what these are.

    `asked` reads doubtful ones too, by their last reading. What may be a date or a number is a number
    where these are `targets`: no date is one.
    """
    if not isinstance(source, Table):
        return source, []
    found = [each for name in names if (each := notated(source, name)) is not None]
    if targets:
        found = [each.as_number() for each in found]
    columns = {**source.reading.columns}
    for each in found:
        if each.is_certain or asked:
            missing = (*each.readings[-1].missing, *each.doubtful)
            columns[each.name] = replace(each.readings[-1], missing=missing)
    return source.read_as(Reading(columns=columns)), found

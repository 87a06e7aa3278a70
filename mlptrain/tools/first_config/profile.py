"""What the columns of a table hold, as far as it matters for a config."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.notation import named, notation
from mlptrain.data.row_set import every_row
from mlptrain.data.source import Kind, Source, alike, as_number, place_of
from mlptrain.streams import stream
from mlptrain.tools.first_config.number_looks import number_looks

SAMPLE = 100_000
"""The different values of a text column are those of so many rows, drawn at random."""
MOST_LEVELS = 1000
"""Of more different texts the first are looked at."""
WORDS = frozenset(("none", "nil", "missing", "unknown"))
"""Words for a missing value that are as well a category."""


@dataclass(frozen=True)
class Profile:
    """One column.

    present        rows with a value
    different      how many different values there are
    counts         how often each of them occurs
    whole          all values are whole numbers
    step           by how much they change from row to row of the file, where that is always the same
    rising         each is greater than that of the row before
    infinite       values that are no finite number
    looks_numeric  text of which most values are numbers
    heavy_tails    the quartiles differ, and yet values lie far out
    thousands      whole numbers below 1000, and others with three digits after a point: 1.234
                   may be 1234
    marks          texts that often stand for a missing value, and are taken as values here
    alike          values that read as the same number or truth value, or differ in case only
    inexact        whole numbers with more digits than float64 keeps
    code           a text whose spelling the number does not keep: 007
    form           what text most of which is in another notation stands for, with an example
    advice         what to do about that
    """

    name: str
    kind: Kind
    rows: int
    present: int
    different: int
    counts: NDArray[np.int64]
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    step: float = 0.0
    rising: bool = False
    infinite: int = 0
    looks_numeric: bool = False
    heavy_tails: bool = False
    thousands: bool = False
    alike: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    inexact: bool = False
    code: str = ""
    form: str = ""
    advice: str = ""

    @property
    def blanks(self) -> int:
        """Rows without a value."""
        return self.rows - self.present

    @property
    def is_number(self) -> bool:
        """Whether the column goes into the network as a number."""
        return self.kind in ("number", "boolean", "date")


def profile(source: Source, name: str) -> Profile:
    """Look at one column of a source."""
    (found,) = profiles(source, [name])
    return found


def profiles(source: Source, names: Sequence[str]) -> list[Profile]:
    """Look at several columns: numbers many at a time; which of them may be codes is asked once."""
    numbers = [name for name in names if _is_quantity(source, name)]
    codes = source.code(numbers)
    looks = dict(zip(numbers, number_looks(source, numbers), strict=True))
    return [
        Profile(name, source.kind(name), len(source), code=codes.get(name, ""), **looks[name]._asdict())
        if name in looks
        else _levels(source, name)
        for name in names
    ]


def _is_quantity(source: Source, name: str) -> bool:
    """Whether a column has numbers or dates that are told apart by what they are, not by their text."""
    kind = source.kind(name)
    return kind == "date" or (kind == "number" and not len(source.inexact(name)))


def is_mark(level: str) -> bool:
    """Whether a text is a sign for a missing value, and no word for one, which is a category as well.

    >>> [is_mark(text) for text in ("n/a", "-", "none", "unknown", "red")]
    [True, True, False, False, False]
    """
    return level.lower() not in WORDS and notation(level) == "missing"


def _levels(source: Source, name: str) -> Profile:
    """A column whose values are told apart by their text, or that has none worth it."""
    kind, rows = source.kind(name), len(source)
    present = rows - int(source.missing(name).sum())
    if kind in ("blank", "other"):
        return Profile(name, kind, rows, present, 0, np.zeros(0, np.int64))
    levels, counts = counted(source, name)
    form, advice, numeric = "", "", kind == "text" and source.looks_numeric(name)
    if kind == "text":
        form, advice = _other_notation(source, name, levels)
    if numeric and not form:
        odd = next((level for level in levels if as_number(level) is None), levels[0])
        form, advice = f"numbers and text, {_first(source, name, odd)}", "correct it to use the column"
    return Profile(
        name=name,
        kind=kind,
        rows=rows,
        present=present,
        different=len(levels),
        counts=counts,
        looks_numeric=numeric,
        alike=alike(levels),
        marks=tuple(level for level in levels[:MOST_LEVELS] if is_mark(level)),
        inexact=kind == "number",
        form=form,
        advice=advice,
    )


def _other_notation(source: Source, name: str, levels: Sequence[str]) -> tuple[str, str]:
    """What values in another notation are, with the first place of one, and what to do; or nothing."""
    other = named(levels)
    if other is None:
        return "", ""
    return f"{other.what}, {_first(source, name, other.example)}", other.advice


def _first(source: Source, name: str, level: str) -> str:
    """The first place of a value, as `file:line: 'value'`."""
    return place_of(source, name, int(source.codes(name, [level], every_row(len(source))).argmax()))


def counted(source: Source, name: str) -> tuple[list[str], NDArray[np.int64]]:
    """The different values of a sample of the rows, and how often each is in the whole column."""
    rows = len(source)
    some = np.arange(rows)
    if rows > SAMPLE:
        some = np.sort(stream(0, "profile").choice(rows, SAMPLE, replace=False))
    levels = source.levels(name, some)
    codes = source.codes(name, levels, every_row(rows))
    return levels, np.bincount(codes[codes >= 0], minlength=len(levels))

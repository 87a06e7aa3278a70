"""What the columns of a table hold, as far as it matters for a config."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.notation import named, notation
from mlptrain.data.row_set import every_row
from mlptrain.data.source import Kind, Source, alike, as_number, place_of
from mlptrain.streams import stream

SAMPLE = 100_000
"""The different values of a text column are those of so many rows, drawn at random."""
FAR = 10
"""A value more than so many standard deviations from the mean is far out."""
LEAST_COUNTING = 5
"""Fewer values are as they are by chance."""
MOST_LEVELS = 1000
"""Of more different texts the first are looked at."""
WORDS = frozenset(("none", "nil", "missing", "unknown"))
"""Words for a missing value that are as well a category."""
POINTED = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
PLAIN = re.compile(r"[+-]?\d{1,3}")


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
    kind, rows = source.kind(name), len(source)
    present = rows - int(source.missing(name).sum())
    if kind in ("text", "boolean") or (kind == "number" and source.inexact(name).any()):
        return _levels(source, name, kind, present)
    if kind in ("number", "date") and present:
        return _numbers(source, name, kind, present)
    return Profile(name, kind, rows, present, 0, np.zeros(0, np.int64))


def profiles(source: Source, names: Sequence[str]) -> list[Profile]:
    """Look at several columns; which of them may be codes is asked for all at once."""
    found = [profile(source, name) for name in names]
    codes = source.code([each.name for each in found if each.kind == "number"])
    return [replace(each, code=codes.get(each.name, "")) for each in found]


def is_mark(level: str) -> bool:
    """Whether a text is a sign for a missing value, and no word for one, which is a category as well.

    >>> [is_mark(text) for text in ("n/a", "-", "none", "unknown", "red")]
    [True, True, False, False, False]
    """
    return level.lower() not in WORDS and notation(level) == "missing"


def _levels(source: Source, name: str, kind: Kind, present: int) -> Profile:
    """A column whose values are told apart by their text."""
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
        rows=len(source),
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


def _numbers(source: Source, name: str, kind: Kind, present: int) -> Profile:
    values = source.numbers(name)
    values = values[~np.isnan(values)]
    finite = values[np.isfinite(values)]
    different, counts = np.unique(finite, return_counts=True)
    return Profile(
        name=name,
        kind=kind,
        rows=len(source),
        present=present,
        different=len(different),
        counts=counts,
        low=float(different[0]) if len(different) else 0.0,
        high=float(different[-1]) if len(different) else 0.0,
        whole=bool((finite == np.floor(finite)).all()),
        step=_step(values, len(source)),
        rising=len(values) >= LEAST_COUNTING and bool((values[1:] > values[:-1]).all()),
        infinite=len(values) - len(finite),
        heavy_tails=_heavy_tails(finite),
        thousands=_may_be_thousands(source, name, different),
    )


def _step(values: NDArray[np.float64], rows: int) -> float:
    if not len(values) == rows >= LEAST_COUNTING:
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows does not count
        step = values[1] - values[0]
        return float(step) if (values == values[0] + step * np.arange(rows)).all() else 0.0


def _may_be_thousands(source: Source, name: str, different: NDArray[np.float64]) -> bool:
    """Judged by the numbers, and only where they leave a doubt by how the file spells them."""
    size, whole = np.abs(different), different == np.floor(different)
    if whole.all() or not whole.any() or (size[~whole] < 1).any():
        return False
    with np.errstate(over="ignore"):  # what overflows is no such number
        three = np.isclose(size * 1000, np.rint(size * 1000), rtol=1e-12, atol=0)
    if not three.all():
        return False
    spelled = source.levels(name, np.arange(len(source)))
    pointed = [text for text in spelled if "." in text]
    plain = [text for text in spelled if "." not in text]
    return bool(
        len(pointed) >= LEAST_COUNTING
        and plain
        and all(POINTED.fullmatch(text) for text in pointed)
        and all(PLAIN.fullmatch(text) for text in plain)
    )


def _heavy_tails(values: NDArray[np.float64]) -> bool:
    """Whether the column varies in its middle half, and some values are far out all the same."""
    if len(values) < 50:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        spread = values.std()
        far = np.abs(values - values.mean()) > FAR * spread
    if np.isfinite(spread) and not far.any():
        return False
    lower, upper = np.quantile(values, [0.25, 0.75])
    return bool(upper > lower)

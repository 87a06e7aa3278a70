"""Columns of numbers or dates with a few cells that are none: kept, with these cells declared missing.

A text that everybody writes for a missing value is declared at once; any other, a misprint or the word
Total, is for the user to correct or to declare.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.notation import Notation, notation
from mlptrain.data.readers.tables.table import Table
from mlptrain.data.row_set import every_row
from mlptrain.data.source import SHOWN, Source, faulty_values, place_of
from mlptrain.data.written import Reading, Written
from mlptrain.messages import count
from mlptrain.tools.first_config.profile import counted

FEW = 0.1
"""At most this share of the values may be something else; cells declared missing do not count."""
LEAST = 5
MOST = 20
"""More different faulty texts are an error that lists their places."""
NINES = (99, 999, 9999, 99_999, 999_999)
"""Written for a missing value, with either sign, where files have no blanks."""
WORDS: dict[Notation, str] = {"number": "a number", "date": "a date"}


@dataclass(frozen=True)
class BadCells:
    """What stands in a column where numbers or dates should be.

    certain    texts for a missing value, to be declared
    doubtful   others: the user is asked
    found      how many cells of how many, and the first place
    refused    whether `fit` refuses the doubtful ones; else they are the numbers that they look like
    """

    name: str
    certain: tuple[str, ...]
    doubtful: tuple[str, ...]
    found: str
    refused: bool = True

    @property
    def texts(self) -> tuple[str, ...]:
        """All of them."""
        return self.certain + self.doubtful

    def note(self) -> str:
        """What to tell of it."""
        where = f"data.columns.{self.name}.missing"
        if self.doubtful:
            if not self.refused:
                return f"{self.name}: {self.found}: missing values? then uncomment {where}"
            return f"{self.name}: {self.found}: correct them, or uncomment {where}: fit refuses them"
        return f"{self.name}: {self.found}: treated as missing ({where})"


def bad_cells(source: Source, name: str) -> BadCells | None:
    """The few bad cells of a column of numbers or dates; None for any other column.

    DataError with the first places for too many different ones to be declared.
    """
    if source.kind(name) == "number":
        return _far_out(source, name)
    if source.kind(name) != "text":
        return None
    levels, counts = counted(source, name)
    kinds = [notation(level) for level in levels]
    total = {kind: 0 for kind in (*WORDS, "missing")} | dict.fromkeys(kinds, 0)
    for kind, times in zip(kinds, counts.tolist(), strict=True):
        total[kind] += times
    meant: Notation = "number" if total["number"] >= total["date"] else "date"
    values = sum(total.values()) - total["missing"]
    if total[meant] < LEAST or values - total[meant] > FEW * values:
        return None
    certain = [level for level, kind in zip(levels, kinds, strict=True) if kind == "missing"]
    doubtful = [
        level for level, kind in zip(levels, kinds, strict=True) if kind not in (meant, "missing")
    ]
    return _found(source, name, meant, certain, doubtful)


def cleaned(source: Source, names: Sequence[str]) -> tuple[Source, list[BadCells]]:
    """The source with the bad cells of these columns declared missing, and what they are."""
    if not isinstance(source, Table):
        return source, []  # an array has no text
    bad = [found for name in names if (found := bad_cells(source, name)) is not None]
    declared = {each.name: Written(missing=each.texts) for each in bad}
    return source.read_as(Reading(columns={**source.reading.columns, **declared})), bad


def _far_out(source: Source, name: str) -> BadCells | None:
    """What stands at an end of a column of numbers and may be none: inf, or -999 and its like."""
    if len(source.inexact(name)):
        return None
    values = source.numbers(name)
    ends = (float(np.fmin.reduce(values)), float(np.fmax.reduce(values)))
    if np.isinf(ends).any():
        return _infinite(source, name, values)
    return _nines(source, name, values, ends) if {*map(abs, ends)} & {*NINES} else None


def _infinite(source: Source, name: str, values: NDArray[np.float64]) -> BadCells | None:
    if np.isinf(values).sum() > FEW * np.isfinite(values).sum():
        return None
    texts = [text for text, sign in (("inf", 1), ("-inf", -1)) if (sign * values == np.inf).any()]
    return _found(source, name, "number", [], texts)


def _nines(
    source: Source, name: str, values: NDArray[np.float64], ends: tuple[float, float]
) -> BadCells | None:
    """-999, 9999 and their like, where they lie farther from the others than these from each other."""
    for end in ends:
        if abs(end) not in NINES:
            continue
        (rows,) = np.nonzero(values == end)
        rest = values[~np.isnan(values) & (values != end)]
        if len(rows) < 2 or len(rest) < LEAST or len(rest) < len(rows):
            continue
        if np.abs(rest - end).min() > rest.max() - rest.min():
            shown = place_of(source, name, int(rows[0]))
            found = f"{count(len(rows), 'cell')} of {len(source):,} far from all others ({shown})"
            return BadCells(name, (), (f"{end:.0f}",), found, refused=False)
    return None


def _found(
    source: Source, name: str, meant: Notation, certain: Sequence[str], doubtful: Sequence[str]
) -> BadCells | None:
    texts = [*certain, *doubtful]
    if not texts:
        return None
    codes = source.codes(name, texts, every_row(len(source)))
    if source.kind(name) == "number":
        codes = np.where(np.isinf(source.numbers(name)), 0, -1)
    (rows,) = np.nonzero(codes >= 0)
    what = f"is not {WORDS[meant]}"
    if len(doubtful) > MOST:
        places = [(int(row), name) for row in rows[:SHOWN]]
        raise faulty_values(source, places, len(rows), what, "correct them, or leave them empty")
    shown = place_of(source, name, int(rows[0]))
    found = f"{count(len(rows), 'cell')} of {len(source):,} {'is' if len(rows) == 1 else 'are'} not "
    return BadCells(name, tuple(certain), tuple(doubtful), f"{found}{WORDS[meant]} ({shown})")

"""A table: named columns of numbers, booleans, dates and text, and the way to the lines of its file."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.notation import named, notation
from mlptrain.data.readers.tables import frames, labels, series
from mlptrain.data.source import (
    SHOWN,
    Kind,
    RowIndex,
    Source,
    contiguous,
    digits_lost,
    faulty_values,
    finder,
)
from mlptrain.errors import DataError
from mlptrain.messages import in_yaml, quoted

THOUSANDS = re.compile(r"[^\d,.]*\d{1,3}(,\d{3})+(\.\d+)?\D*")
SURE_THOUSANDS = re.compile(r"[^\d,.]*\d{1,3}(,\d{3})+(,\d{3}|\.\d+)\D*")
Spelled = Callable[[Sequence[str]], frames.Frame]


@dataclass(frozen=True)
class Table:
    """A frame with the name of its file, and the way to the lines of its rows."""

    path: str
    frame: frames.Frame
    lines: Callable[[list[int]], list[int]] | None  # rows -> physical lines, where there are some
    written: Callable[[int, int], str] | None = None  # row, column -> the field as it stands there
    spelled: Spelled | None = None  # names, in order -> these columns as text, read again
    first_row: int = 0  # of a piece of a longer file
    blanks: Mapping[str, Sequence[str]] = field(default_factory=dict)  # those of `without`
    _typed: dict[str, series.Series] = field(default_factory=dict, repr=False)
    _numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)
    _values: dict[str, list[Any]] = field(default_factory=dict, repr=False)
    _codes: dict[tuple[str, ...], NDArray[np.int64]] = field(default_factory=dict, repr=False)

    def without(self, blanks: Mapping[str, Sequence[str]]) -> "Table":
        """The table in which more texts stand for a missing value, those of each column."""
        here = {name: texts for name, texts in blanks.items() if name in self.frame.columns}
        if not here:
            return self
        columns = [series.without(self.frame[name], texts) for name, texts in here.items()]
        frame = self.frame.with_columns(columns)
        every = {**self.blanks, **here}
        return Table(self.path, frame, self.lines, self.written, self.spelled, self.first_row, every)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in the order of the file."""
        return tuple(self.frame.columns)

    @property
    def candidates(self) -> tuple[str, ...]:
        """All of them."""
        return self.names

    def __len__(self) -> int:
        return self.frame.height

    def column(self, name: str) -> series.Series:
        """The column with its text turned into what it holds; made once, when first asked for."""
        if name not in self._typed:
            self._typed[name] = series.typed(self.frame[name])
        return self._typed[name]

    def kind(self, name: str) -> Kind:
        """What the column holds, judged by all its values."""
        return series.kind_of(self.column(name))

    def looks_numeric(self, name: str) -> bool:
        """Whether more than half of the values of a text column are numbers."""
        numbers, values = series.count_numbers(self.column(name))
        return numbers > 0.5 * values

    def numbers(self, name: str) -> NDArray[np.float64]:
        """The column as (N,) numbers, NaN where missing; DataError names values that are none."""
        if name not in self._numbers:
            if self.kind(name) == "text":
                (faulty,) = np.nonzero(self.no_numbers(name))
                raise not_numbers(self, name, faulty[:SHOWN].tolist(), len(faulty))
            lost = self.inexact(name)
            if lost.any():
                raise digits_lost(self, name, np.flatnonzero(lost)[:SHOWN].tolist(), int(lost.sum()))
            self._numbers[name] = series.as_numbers(self.column(name))
        return self._numbers[name]

    def inexact(self, name: str) -> NDArray[np.bool_]:
        """(N,) where a number column holds a whole number that float64 does not: 2^53 + 1."""
        return series.inexact(self.column(name), lambda: self._as_text(name))

    def no_numbers(self, name: str) -> NDArray[np.bool_]:
        """(N,) where the column has a value that is not a number."""
        return series.no_numbers(self.column(name))

    def block(self, names: Sequence[str], rows: RowIndex) -> NDArray[np.float64]:
        """Several number columns of some rows, as a new (n, K) array."""
        chosen, out = contiguous(rows), np.empty((len(rows), len(names)))
        for j, name in enumerate(names):
            out[:, j] = self.numbers(name)[chosen]
        return out

    def missing(self, name: str) -> NDArray[np.bool_]:
        """(N,) where the column has no value."""
        return series.missing_in(self.column(name))

    def values(self, name: str) -> list[Any]:
        """The column as Python's own values, in the file's own spelling; made once."""
        if name not in self._values:
            self._values[name] = series.values_of(self._as_text(name))
        return self._values[name]

    def _as_text(self, name: str) -> series.Series:
        """The column as it is spelled, where the file has text."""
        column = self.frame[name]
        if self.spelled is None or series.is_text(column):
            return column
        return series.without(self.spelled([name])[name], self.blanks.get(name, ()))

    def code(self, names: Sequence[str]) -> dict[str, str]:
        """Of number columns those that may be codes, by a text that the number does not keep: 007."""
        candidates = [name for name in self.frame.columns if name in set(names)]
        candidates = [name for name in candidates if series.may_be_codes(self.column(name))]
        typed = [name for name in candidates if not series.is_text(self.frame[name])]
        again = self.spelled(typed) if typed and self.spelled is not None else self.frame
        texts = {name: (again if name in typed else self.frame)[name] for name in candidates}
        found = {name: series.first_code(column) for name, column in texts.items()}
        return {name: text for name, text in found.items() if text}

    def levels(self, name: str, rows: RowIndex) -> list[str]:
        """The different values of the column in these rows, in order."""
        return labels.different(map(self.values(name).__getitem__, np.asarray(rows).tolist()))

    def codes(self, name: str, levels: Sequence[str], rows: RowIndex) -> NDArray[np.int64]:
        """(n,) the place of each value in `levels`; BLANK where missing, UNSEEN where not there."""
        key = (name, *levels)
        if key not in self._codes:
            self._codes[key] = labels.codes(self.values(name), finder(levels))
        return self._codes[key][contiguous(rows)]

    def where(self, rows: Sequence[int]) -> list[str]:
        """`file:line` of each row, or `file: row n` for a file without lines."""
        if self.lines is None:
            return [f"{self.path}: row {self.first_row + row + 1}" for row in rows]
        return [f"{self.path}:{line}" for line in self.lines(list(rows))]

    def shown(self, name: str, row: int) -> str:
        """One value as it stands in the file, fit for a terminal."""
        if self.written is None:
            value = self.frame[name][row]
        else:
            value = self.written(row, self.frame.get_column_index(name)) or None
        return "an empty field" if value is None else quoted(value)

    def texts(self, name: str) -> list[str]:
        """A column as text, to be carried through; empty where missing."""
        return series.texts_of(self.frame[name])


def not_numbers(source: Source, name: str, first: Sequence[int], total: int) -> DataError:
    """The error for a column that should hold numbers: its first faulty rows, and how many in all."""
    shown = [source.shown(name, row).strip("'") for row in first]
    advice = _notation(shown) or (
        "correct them or leave them empty; "
        f"if {name} is a category: `categorical: {{columns: [{in_yaml(name)}]}}`"
    )
    if all(notation(text) == "missing" for text in shown):
        texts = json.dumps(list(dict.fromkeys(shown)), ensure_ascii=False)
        advice = (
            f"if they are missing values: `columns: {{{in_yaml(name)}: {{missing: {texts}}}}}` "
            "and `missing: median`"
        )
    elif (other := named(shown)) is not None and not any("," in text for text in shown):
        advice = f"{other.what}: {other.advice}"
    places = [(row, name) for row in first]
    return faulty_values(source, places, total, "is not a number", advice)


def _notation(shown: Iterable[str]) -> str:
    """How to write numbers that have a comma, or the empty text where none has one."""
    commas = [text for text in shown if "," in text]
    if any(SURE_THOUSANDS.fullmatch(text) for text in commas):
        return "remove the thousands separators"
    if any(THOUSANDS.fullmatch(text) for text in commas):
        return (
            "remove the comma where it separates thousands, write a point where it begins the decimals"
        )
    if any("." in text for text in commas):
        return "remove the points that separate thousands, and write decimals with a point"
    return "write decimals with a point" if commas else ""

"""A table: named columns of numbers, booleans, dates and text, and the way to the lines of its file."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.notation import comma_advice, named, notation
from mlptrain.data.readers.tables import frames, labels, notations, series
from mlptrain.data.source import (
    SHOWN,
    Kind,
    RowIndex,
    RowNumbers,
    Source,
    ValueType,
    contiguous,
    digits_lost,
    faulty_values,
    finder,
)
from mlptrain.data.written import AS_USUAL, BLANKS, Reading, Written
from mlptrain.errors import DataError
from mlptrain.messages import in_yaml, quoted


class Misread(DataError):
    """Values that do not follow the notation declared for their column."""


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
    reading: Reading = AS_USUAL
    _typed: dict[str, series.Series] = field(default_factory=dict, repr=False)
    _kinds: dict[str, Kind] = field(default_factory=dict, repr=False)
    _inexact: dict[str, RowNumbers] = field(default_factory=dict, repr=False)
    _numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)
    _values: dict[str, list[Any]] = field(default_factory=dict, repr=False)
    _codes: dict[tuple[str, ...], NDArray[np.int64]] = field(default_factory=dict, repr=False)

    def read_as(self, reading: Reading) -> "Table":
        """The table with its texts read so: which are missing, and which are numbers."""
        if reading == self.reading:
            return self
        names = [name for name in self.names if reading.missing is not None or name in reading.columns]
        again = [name for name in names if self._needs_text(name, reading)]
        frame = self.frame.with_columns(self.spelled(again)) if again and self.spelled else self.frame
        columns = {name: frame[name] for name in names}
        columns |= {name: series.as_digits(frame[name]) for name in names if reading.of(name).is_digits}
        frame = frame.with_columns(
            [
                series.without(column, reading.more_blanks(name), reading.of(name))
                for name, column in columns.items()
            ]
        )
        return Table(self.path, frame, self.lines, self.written, self.spelled, self.first_row, reading)

    def beside(self, columns: Mapping[str, NDArray[Any]]) -> "Table":
        """The table with more columns, one value for each row; they replace those of their name."""
        reading = self.reading
        made = {name: series.named(name, each) for name, each in columns.items()}
        return self._with(
            [series.without(made[name], reading.more_blanks(name), reading.of(name)) for name in made]
        )

    def as_kinds(self, kinds: Mapping[str, Kind]) -> "Table":
        """The table with 0 and 1 as false and true where those are the kind, or the other way round."""
        return self._with([series.as_kind(self.column(name), kind) for name, kind in kinds.items()])

    def array(self, name: str) -> NDArray[Any]:
        """A column as it is: (N,) objects."""
        return np.array(self.values(name), object)

    def content(self) -> bytes:
        """All values and names, for a fingerprint."""
        return frames.packed_frame(self.frame)

    def type_of(self, name: str) -> ValueType:
        """The type that the values of a column have in Python."""
        return series.type_of(self.frame[name])

    def _with(self, columns: Sequence[series.Series]) -> "Table":
        frame = self.frame.with_columns(columns)
        return Table(self.path, frame, self.lines, first_row=self.first_row, reading=self.reading)

    def _needs_text(self, name: str, reading: Reading) -> bool:
        """Whether the parser of the file took text for something else, a number or a blank."""
        column = self.frame[name]
        if reading.of(name).is_declared:
            return not series.is_text(column)
        return column.null_count() > 0 and not {*BLANKS} <= {*reading.blanks(name)}

    @cached_property
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
            if self._is_notated(name):
                self._typed[name] = self._read(name)
            else:
                self._typed[name] = series.typed(self.frame[name], self.reading.blanks(name))
        return self._typed[name]

    def _is_notated(self, name: str) -> bool:
        """Whether the column is text in a declared notation; a column file may have numbers there."""
        return self.reading.of(name).is_declared and series.is_text(self.frame[name])

    def _read(self, name: str) -> series.Series:
        """The numbers or dates of a notated column; Misread for values that are none."""
        written, (text, read) = self.reading.of(name), self._both(name)
        (faulty,) = np.nonzero(notations.misread(text, read))
        if len(faulty):
            raise not_as_declared(self, name, written, faulty[:SHOWN].tolist(), len(faulty))
        return series.without(read, written.missing) if written.is_number else read

    def _both(self, name: str) -> tuple[series.Series, series.Series]:
        """The text of a notated column and what it stands for, null where that is nothing."""
        text, written = self._stripped(name), self.reading.of(name)
        read = notations.numbers if written.is_number else notations.dates
        return text, read(text, written)

    def _stripped(self, name: str) -> series.Series:
        return series.untyped(self.frame[name], self.reading.blanks(name))

    def misread(self, name: str) -> NDArray[np.bool_]:
        """(N,) where the column has a text that does not follow its declared notation."""
        if not self._is_notated(name):
            return np.zeros(len(self), bool)
        return notations.misread(*self._both(name))

    def kind(self, name: str) -> Kind:
        """What the column holds, judged by all its values."""
        if name not in self._kinds:
            self._kinds[name] = series.kind_of(self.column(name))
        return self._kinds[name]

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
            if len(lost := self.inexact(name)):
                raise digits_lost(self, name, lost)
            self._numbers[name] = series.as_numbers(self.column(name))
        return self._numbers[name]

    def inexact(self, name: str) -> RowNumbers:
        """The rows where a number column holds a whole number that float64 does not: 2^53 + 1."""
        if name not in self._inexact:
            self._inexact[name] = series.inexact(self.column(name), lambda: self._as_text(name))
        return self._inexact[name]

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
        if self._is_notated(name):
            read, written = self.column(name), self.reading.of(name)
            if not written.is_number:
                return read
            return series.without(
                notations.plain_numbers(self._stripped(name), written), written.missing
            )
        if self.spelled is None or series.is_text(column):
            return column
        return series.without(self.spelled([name])[name], self.reading.more_blanks(name))

    def code(self, names: Sequence[str]) -> dict[str, str]:
        """Of number columns those that may be codes, by a text that the number does not keep: 007."""
        wanted = set(names)
        candidates = [
            name for name in self.names if name in wanted and not self.reading.of(name).is_number
        ]
        candidates = [name for name in candidates if series.may_be_codes(self.column(name))]
        typed = {name: None for name in candidates if not series.is_text(self.frame[name])}
        again = self.spelled(list(typed)) if typed and self.spelled is not None else self.frame
        texts = {name: (again if name in typed else self.frame)[name] for name in candidates}
        found = {name: series.first_code(column) for name, column in texts.items()}
        return {name: text for name, text in found.items() if text}

    def levels(self, name: str, rows: RowIndex) -> list[str]:
        """The different values of the column in these rows, in order."""
        values = map(self.values(name).__getitem__, np.asarray(rows).tolist())
        return labels.different(values, self.reading.blanks(name))

    def codes(self, name: str, levels: Sequence[str], rows: RowIndex) -> NDArray[np.int64]:
        """(n,) the place of each value in `levels`; BLANK where missing, UNSEEN where not there."""
        key = (name, *levels)
        if key not in self._codes:
            self._codes[key] = labels.codes(
                self.values(name), finder(levels), self.reading.blanks(name)
            )
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
    advice = comma_advice(shown) or (
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


def not_as_declared(
    source: Source, name: str, written: Written, first: Sequence[int], total: int
) -> Misread:
    """The error for values that do not follow the notation that is declared for their column."""
    what = f"is not written as declared, such as {written.example}"
    texts = f"`data.columns.{in_yaml(name)}.missing`"
    advice = f"correct them, or the notation in the config; texts for a missing value: {texts}"
    return Misread(*faulty_values(source, [(row, name) for row in first], total, what, advice).faults)

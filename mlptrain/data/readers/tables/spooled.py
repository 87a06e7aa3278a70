"""What is learned of a column while its table is read in pieces."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.readers.tables import labels, series
from mlptrain.data.readers.tables.labels import is_blank
from mlptrain.data.readers.tables.table import Misread, Table
from mlptrain.data.source import MOST_LABELS, Kind


class Judgement(NamedTuple):
    """What a column holds, the form of its dates, and how many of its values are numbers."""

    kind: Kind
    form: str
    numbers: int
    values: int


class Words:
    """What has been seen of a column of text so far: its different values, and which are numbers."""

    def __init__(self) -> None:
        self._is_number: dict[str | None, bool] = {}
        self._kind: Kind = "blank"
        self._form = ""

    def judge(self, values: Sequence[str | None], blanks: Sequence[str]) -> Judgement | None:
        """What all values up to these hold; None where there are too many different ones to tell."""
        counts = Counter(values)
        fresh = [value for value in counts if value not in self._is_number]
        if len(self._is_number) + len(fresh) > MOST_LABELS:
            return None
        if fresh:
            self._learn(fresh, blanks)
        numbers = sum(times for value, times in counts.items() if self._is_number[value])
        full = sum(times for value, times in counts.items() if not is_blank(value, blanks))
        return Judgement(self._kind, self._form, numbers, full)

    def _learn(self, fresh: Sequence[str | None], blanks: Sequence[str]) -> None:
        self._is_number.update(zip(fresh, series.are_numbers(fresh), strict=True))
        column = series.typed(series.text_column(self._is_number), blanks)
        self._kind = series.kind_of(column)
        self._form = str(column.dtype) if self._kind == "date" else ""


@dataclass
class Spooled:
    """A column as it is read: what it holds, and its different labels in the order they came.

    by_label  its values are kept as the places of their labels, else as numbers
    most      so many different labels are kept
    inexact   whether some of these have more digits than float64
    misread   whether some values do not follow the declared notation
    """

    name: str
    by_label: bool
    most: int = MOST_LABELS
    place: dict[str, int] = field(default_factory=dict)
    overflows: bool = False
    inexact: bool = False
    misread: bool = False
    _kinds: set[tuple[Kind, str]] = field(default_factory=set)
    _numbers: int = 0
    _values: int = 0
    _words: Words = field(default_factory=Words)

    def gather(self, table: Table) -> NDArray[np.float64]:
        """The column of one piece as it is kept, NaN where it has no value."""
        try:
            return self._gathered(table)
        except Misread:
            self.misread = True  # whoever asks for the column is told of all the file
            return np.full(len(table), np.nan)

    def _gathered(self, table: Table) -> NDArray[np.float64]:
        kind, form, numbers, values = self._judged(table)
        if kind != "blank":
            self._kinds.add((kind, form))  # dates with and without a time together are text
        self._numbers, self._values = self._numbers + numbers, self._values + values
        if self.by_label or kind == "text":
            return self._labels(table)
        if kind in ("blank", "other"):
            return np.where(table.missing(self.name), np.nan, 0)
        self.inexact = self.inexact or len(table.inexact(self.name)) > 0
        return series.as_numbers(table.column(self.name))

    def _judged(self, table: Table) -> Judgement:
        """What a piece of the column holds."""
        blanks = table.reading.blanks(self.name)
        if self.by_label and series.is_text(table.frame[self.name]):
            found = self._words.judge(table.values(self.name), blanks)
            if found is not None:
                return found
        column = table.column(self.name)
        kind = series.kind_of(column)
        form = str(column.dtype) if kind == "date" else ""
        if kind == "text":
            return Judgement(kind, form, *series.count_numbers(column))
        values = series.count_values(column)
        return Judgement(kind, form, values if kind == "number" else 0, values)

    def _labels(self, table: Table) -> NDArray[np.float64]:
        blanks = table.reading.blanks(self.name)
        if not self.overflows:
            for label in labels.different(table.values(self.name), blanks):
                self.place.setdefault(label, len(self.place))
            self.overflows = len(self.place) > self.most
        if self.overflows:
            self.place.clear()
            return np.where(table.missing(self.name), np.nan, 0)
        codes = labels.codes(table.values(self.name), self.place.__getitem__, blanks)
        return np.where(codes < 0, np.nan, codes)

    def kind(self) -> Kind:
        """What the column holds, judged by all its values: text where they are of several kinds."""
        kinds = self._kinds
        return "text" if len(kinds) > 1 else next(iter(kinds))[0] if kinds else "blank"

    def looks_numeric(self) -> bool:
        """Whether more than half of the values are numbers."""
        return self._numbers > 0.5 * self._values

    def is_mixed(self) -> bool:
        """Whether the column is text, but some of it was kept as numbers.

        One that looks numeric may stay so: its values that are no numbers are faults.
        """
        return len(self._kinds) > 1 and not self.by_label and not self.looks_numeric()

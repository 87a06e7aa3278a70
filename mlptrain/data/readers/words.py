"""The different values of a column of text, judged once and not again in each piece of its file."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from mlptrain.data.readers import series
from mlptrain.data.readers.labels import is_blank
from mlptrain.data.source import Kind

MOST_LABELS = 1 << 16
"""So many different values of a text column are told apart; more are never classes or categories."""


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

    def judge(self, values: Sequence[str | None]) -> Judgement | None:
        """What all values up to these hold; None where there are too many different ones to tell."""
        counts = Counter(values)
        fresh = [value for value in counts if value not in self._is_number]
        if len(self._is_number) + len(fresh) > MOST_LABELS:
            return None
        if fresh:
            self._learn(fresh)
        numbers = sum(times for value, times in counts.items() if self._is_number[value])
        full = sum(times for value, times in counts.items() if not is_blank(value))
        return Judgement(self._kind, self._form, numbers, full)

    def _learn(self, fresh: Sequence[str | None]) -> None:
        self._is_number.update(zip(fresh, series.are_numbers(fresh), strict=True))
        column = series.typed(series.text_column(self._is_number))
        self._kind = series.kind_of(column)
        self._form = str(column.dtype) if self._kind == "date" else ""

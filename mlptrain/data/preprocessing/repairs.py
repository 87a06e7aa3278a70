"""Repaired values: counted, so that a file may be read in pieces."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from mlptrain.messages import count


@dataclass(frozen=True)
class Repair:
    """How many of what in which column, and what became of them.

    >>> str(Repair(2, "missing value", "age", "became 41"))
    '2 missing values of age became 41'
    """

    number: int
    noun: str
    column: str
    outcome: str

    def __str__(self) -> str:
        return f"{count(self.number, self.noun)} of {self.column} {self.outcome}"


class RepairNote(str):
    """A note on repaired values: `train: 2 missing values of age became 41`, and its parts."""

    rows: str  # which ones: train, val, test, or a file
    repair: Repair

    def __new__(cls, rows: str, repair: Repair) -> Self:
        """The text is what is kept in summary.json."""
        note = super().__new__(cls, f"{rows}: {repair}")
        note.rows, note.repair = rows, repair
        return note


def added_up(repairs: Iterable[Repair]) -> list[Repair]:
    """Those of one kind as one, in the order of their first appearance.

    >>> two, one = (Repair(number, "missing value", "age", "became 41") for number in (2, 1))
    >>> [str(repair) for repair in added_up([two, one])]
    ['3 missing values of age became 41']
    """
    totals = Counter[tuple[str, str, str]]()
    for repair in repairs:
        totals[repair.noun, repair.column, repair.outcome] += repair.number
    return [Repair(number, *what) for what, number in totals.items()]

"""Repaired values: counted, so that a file may be read in pieces."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from mlptrain.messages import count, quoted

SHOWN = 3
"""So many different values are shown, those that come first."""


@dataclass(frozen=True)
class Repair:
    """How many of what in which column, and what became of them.

    values   the different ones in the order in which they came, and how many of each

    >>> str(Repair(2, "missing value", "age", "became 41"))
    '2 missing values of age became 41'
    >>> str(Repair(3, "unseen value", "city", "treated as none", (("Paris", 2), ("Rome", 1))))
    "3 unseen values of city treated as none: 'Paris' (2), 'Rome' (1)"
    """

    number: int
    noun: str
    column: str
    outcome: str
    values: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        shown = f": {self.shown()}" if self.values else ""
        return f"{count(self.number, self.noun)} of {self.column} {self.outcome}{shown}"

    def shown(self) -> str:
        """The first values with their numbers."""
        shown = [f"{quoted(text)} ({number:,})" for text, number in self.values[:SHOWN]]
        more = self.number > sum(number for _, number in self.values[:SHOWN])
        return ", ".join(shown + ["…"] * more)

    def short(self) -> "Repair":
        """The same with no more values than are shown."""
        return replace(self, values=self.values[:SHOWN])


class RepairNote(str):
    """A note on repaired values: `train: 2 missing values of age became 41`, and its parts."""

    rows: str  # which ones: train, val, test, or a file
    repair: Repair

    def __new__(cls, rows: str, repair: Repair) -> Self:
        """The text is what is kept in summary.json."""
        note = super().__new__(cls, f"{rows}: {repair}")
        note.rows, note.repair = rows, repair
        return note

    def __reduce__(self) -> tuple[type[Self], tuple[str, Repair]]:
        """What a copy is made of, and a pickled one."""
        return type(self), (self.rows, self.repair)


def added_up(repairs: Iterable[Repair]) -> list[Repair]:
    """Those of one kind as one, in the order of their first appearance.

    >>> two, one = (Repair(number, "missing value", "age", "became 41") for number in (2, 1))
    >>> [str(repair) for repair in added_up([two, one])]
    ['3 missing values of age became 41']
    """
    totals = Counter[tuple[str, str, str]]()
    values = dict[tuple[str, str, str], Counter[str]]()
    for repair in repairs:
        what = repair.noun, repair.column, repair.outcome
        totals[what] += repair.number
        values.setdefault(what, Counter()).update(dict(repair.values))
    return [Repair(number, *what, tuple(values[what].items())) for what, number in totals.items()]

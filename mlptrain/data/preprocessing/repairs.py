"""Repaired values: counted, so that a file may be read in pieces."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from mlptrain.messages import count


@dataclass(frozen=True)
class Repair:
    """How many of what, and what became of them.

    >>> str(Repair(2, "missing value", "of age became 41"))
    '2 missing values of age became 41'
    """

    number: int
    noun: str
    outcome: str

    def __str__(self) -> str:
        return f"{count(self.number, self.noun)} {self.outcome}"


def added_up(repairs: Iterable[Repair]) -> list[Repair]:
    """Those of one kind as one, in the order of their first appearance.

    >>> two, one = (Repair(number, "missing value", "of age became 41") for number in (2, 1))
    >>> [str(repair) for repair in added_up([two, one])]
    ['3 missing values of age became 41']
    """
    totals = Counter[tuple[str, str]]()
    for repair in repairs:
        totals[repair.noun, repair.outcome] += repair.number
    return [Repair(number, *what) for what, number in totals.items()]

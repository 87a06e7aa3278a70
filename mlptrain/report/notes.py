"""What the user should know, on stderr: a line for each kind of thing, told once."""

from collections import Counter
from collections.abc import Iterator, Sequence

from mlptrain.data.preprocessing.repairs import Repair, RepairNote, added_up
from mlptrain.messages import count, some
from mlptrain.report.console import say, stderr


class Notes:
    """Tells notes. `details` names the file that has them in full, where one has."""

    def __init__(self, details: str = "") -> None:
        self._details = details
        self._told = set[str]()

    def tell(self, notes: Sequence[str]) -> None:
        """Print what was not told before."""
        for line in brief(notes, self._details):
            if line not in self._told:
                self._told.add(line)
                say(stderr(), f"note: {line}")


def tell(notes: Sequence[str]) -> None:
    """Notes that stand in no file."""
    Notes().tell(notes)


def brief(notes: Sequence[str], details: str = "") -> Iterator[str]:
    """The notes, all repaired values in one line."""
    repairs = list[Repair]()
    for note in notes:
        if isinstance(note, RepairNote):
            repairs.append(note.repair)
        else:
            yield note
    if repairs:
        yield repaired(added_up(repairs), details)


def repaired(repairs: Sequence[Repair], details: str = "") -> str:
    """How many values of which columns, all sets of rows together.

    >>> age, size = (Repair(3, "missing value", column, "became 41") for column in ("age", "size"))
    >>> repaired([age]), repaired([age, size])
    ('3 missing values of age became 41', 'blanks filled in 2 columns: age (3), size (3)')
    """
    if len(repairs) == 1 and not details:
        return str(repairs[0])
    totals = Counter[str]()
    for repair in repairs:
        totals[repair.column] += repair.number
    blank = all(repair.noun == "missing value" for repair in repairs)
    what = "blanks" if blank else "blanks or unseen categories"
    columns = some([f"{column} ({number:,})" for column, number in totals.items()])
    more = f"; details in {details}" if details else ""
    return f"{what} filled in {count(len(totals), 'column')}: {columns}{more}"

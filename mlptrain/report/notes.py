"""What the user should know, on stderr: a line for each kind of thing, told once."""

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
        yield from repaired(added_up(repairs), details)


def repaired(repairs: Sequence[Repair], details: str = "") -> Iterator[str]:
    """How many values of which columns, all sets of rows together: a line on blanks, one on labels.

    >>> age, size = (Repair(3, "missing value", column, "became 41") for column in ("age", "size"))
    >>> list(repaired([age])), list(repaired([age, size]))
    (['3 missing values of age became 41'], ['blanks filled in 2 columns: age (3), size (3)'])
    >>> list(repaired([Repair(3, "unseen value", c, "treated as none", (("x", 3),)) for c in "ab"]))
    ["unseen values in 2 columns: a (3: 'x' (3)), b (3: 'x' (3))"]
    """
    blanks = [repair for repair in repairs if not repair.values]
    unseen = [repair for repair in repairs if repair.values]
    more = f"; details in {details}" if details else ""
    for what, found in (("blanks filled", blanks), ("unseen values", unseen)):
        if len(found) == 1 and not details:
            yield str(found[0])
        elif found:
            columns = some([_column(repair) for repair in found])
            yield f"{what} in {count(len(found), 'column')}: {columns}{more}"


def _column(repair: Repair) -> str:
    """One of several columns, in brackets what was found in it."""
    shown = f": {repair.shown()}" if repair.values else ""
    return f"{repair.column} ({repair.number:,}{shown})"

"""Notes on repaired values that can be added up when a file is read in pieces."""

from collections.abc import Iterable

from mlptrain.messages import count


class Repair(str):
    """The note on a repair: how many of what, and what became of them.

    >>> Repair(2, "missing value", "of age became 41")
    '2 missing values of age became 41'
    """

    number: int
    noun: str
    outcome: str

    def __new__(cls, number: int, noun: str, outcome: str) -> "Repair":
        """A text that remembers its parts."""
        made = super().__new__(cls, f"{count(number, noun)} {outcome}")
        made.number, made.noun, made.outcome = number, noun, outcome
        return made


def added_up(notes: Iterable[str]) -> list[str]:
    """The notes in the order of their first appearance, repairs of one kind as one note.

    >>> pieces = [Repair(2, "missing value", "of age became 41"), "1 column not used: id"]
    >>> added_up([*pieces, Repair(1, "missing value", "of age became 41")])
    ['3 missing values of age became 41', '1 column not used: id']
    """
    found: dict[object, str] = {}
    for note in notes:
        if not isinstance(note, Repair):
            found[note] = note
            continue
        key = (note.noun, note.outcome)
        before = found.get(key)
        number = note.number + (before.number if isinstance(before, Repair) else 0)
        found[key] = Repair(number, note.noun, note.outcome)
    return list(found.values())

"""What a check says: PASS, WARN or FAIL, what was found, and what to do about it."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Status = Literal["PASS", "WARN", "FAIL"]

SHOWN = 5


class Verdict(NamedTuple):
    """One line of explanation and, unless all is well, what to do."""

    status: Status
    found: str
    advice: str = ""


class Finding(NamedTuple):
    """A verdict under the name of its check."""

    check: str
    status: Status
    found: str
    advice: str


def fine(found: str) -> Verdict:
    """Nothing to do."""
    return Verdict("PASS", found)


def doubt(found: str, advice: str) -> Verdict:
    """Worth a look; it may be meant."""
    return Verdict("WARN", found, advice)


def fault(found: str, advice: str) -> Verdict:
    """Something is wrong, or training will not work."""
    return Verdict("FAIL", found, advice)


def some(names: Sequence[object]) -> str:
    """The first few of a list, and how many more there are.

    >>> some("abcdefg")
    'a, b, c, d, e and 2 more'
    """
    shown = ", ".join(str(name) for name in names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN} more"


def counted(number: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "row"), counted(1257, "row")
    ('1 row', '1,257 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

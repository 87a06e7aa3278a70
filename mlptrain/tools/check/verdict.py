"""What a check says: PASS, WARN or FAIL, what was found, and what to do about it."""

from typing import Literal, NamedTuple

Status = Literal["PASS", "WARN", "FAIL"]


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

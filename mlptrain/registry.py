"""A registry is a dict literal: name -> class or function.

A wrong name is answered with the nearest right one, and so is every other word that a user types and
that has to match: keys of the config, metrics, columns.
"""

import difflib
from collections.abc import Iterable

LISTED = 24
"""How many valid words an error message lists at most."""


def nearest(word: str, valid: Iterable[str]) -> str:
    """The valid word that `word` most likely stands for, or "" when none is near.

    Case, hyphens and spaces do not count. A swapped, missing, extra or wrong letter is near
    (difflib's ratio of at least 0.6), and so is the beginning of exactly one valid word.

    >>> nearest("Learning-Rate", ["learning_rate", "momentum"]), nearest("xyz", ["adam"])
    ('learning_rate', '')
    """
    plain = {_plain(candidate): candidate for candidate in valid}
    wanted = _plain(word)
    close = difflib.get_close_matches(wanted, plain, n=1, cutoff=0.6)
    if close:
        return plain[close[0]]
    begun = [candidate for candidate in plain if len(wanted) > 1 and candidate.startswith(wanted)]
    return plain[begun[0]] if len(begun) == 1 else ""


def advice(word: str, valid: Iterable[str]) -> str:
    """What to tell somebody who wrote `word`: the nearest valid word, or all of them."""
    words = list(valid)
    near = nearest(word, words)
    if near:
        return f"did you mean '{near}'?"
    if not words:
        return "there are none to choose from"
    more = f" and {len(words) - LISTED} more" if len(words) > LISTED else ""
    return f"choose from {', '.join(words[:LISTED])}{more}"


def _plain(word: str) -> str:
    return word[:200].lower().replace("-", "_").replace(" ", "_")

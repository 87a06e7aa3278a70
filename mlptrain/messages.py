"""Words for people: the parts that messages are made of.

A word that a user types and that has to match (a key of the config, a choice, a metric, a column) is
answered with the nearest right one. Text from a file is shown without what a terminal would obey.
"""

import difflib
import json
import re
from collections.abc import Iterable, Sequence

LISTED = 24
"""How many valid words an error message lists at most."""


def nearest(word: str, valid: Iterable[str]) -> str:
    """The valid word that `word` most likely stands for, or "" when none is near.

    Case, hyphens and spaces do not count. A swapped, missing, extra or wrong letter is near
    (difflib's ratio of at least 0.6), and so is the beginning of exactly one valid word.

    >>> nearest("Learning-Rate", ["learning_rate", "momentum"]), nearest("xyz", ["adam"])
    ('learning_rate', '')
    """
    candidates = {_comparable(candidate): candidate for candidate in valid}
    wanted = _comparable(word)
    close = difflib.get_close_matches(wanted, candidates, n=1, cutoff=0.6)
    if close:
        return candidates[close[0]]
    begun = [candidate for candidate in candidates if len(wanted) > 1 and candidate.startswith(wanted)]
    return candidates[begun[0]] if len(begun) == 1 else ""


def advice(word: str, valid: Iterable[str]) -> str:
    """What to tell somebody who wrote `word`: the nearest valid word, or all of them."""
    words = list(valid)
    near = nearest(word, words)
    if near:
        return f"did you mean '{near}'?"
    if not words:
        return "there are none to choose from"
    return f"choose from {some(words, LISTED)}"


def _comparable(word: str) -> str:
    return word[:200].lower().replace("-", "_").replace(" ", "_")


def hint(word: str, valid: Iterable[str]) -> str:
    """`, did you mean 'price'?` where a valid word is near, else nothing."""
    near = nearest(word, valid)
    return f", did you mean {near!r}?" if near else ""


def printable(text: str) -> str:
    r"""`text` on one line, without what a terminal would take for a command.

    >>> printable("name\x1b[2J, größe")
    'name?[2J, größe'
    """
    return "".join(character if character.isprintable() else "?" for character in text)


PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z_][a-z0-9_]*", re.I)
"""Names that need no quotes in any YAML."""


def in_yaml(name: str) -> str:
    """A name as a config has it, where it stands within a list or mapping on one line.

    >>> in_yaml("income"), in_yaml("net, $"), in_yaml("no")
    ('income', '"net, $"', '"no"')
    """
    return name if PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def quoted(value: object) -> str:
    """A value for a message: its repr, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def count(n: int, noun: str, plural: str = "") -> str:
    """A number and its noun.

    >>> count(1, "row"), count(1200, "value"), count(2, "class", "classes")
    ('1 row', '1,200 values', '2 classes')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def some(names: Sequence[str], most: int = 6) -> str:
    """The first names of a long list; a column without a name is `""`.

    >>> some(["", "b"]), some([f"x{i}" for i in range(64)])
    ('"", b', 'x0, x1, x2, x3, x4, x5 and 58 more')
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(name or '""' for name in names[:most]) + more

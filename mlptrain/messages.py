"""Words for people: the parts that messages are made of.

A word that a user types and that has to match (a key of the config, a choice, a metric, a column) is
answered with the nearest right one. Text from a file is shown without what a terminal would obey.
"""

import difflib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence

LISTED = 24
"""How many valid words an error message lists at most."""

CLOSE, CLOSE_FROM_THE_FIRST = 0.7, 0.6
"""Twice the letters that two words share, in order, over the letters of both: from here on one may be
meant by the other, of words that begin with the same letter earlier. `sin` is not `min` (2/3)."""

OTHER_NAMES = {
    "swish": ("silu",),
    "logistic": ("sigmoid", "softmax"),
    "linear": ("identity",),
    "none": ("identity",),
    "cross_entropy": ("softmax",),
    "crossentropy": ("softmax",),
    "categorical_crossentropy": ("softmax",),
    "sparse_categorical_crossentropy": ("softmax",),
    "binary_crossentropy": ("sigmoid", "softmax"),
    "ce": ("softmax",),
    "bce": ("sigmoid", "softmax"),
    "nll": ("softmax", "log_loss"),
    "svm": ("hinge",),
    "squared_error": ("mse",),
    "mean_squared_error": ("mse",),
    "mean_absolute_error": ("mae",),
    "smooth_l1": ("huber",),
    "l1": ("mae",),
    "l2": ("mse",),
    "rms": ("rmsprop",),
    "nag": ("nesterov",),
    "glorot": ("xavier",),
    "kaiming": ("he",),
    "auc": ("roc_auc",),
    "auroc": ("roc_auc",),
    "ap": ("average_precision",),
    "auprc": ("average_precision",),
    "pr_auc": ("average_precision",),
    "acc": ("accuracy",),
    "f1": ("f1_macro",),
    "precision": ("precision_macro",),
    "recall": ("recall_macro",),
    "ece": ("calibration_error",),
    "r_squared": ("r2",),
    "ln": ("log",),
    "pow": ("power",),
    "dot": ("matmul",),
    "maximum": ("max",),
    "minimum": ("min",),
    "average": ("mean",),
}
"""What other programs call it -> what it is called here: of these, the one that is valid is meant."""

COUNTED = re.compile(r"(?<![^ ])([\d.,]*\d) (?=[A-Za-z])")
"""A number and what it counts: `1,258 rows`."""


def nearest(word: str, valid: Iterable[str]) -> str:
    """The valid word that `word` most likely stands for, or "" when none is near.

    Case, hyphens and spaces do not count. A swapped, missing, extra or wrong letter is near
    (difflib's ratio of at least CLOSE), and so is the beginning of exactly one valid word. The name
    that another program has for it comes before all of these.

    >>> nearest("Learning-Rate", ["learning_rate", "momentum"]), nearest("xyz", ["adam"])
    ('learning_rate', '')
    >>> nearest("sin", ["min"]), nearest("mes", ["mae", "mse"])
    ('', 'mse')
    >>> nearest("swish", ["mish", "silu"]), nearest("val_auc", ["val_loss", "val_roc_auc"])
    ('silu', 'val_roc_auc')
    """
    candidates = {_comparable(candidate): candidate for candidate in valid}
    wanted = _comparable(word)
    split, known = _of_a_split(wanted)
    if other := [name for name in OTHER_NAMES.get(known, ()) if split + name in candidates]:
        return candidates[split + other[0]]
    alike = [candidate for candidate in candidates if candidate[:1] == wanted[:1]]
    close = difflib.get_close_matches(wanted, candidates, n=1, cutoff=CLOSE)
    close = close or difflib.get_close_matches(wanted, alike, n=1, cutoff=CLOSE_FROM_THE_FIRST)
    if close:
        return candidates[close[0]]
    begun = [candidate for candidate in candidates if len(wanted) > 1 and candidate.startswith(wanted)]
    return candidates[begun[0]] if len(begun) == 1 else ""


def advice(word: str, valid: Iterable[str]) -> str:
    """What to tell somebody who wrote `word`: the nearest valid word, or all of them."""
    words = list(valid)
    near = nearest(word, words)
    if near:
        return f"did you mean '{near}'{_also_called(word, near)}?"
    if not words:
        return "there are none to choose from"
    return f"choose from {some(words, LISTED)}"


def _also_called(word: str, near: str) -> str:
    """Why the answer looks so different from the word: another program calls it so."""
    split, known = _of_a_split(_comparable(word))
    is_other = any(near == split + name for name in OTHER_NAMES.get(known, ()))
    return f" (also called {known})" if is_other else ""


def _comparable(word: str) -> str:
    return word[:200].lower().replace("-", "_").replace(" ", "_")


def _of_a_split(word: str) -> tuple[str, str]:
    """`val_` and `auc` of `val_auc`: a metric of these rows."""
    split = next((each for each in ("train_", "val_") if word.startswith(each)), "")
    return split, word.removeprefix(split)


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


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes.

    >>> columns_of("año"), columns_of("東京")
    (3, 4)
    """
    if text.isascii():
        return len(text)
    shown = (each for each in text if not unicodedata.combining(each))
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in shown)


def shortened(word: str, room: int) -> str:
    """A word in at most `room` columns: `…` stands for the middle of one that is longer.

    >>> shortened("runs/digits-20260101-120000/best.npz", 20), shortened("digits", 20)
    ('runs/digit…/best.npz', 'digits')
    """
    if columns_of(word) <= room:
        return word
    head, tail = len(word) - len(word) // 2, len(word) // 2
    while head > 1 and columns_of(word[:head]) > room // 2:
        head -= 1
    while tail and columns_of(word[:head]) + 1 + columns_of(word[len(word) - tail :]) > room:
        tail -= 1
    return f"{word[:head]}…{word[len(word) - tail :]}"


def folded(text: str, room: int) -> list[str]:
    """Lines of at most `room` columns, all but the first indented; a word longer than that stays whole.

    A line ends between two words, and not between a number and what it counts.

    >>> folded("1,258 train / 359 test rows, 64 features, 10 classes", 31)
    ['1,258 train / 359 test rows,', '  64 features, 10 classes']
    """
    if columns_of(text) <= room:
        return [text]
    lines = [""]
    for word in COUNTED.sub(r"\1\0", text).split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1].strip() and columns_of(joined) > room:
            lines.append(f"  {word}" if word else "")
        else:
            lines[-1] = joined
    return [line.replace("\0", " ").rstrip() for line in lines if line.strip()]

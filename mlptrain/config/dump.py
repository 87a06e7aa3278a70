"""Writing YAML that every reader understands alike, whether it follows YAML 1.1 or 1.2.

Only names and paths stand unquoted. Everything another reader could take for a number, a truth value
or a date is in double quotes, and a float always has a point and a signed exponent (`1.0e-05`), without
which YAML 1.1 takes it for text. What fits on a line stays on it: `hidden: [100, 10]`.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence

from mlptrain.messages import printable

WIDTH = 80
COMMENTS_FROM = 34
"""Comments begin in this column where the line is not longer: they are read below each other."""
Comments = Mapping[tuple[str | int, ...], str]

BARE = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*( [A-Za-z0-9_][A-Za-z0-9_./-]*)*")
RESERVED = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
"""Words that YAML 1.1 or 1.2 reads as something else than text."""
UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def dump(data: Mapping[str, object], comments: Comments | None = None) -> str:
    """`data` as YAML, keys in their order; `comments` go behind the keys they name.

    data      mappings with text keys, lists, text, numbers, booleans and None
    comments  path of a key or of an item of a list -> text, for instance
              {("train", "epochs"): "passes over the rows", ("data", "ignore", 0): "an id"}

    >>> print(dump({"model": {"hidden": [100, 10], "dropout": 0.0}, "l2": 1e-5, "a": "no"}), end="")
    model: {hidden: [100, 10], dropout: 0.0}
    l2: 1.0e-05
    a: "no"
    """
    return "".join(line + "\n" for line in _lines(data, (), comments or {})) or "{}\n"


def inline(value: object) -> str:
    """`value` as YAML on one line.

    >>> inline({"name": "step", "epochs": [30, 60], "at": "1e-3"})
    '{name: step, epochs: [30, 60], at: "1e-3"}'
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _float(value)
        case str():
            return _text(value)
        case Mapping():
            return "{" + ", ".join(f"{_text(key)}: {inline(item)}" for key, item in value.items()) + "}"
        case Sequence():
            return "[" + ", ".join(inline(item) for item in value) + "]"
    raise TypeError(f"YAML has no form for {type(value).__name__}")


def _lines(data: Mapping[str, object], path: tuple[str, ...], comments: Comments) -> Iterator[str]:
    for key, value in data.items():
        here = (*path, key)
        head = "  " * len(path) + _text(key) + ":"
        if _stays_on_line(value, head, here, comments):
            yield _commented(f"{head} {inline(value)}", here, comments)
        elif isinstance(value, Mapping):
            yield _commented(head, here, comments)
            yield from _lines(value, here, comments)
        elif isinstance(value, Sequence):
            yield _commented(head, here, comments)
            for place, item in enumerate(value):
                yield _commented("  " * len(here) + "- " + inline(item), (*here, place), comments)


def _commented(line: str, path: tuple[str | int, ...], comments: Comments) -> str:
    """The line with the comment of its key or item, if there is one."""
    if path not in comments:
        return line
    return f"{line:<{COMMENTS_FROM}}  # {printable(' '.join(comments[path].split()))}"


def _stays_on_line(value: object, head: str, path: tuple[str, ...], comments: Comments) -> bool:
    if isinstance(value, str) or not isinstance(value, Mapping | Sequence) or not value:
        return True
    commented = any(len(other) > len(path) and other[: len(path)] == path for other in comments)
    return not commented and len(head) + 1 + len(inline(value)) <= WIDTH


def _float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    digits, e, exponent = repr(value).partition("e")
    return digits + ("" if "." in digits else ".0") + e + exponent


def _text(text: str) -> str:
    if BARE.fullmatch(text) and text.lower() not in RESERVED:
        return text
    # JSON's escapes are YAML's, but JSON leaves a few characters as they are that YAML may not hold.
    quoted = json.dumps(text, ensure_ascii=False)
    return UNSAFE.sub(lambda character: f"\\u{ord(character[0]):04x}", quoted)

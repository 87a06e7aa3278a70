"""What a plain (unquoted) word of YAML means: the core schema of YAML 1.2, section 10.3.2."""

import re

MAX_INTEGER = 2**63 - 1
"""Larger numbers fit into no integer of NumPy's, and Python refuses to read very long ones."""

CONSTANTS = {word: None for word in ("", "~", "null", "Null", "NULL")} | {
    word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")
}
INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def resolve(word: str) -> object:
    """The value of a plain word; ValueError for a whole number that is too large.

    >>> [resolve(word) for word in ("1e-3", "no", "010", "1:30", "2024-01-01", "~")]
    [0.001, 'no', 10, '1:30', '2024-01-01', None]
    """
    if word in CONSTANTS:
        return CONSTANTS[word]
    if INTEGER.fullmatch(word):
        number = int(word, {"o": 8, "x": 16}.get(word[1:2], 10)) if len(word) < 30 else MAX_INTEGER + 1
        if abs(number) > MAX_INTEGER:
            raise ValueError("a whole number has at most 18 digits; quote it if it is text")
        return number
    if FLOAT.fullmatch(word):
        return float(word)
    if NOT_FINITE.fullmatch(word):
        return float(word.replace(".", ""))
    return word

"""Classes as a program has them: numbers as numbers, true and false as booleans, all else as text.

A checkpoint names its classes by text, as a file does.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.arrays import Array
from mlptrain.data.objects import is_missing
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.data.source import label

BOOLEANS = {"true": True, "false": False}
LARGEST = 2**63 - 1
"""The largest whole number of an array of numbers."""

Class = int | float | bool | str
TYPES: dict[str, Callable[[str], Class]] = {
    "int": int,
    "float": float,
    "bool": BOOLEANS.__getitem__,
    "text": str,
}
"""From a name to the value that it has in a program."""


def typed(names: Sequence[str], label_type: str | None = None) -> tuple[Class, ...]:
    """The classes of these names in one type: the first of int, float and bool that writes each so.

    label_type   the type that they had in training, where it is known

    >>> typed(("0", "1", "10")), typed(("0.5", "1")), typed(("false", "true"))
    ((0, 1, 10), (0.5, 1.0), (False, True))
    >>> typed(("0", "1", "ham")), typed(("01", "02")), typed(("1", "inf"))
    (('0', '1', 'ham'), ('01', '02'), ('1', 'inf'))
    >>> typed(("0", "1"), "text"), typed(("0", "1"), "float")
    (('0', '1'), (0.0, 1.0))
    """
    if label_type is not None:
        return tuple(TYPES[label_type](name) for name in names)
    for read in (_int, _float, _bool):
        values = [_read(read, name) for name in names]
        if None not in values and len(set(values)) == len(values):
            return tuple(value for value in values if value is not None)
    return tuple(names)


def _read(read: Callable[[str], Class | None], name: str) -> Class | None:
    try:
        return read(name)
    except ValueError:
        return None


def _int(name: str) -> int | None:
    number = int(name)
    return number if str(number) == name and abs(number) <= LARGEST else None


def _float(name: str) -> float | None:
    number = float(name)
    written = name in (repr(number), label(number))
    return number if written and math.isfinite(number) else None


def _bool(name: str) -> bool | None:
    return BOOLEANS.get(name.lower())


def as_names(y: NDArray[Any], names: Sequence[str]) -> NDArray[np.str_]:
    """(N,) the name of the class that each value means; its own text where it means none.

    1, 1.0, True and "1" all mean the class "1" where there is one, and the class "true" otherwise; a
    missing value is empty.

    >>> as_names(np.array([True, False]), ("0", "1")).tolist()
    ['1', '0']
    >>> as_names(np.array(["yes", None, 3], object), ("no", "yes")).tolist()
    ['yes', '', '3']
    """
    known = set(names)
    meant = {name.lower(): name for name in names if name.lower() in BOOLEANS}
    places: dict[tuple[type, Any], str] = {}
    found = []
    for value in y.tolist():
        key = (type(value), value)
        if key not in places:
            places[key] = _name(value, known, meant)
        found.append(places[key])
    return np.array(found, dtype=np.str_)


def _name(value: Any, known: set[str], meant: dict[str, str]) -> str:
    """The name of one value."""
    if is_missing(value):
        return ""
    written = label(value)
    as_number = {"true": "1", "false": "0"}.get(written, written)
    as_boolean = {"1": "true", "0": "false"}.get(written, written)
    for name in (str(value), written, as_number, meant.get(as_boolean, "")):
        if name in known:
            return name
    return written


def decided(target: FlagTarget, probabilities: Array) -> Array:
    """(N, K) the values that are the more probable ones, in one type for all columns."""
    pairs, yes = [np.array(typed(pair)) for pair in target.values], (probabilities > 0.5).astype(int)
    return np.stack([pair[yes[:, k]] for k, pair in enumerate(pairs)], axis=1)

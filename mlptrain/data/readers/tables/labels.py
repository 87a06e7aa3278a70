"""Names of classes and categories: from the values of a column to labels, and to their places."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.source import BLANK, in_order, label

BLANKS = ("", "NA", "N/A", "NaN", "nan", "NAN", "-nan", "null", "NULL", "?")
"""Text that stands for a missing value."""
WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""White space as Unicode and polars have it; Python's own includes four control characters."""


def labels_by_value(values: Iterable[Any]) -> dict[Any, str | None]:
    """The label of each different value, None for one that is missing."""
    return {value: None if is_blank(value) else label(value) for value in dict.fromkeys(values)}


def is_blank(value: Any) -> bool:
    """Whether a value stands for a missing one.

    >>> is_blank(None), is_blank(" NA "), is_blank(0)
    (True, True, False)
    """
    return value is None or (isinstance(value, str) and value.strip(WHITE) in BLANKS)


def different(values: Iterable[Any]) -> list[str]:
    """The labels of the different values, in order.

    >>> different(["b", " a", None, "b"])
    ['a', 'b']
    """
    return in_order({text for text in labels_by_value(values).values() if text is not None})


def codes(values: Sequence[Any], find: Callable[[str], int]) -> NDArray[np.int64]:
    """(N,) the place of each value's label; BLANK where missing.

    >>> codes(["b", None, " a"], ["a", "b"].index).tolist()
    [1, -1, 0]
    """
    known = {
        value: BLANK if text is None else find(text) for value, text in labels_by_value(values).items()
    }
    return np.fromiter(map(known.__getitem__, values), np.int64, len(values))

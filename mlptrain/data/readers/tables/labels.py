"""Names of classes and categories: from the values of a column to labels, and to their places."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.source import BLANK, in_order, label
from mlptrain.data.written import BLANKS

WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""White space as Unicode and polars have it; Python's own includes four control characters."""


def labels_by_value(values: Iterable[Any], blanks: Sequence[str] = BLANKS) -> dict[Any, str | None]:
    """The label of each different value, None for one that is missing."""
    different = dict.fromkeys(values)
    return {value: None if is_blank(value, blanks) else label(value) for value in different}


def is_blank(value: Any, blanks: Sequence[str] = BLANKS) -> bool:
    """Whether a value stands for a missing one.

    >>> is_blank(None), is_blank(" NA "), is_blank(0)
    (True, True, False)
    """
    return value is None or (isinstance(value, str) and value.strip(WHITE) in blanks)


def different(values: Iterable[Any], blanks: Sequence[str] = BLANKS) -> list[str]:
    """The labels of the different values, in order.

    >>> different(["b", " a", None, "b"])
    ['a', 'b']
    """
    return in_order({text for text in labels_by_value(values, blanks).values() if text is not None})


def codes(
    values: Sequence[Any], find: Callable[[str], int], blanks: Sequence[str] = BLANKS
) -> NDArray[np.int64]:
    """(N,) the place of each value's label; BLANK where missing.

    >>> codes(["b", None, " a"], ["a", "b"].index).tolist()
    [1, -1, 0]
    """
    known = {
        value: BLANK if text is None else find(text)
        for value, text in labels_by_value(values, blanks).items()
    }
    return np.fromiter(map(known.__getitem__, values), np.int64, len(values))

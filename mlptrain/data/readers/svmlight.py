"""The sparse text form of LIBSVM: `label index:value index:value ...`, `#` begins a comment.

It is read into a full matrix: a feature that a line does not name is 0. Feature 3 is called x3, in
every file, whether its features are counted from 1 (as usual) or from 0.
"""

import math
import re

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.matrix import MOST_FEATURES, Matrix, checked, numbered
from mlptrain.data.readers.packed import read_all_lines
from mlptrain.data.source import SHOWN, as_number
from mlptrain.errors import DataError
from mlptrain.messages import count, quoted
from mlptrain.system.memory_limit import memory_limit

NUMBERED = re.compile("x[0-9]{1,9}")
"""A feature that a file without names has."""
INDEX = re.compile("[0-9]{1,400}")
SHARE = 4
"""The full matrix may take one part in so many of the memory."""

Line = tuple[str, list[int], list[float]]


def read_svmlight(path: str, expected: tuple[str, ...] = ()) -> Matrix:
    """Labels as `y` and features as X, at least as wide as the names in `expected` ask for."""
    labels, lines, faults = [], list[tuple[list[int], list[float]]](), []
    for number, raw in enumerate(read_all_lines(path).split(b"\n"), 1):
        text = raw.decode("utf-8", "replace").split("#")[0].split()
        if not text:
            continue
        try:
            label, indices, values = _parsed(text)
        except ValueError as error:
            faults.append(f"{path}:{number}: {error}")
            continue
        labels.append(label)
        lines.append((indices, values))
    if faults:
        total = f"{path}: {count(len(faults), 'such line')} in all: write `label index:value ...`"
        raise DataError(*faults[:SHOWN], total)
    if not lines:
        raise DataError(f"{path}: is empty: lines of `label index:value ...` are needed")
    return checked(path, *_dense(path, lines, labels, expected))


def _parsed(text: list[str]) -> Line:
    if as_number(text[0]) is None:
        raise ValueError(f"{quoted(text[0])} is not a label: a number is needed")
    if not kept(text[0]):
        raise ValueError(f"{quoted(text[0])} is not a label: a number of at most 15 digits is needed")
    indices, values = list[int](), list[float]()
    for item in text[1:]:
        index, _, value = item.partition(":")
        if not INDEX.fullmatch(index) or as_number(value) is None or not kept(value):
            raise ValueError(f"{quoted(item)} is not index:value with finite numbers")
        if indices and int(index) <= indices[-1]:
            raise ValueError(f"{quoted(item)}: the indices of a line must increase")
        indices.append(int(index))
        values.append(float(value))
    return text[0], indices, values


def kept(text: str) -> bool:
    """Whether a number is finite and, if it is whole, keeps its digits in float64.

    >>> kept("1e3"), kept("inf"), kept("9007199254740993"), kept("9" * 350)
    (True, False, False, False)
    """
    number, whole = float(text), as_number(text)
    return math.isfinite(number) and (not isinstance(whole, int) or int(number) == whole)


def _dense(
    path: str,
    lines: list[tuple[list[int], list[float]]],
    labels: list[str],
    expected: tuple[str, ...],
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]], tuple[str, ...]]:
    used = [indices for indices, _ in lines if indices] or [[1]]
    wanted = [int(name[1:]) for name in expected if NUMBERED.fullmatch(name)]
    first = 0 if min(i[0] for i in used) == 0 or 0 in wanted else 1
    last = max([i[-1] for i in used] + wanted)
    if last > MOST_FEATURES or 8 * len(lines) * last > memory_limit() // SHARE:
        raise DataError(f"{path}: {len(lines):,} rows of {last:,} features do not fit a full matrix")
    X = np.zeros((len(lines), last + 1 - first))
    for row, (indices, values) in enumerate(lines):
        X[row, np.array(indices, np.intp) - first] = values
    return X, {"y": np.array(labels, np.float64)}, numbered(X.shape[1], first)

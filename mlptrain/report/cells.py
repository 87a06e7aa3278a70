"""What stands in a cell of the table and on a line of the tree: the name of a gate, and numbers."""

from collections.abc import Sequence

import numpy as np

from mlptrain.arrays import Array
from mlptrain.tools.trace.trace import Step

MOST = 8
"""How many rows and columns of a matrix are shown at most; the columns of a list may be fewer."""
CUT = "..."


def title(step: Step) -> str:
    """The name of a step, and its operation where the name does not tell it."""
    told = step.op in ("input", "constant") or numbered(step)
    return step.name if told else f"{step.name} = {step.op}"


def numbered(step: Step) -> bool:
    """Whether a gate is called after its operation: `add1`, `l2_3`."""
    number = step.name.removeprefix(step.op).removeprefix("_")
    return step.name.startswith(step.op) and (not number or number.isdecimal())


def as_matrix(array: Array) -> Array:
    """A vector as one row, members (k, N, D) one below the other.

    >>> as_matrix(np.zeros(3)).shape, as_matrix(np.zeros((4, 2, 3))).shape
    ((1, 3), (8, 3))
    """
    return array.reshape(-1, array.shape[-1]) if array.ndim > 2 else np.atleast_2d(array)


def block(array: Array | str | None, most: int) -> str:
    """A number, a vector on one line, or a matrix on several; a dash where nothing is wanted.

    >>> block(np.array([[0.73105857, -12.0], [1e-9, 5.0]]), 4).split("\\n")
    ['[0.7311 -12]', '[ 1e-09   5]']
    """
    if array is None:
        return "-"
    if isinstance(array, str):
        return array
    if array.ndim == 0:
        return number(float(array))
    rows = as_matrix(array)
    matrix = [entries(row, most) for row in rows[:MOST]]
    widths = [max(map(len, column)) for column in zip(*matrix, strict=True)]
    lines = [
        "[" + " ".join(entry.rjust(width) for entry, width in zip(row, widths, strict=True)) + "]"
        for row in matrix
    ]
    return "\n".join([*lines, CUT] if len(rows) > MOST else lines)


def entries(row: Array, most: int) -> Sequence[str]:
    """The numbers of a row, the last ones cut off where there are more than `most`."""
    numbers = [number(float(entry)) for entry in row[:most]]
    return [*numbers, CUT] if len(row) > most else numbers


def number(value: float) -> str:
    """Four significant digits, as on the slides; whole numbers up to a million in full.

    >>> number(0.73105857), number(-12.0), number(-0.0), number(51234.0)
    ('0.7311', '-12', '0', '51234')
    """
    if value == round(value, 0) and abs(value) < 1e6:
        return f"{value + 0.0:.0f}"
    return f"{value:.4g}"


def abbreviated(array: Array | None, room: int) -> str:
    """An array on one line of at most `room` characters: cut, or its shape where no number fits.

    >>> abbreviated(np.array([1.0, -2.0, 3.0, -1.0]), 16), abbreviated(np.arange(9.0), 16)
    ('[1 -2 3 -1]', '[0 1 2 3 4 ...]')
    >>> abbreviated(np.eye(3), 16), abbreviated(np.eye(9), 16), abbreviated(np.eye(9) / 7e9, 16)
    ('[[1 0 0] ...]', '[[1 0 ...] ...]', '9 x 9')
    """
    if array is None or array.ndim == 0:
        return block(array, MOST)
    rows = as_matrix(array)
    first, whole = rows[0], len(rows) == 1
    for most in range(min(len(first), room), 0, -1):
        row = f"[{' '.join(entries(first, most))}]"
        line = row if array.ndim == 1 else f"[{row}]" if whole else f"[{row} {CUT}]"
        if len(line) <= room:
            return line
    return " x ".join(map(str, array.shape))

"""Numbers written into an SVG: a number, a vector or a matrix in brackets, or the shape of a large one.

How wide a text will be depends on the reader's fonts, so it is reckoned with the widest of the usual
ones: what is written may leave some air, and never runs into its neighbour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from mlptrain.arrays import Array
from mlptrain.report.cells import as_matrix, entries
from mlptrain.system.sums import sum_in_order

SIZE = 14.0
LINE = 17.0
"""From one line of text to the next."""
ASCENT = 13.0
"""From the top of a line to the foot of its letters."""
COLUMN = 9.0
"""Between two columns of a matrix."""
BRACKET = 4.0
AIR = 5.0
"""Between a bracket and the numbers, and between a name and what follows."""
ROWS, COLUMNS = 6, 8
"""The largest matrix that is written out."""
WIDE = frozenset("mwMW@%")


@dataclass(frozen=True)
class Lettering:
    """Rows of numbers, and the name that stands before them, if there is one."""

    rows: tuple[tuple[str, ...], ...]
    name: str = ""
    bracketed: bool = False

    @property
    def widths(self) -> list[float]:
        """Of each column."""
        return [max(width_of(entry) for entry in column) for column in zip(*self.rows, strict=True)]

    @property
    def inner(self) -> float:
        """The width without the name."""
        numbers = sum_in_order(self.widths) + COLUMN * (len(self.widths) - 1)
        return numbers + 2 * (BRACKET + AIR) * self.bracketed

    @property
    def width(self) -> float:
        """Of all of it."""
        return self.inner + (width_of(self.name) + AIR if self.name else 0.0)

    @property
    def height(self) -> float:
        """Of all of it."""
        return LINE * len(self.rows)


def lettering(array: Array, name: str = "") -> Lettering:
    """How an array is written: the numbers, or the shape where there are too many.

    >>> import numpy as np
    >>> lettering(np.array(0.73105857)).rows, lettering(np.zeros((64, 100))).rows
    ((('0.7311',),), (('64 x 100',),))
    >>> lettering(np.array([[1.0, -12.0], [3.0, 0.5]])).rows
    (('1', '-12'), ('3', '0.5'))
    """
    matrix = as_matrix(array)
    if matrix.shape[0] > ROWS or matrix.shape[1] > COLUMNS:
        return Lettering(((" x ".join(map(str, array.shape)),),), name)
    return Lettering(tuple(tuple(entries(row, COLUMNS)) for row in matrix), name, array.ndim > 0)


def width_of(text: str, size: float = SIZE) -> float:
    """What a line of text takes at most.

    >>> width_of("-4.5", 10), width_of("max", 10)
    (26.4, 23.2)
    """
    return round(sum_in_order(size * (1.0 if letter in WIDE else 0.66) for letter in text), 4)


def write(
    parent: Element, text: Lettering, centre: float, top: float, style: Mapping[str, str]
) -> None:
    """Add `text` below the line `top`, its middle at `centre`."""
    group = SubElement(parent, "g", dict(style))
    left = centre - text.width / 2
    if text.name:
        middle = top + text.height / 2 - LINE / 2 + ASCENT
        put(group, left, middle, text.name, {"font-style": "italic", "fill": "#1a1a1a"})
        left = centre + text.width / 2 - text.inner
    if text.bracketed:
        brackets(group, left, left + text.inner, top, text.height)
        left += BRACKET + AIR
    for number, row in enumerate(text.rows):
        right = left
        for entry, width in zip(row, text.widths, strict=True):
            right += width
            anchor = {"text-anchor": "end"} if text.bracketed else {"text-anchor": "middle"}
            x = right if text.bracketed else right - width / 2
            put(group, x, top + LINE * number + ASCENT, entry, anchor)
            right += COLUMN


def brackets(group: Element, left: float, right: float, top: float, height: float) -> None:
    """A pair of square brackets around an area."""
    upper, lower = top + 1, top + height - 1
    path = (
        f"M {left + BRACKET:.1f} {upper:.1f} H {left:.1f} V {lower:.1f} H {left + BRACKET:.1f} "
        f"M {right - BRACKET:.1f} {upper:.1f} H {right:.1f} V {lower:.1f} H {right - BRACKET:.1f}"
    )
    SubElement(group, "path", {"d": path, "fill": "none", "stroke": "currentColor"})


def put(parent: Element, x: float, y: float, text: str, attributes: Mapping[str, str]) -> None:
    """A line of text whose foot is at (x, y)."""
    SubElement(parent, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", **attributes}).text = text

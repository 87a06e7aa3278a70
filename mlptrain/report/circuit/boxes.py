"""What a layout is made of: boxes, edges between them, and where they end up.

Lengths are pixels, y grows downwards, and the origin is the top left corner. The diagram runs from
left to right, in columns.
"""

from dataclasses import dataclass

GAP = 34.0
"""Between a column and the next."""
SPACE = 12.0
"""Between boxes of one column."""

Point = tuple[float, float]
Edge = tuple[int, int]
Route = tuple[Point, ...]
"""A wire as the control points of cubic Bezier curves: a start, and three points for each curve."""


@dataclass(frozen=True)
class Box:
    """Something to place: a rectangle, or the ellipse in it."""

    width: float
    height: float
    is_round: bool = False


@dataclass(frozen=True)
class Layout:
    """The centre of each box, the route of each edge, and the size of the whole."""

    centres: tuple[Point, ...]
    routes: tuple[Route, ...]
    width: float
    height: float

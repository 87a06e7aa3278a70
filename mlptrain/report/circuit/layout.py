"""Where the boxes of a diagram stand and how its wires run: a layered layout.

A box stands in the column behind the boxes that lead to it, and a wire passes through the columns in
between (Sugiyama, Tagawa and Toda, 1981). What is above what is worked out in `rows`.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import cos, dist, pi, sin

from mlptrain.report.circuit.boxes import GAP, Box, Edge, Layout, Point, Route
from mlptrain.report.circuit.rows import heights, places, rows

SPREAD = pi / 4
"""How far from the leftmost point of a round box a wire may end."""
LEAST = 0.05
"""What is shorter is no bend: a drawing has one decimal, and sums of floats differ in the last bits."""


def layout(boxes: Sequence[Box], edges: Sequence[Edge]) -> Layout:
    """Place `boxes`; an edge leads from an earlier box to a later one, and no two edges are equal.

    A wire leaves a box in the middle of its right side and reaches a rectangle in the middle of its
    left one. What is read first stands above what is read next, where wires need not cross for it.
    """
    column, chains = chained(columns(len(boxes), edges), edges)
    links = [link for chain in chains for link in pairwise(chain)]
    row = rows(column, links)
    sizes = [box.height for box in boxes] + [0.0] * (len(column) - len(boxes))
    y = heights(row, places(row, column, links), column, sizes, links)
    top = min(y[i] - box.height / 2 for i, box in enumerate(boxes))
    bottom = max(y[i] + box.height / 2 for i, box in enumerate(boxes))
    bands = stripes(boxes, column)
    centres = [((bands[c][0] + bands[c][1]) / 2, y[i] - top) for i, c in enumerate(column)]
    routes = [
        route(boxes[chain[0]], [centres[i] for i in chain], [bands[column[i]] for i in chain], end)
        for chain, end in zip(chains, arrivals(boxes, centres, chains), strict=True)
    ]
    return Layout(tuple(centres[: len(boxes)]), tuple(routes), bands[-1][1], bottom - top)


def columns(count: int, edges: Sequence[Edge]) -> list[int]:
    """The column of each box: 0 without an incoming edge, else one more than what leads to it.

    >>> columns(4, [(0, 2), (1, 3), (2, 3)])
    [0, 0, 1, 2]
    """
    column = [0] * count
    for tail, head in sorted(edges, key=lambda edge: edge[1]):
        column[head] = max(column[head], column[tail] + 1)
    return column


def chained(column: Sequence[int], edges: Sequence[Edge]) -> tuple[list[int], list[list[int]]]:
    """The columns of all spots, those that wires pass included; each edge as a chain of spots.

    >>> chained([0, 0, 1, 2], [(0, 2), (1, 3), (2, 3)])
    ([0, 0, 1, 2, 1], [[0, 2], [1, 4, 3], [2, 3]])
    """
    spots, chains = list(column), list[list[int]]()
    for tail, head in edges:
        first = len(spots)
        spots.extend(range(column[tail] + 1, column[head]))
        chains.append([tail, *range(first, len(spots)), head])
    return spots, chains


def stripes(boxes: Sequence[Box], column: Sequence[int]) -> list[tuple[float, float]]:
    """Where each column begins and ends: as wide as its widest box."""
    widest: defaultdict[int, float] = defaultdict(float)
    for box, number in zip(boxes, column, strict=False):
        widest[number] = max(widest[number], box.width)
    bands, left = [], 0.0
    for number in range(max(column) + 1):
        bands.append((left, left + widest[number]))
        left += widest[number] + GAP
    return bands


def arrivals(
    boxes: Sequence[Box], centres: Sequence[Point], chains: Sequence[Sequence[int]]
) -> list[Point]:
    """Where each edge ends: on an ellipse side by side, from above to below as they come."""
    sharing: defaultdict[int, list[int]] = defaultdict(list)
    for number, chain in enumerate(chains):
        sharing[chain[-1]].append(number)
    ends: dict[int, Point] = {}
    for head, numbers in sharing.items():
        numbers.sort(key=lambda number: centres[chains[number][-2]][1])
        x, y = centres[head]
        width, height = boxes[head].width / 2, boxes[head].height / 2
        for place, number in enumerate(numbers):
            angle = SPREAD * (2 * (place + 0.5) / len(numbers) - 1) * boxes[head].is_round
            ends[number] = (x - width * cos(angle), y + height * sin(angle))
    return [ends[number] for number in range(len(chains))]


def route(
    start: Box, centres: Sequence[Point], bands: Sequence[tuple[float, float]], end: Point
) -> Route:
    """Straight across columns, where other boxes stand above and below, and bent in the gaps."""
    x, y = centres[0]
    stops: list[Point] = [(x + start.width / 2, y), (bands[0][1], y)]
    for (_, y), (left, right) in zip(centres[1:-1], bands[1:-1], strict=True):
        stops += [(left, y), (right, y)]
    stops += [(bands[-1][0], end[1]), end]
    bent = [stops[0]]
    for before, after in pairwise(stops):
        if dist(before, after) > LEAST:
            middle = (before[0] + after[0]) / 2
            bent += [(middle, before[1]), (middle, after[1]), after]
    return tuple(bent)

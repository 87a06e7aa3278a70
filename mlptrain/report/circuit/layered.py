"""The layout of a diagram by igraph, where Graphviz is not installed.

igraph orders the boxes of each column so that few wires cross (the method of Sugiyama, Tagawa and
Toda, 1981). How wide a column is, and the curves of the wires, are made here.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import cos, pi, sin
from typing import Any

from mlptrain.errors import EnvironmentFault
from mlptrain.report.circuit.boxes import (
    GAP,
    SPACE,
    Box,
    Edge,
    Layout,
    Point,
    Route,
    columns,
)

SPREAD = pi / 4
"""How far from the leftmost point of a round box a wire may end."""


def by_igraph(boxes: Sequence[Box], edges: Sequence[Edge]) -> Layout:
    """igraph gives the order within each column and the heights; widths and curves are ours."""
    column = columns(len(boxes), edges)
    chains, spots = chained(column, edges)
    links = [link for chain in chains for link in pairwise(chain)]
    column = [*column, *spots]
    heights = levels(column, links, max(box.height for box in boxes) + SPACE)
    wires = [Box(0.0, 0.0)] * len(spots)
    tops = [y - box.height / 2 for y, box in zip(heights, [*boxes, *wires], strict=True)]
    heights = [y - min(tops) for y in heights]
    bands = stripes(boxes, column)
    centres = [((bands[c][0] + bands[c][1]) / 2, y) for c, y in zip(column, heights, strict=True)]
    entries = arrivals(boxes, centres, chains)
    return Layout(
        tuple(centres[: len(boxes)]),
        tuple(
            route(
                boxes[chain[0]], [centres[i] for i in chain], [bands[column[i]] for i in chain], entry
            )
            for chain, entry in zip(chains, entries, strict=True)
        ),
        max(right for _, right in bands),
        max(y + box.height / 2 for y, box in zip(heights, boxes, strict=False)),
    )


def chained(column: Sequence[int], edges: Sequence[Edge]) -> tuple[list[list[int]], list[int]]:
    """Each edge as a chain with one link per column, and the columns of the spots put in between.

    >>> chained([0, 0, 1, 2], [(0, 2), (1, 3), (2, 3)])
    ([[0, 2], [1, 4, 3], [2, 3]], [1])
    """
    chains: list[list[int]] = []
    spots: list[int] = []
    for tail, head in edges:
        between = range(column[tail] + 1, column[head])
        first = len(column) + len(spots)
        chains.append([tail, *range(first, first + len(between)), head])
        spots.extend(between)
    return chains, spots


def levels(column: Sequence[int], links: Sequence[Edge], pitch: float) -> list[float]:
    """The height of each box, those of one column at least `pitch` apart."""
    graph = library().Graph(n=len(column), edges=links, directed=True)
    placed = graph.layout_sugiyama(layers=list(column), hgap=pitch, maxiter=500)
    return [y for y, _ in placed.coords]


def library() -> Any:
    """igraph, imported when there is no `dot`."""
    try:
        import igraph
    except ImportError as error:
        raise EnvironmentFault(
            "--svg needs Graphviz's dot or igraph, and finds neither; pip install 'mlptrain[circuit]'"
        ) from error
    return igraph


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
        if before != after:
            middle = (before[0] + after[0]) / 2
            bent += [(middle, before[1]), (middle, after[1]), after]
    return tuple(bent)

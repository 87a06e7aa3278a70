"""Where the boxes of a diagram stand and how its wires run: Graphviz where it is, igraph otherwise."""

import shutil
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from mlptrain.report.circuit.boxes import (
    Box,
    Edge,
    Layout,
    Point,
    Route,
)
from mlptrain.report.circuit.graphviz import by_dot
from mlptrain.report.circuit.layered import by_igraph


def layout(boxes: Sequence[Box], edges: Sequence[Edge]) -> Layout:
    """Place `boxes`; an edge leads from an earlier box to a later one, and no two edges are equal.

    A wire leaves a box in the middle of its right side and reaches a rectangle in the middle of its
    left one. EnvironmentFault if there is neither `dot` nor igraph, or if `dot` fails.
    """
    program = shutil.which("dot")
    placed = by_dot(program, boxes, edges) if program else by_igraph(boxes, edges)
    return upright(placed, edges)


def upright(placed: Layout, edges: Sequence[Edge]) -> Layout:
    """The same, upside down if that puts more of what is read first above what is read next."""
    read: defaultdict[int, list[float]] = defaultdict(list)
    for tail, head in edges:
        read[head].append(placed.centres[tail][1])
    pairs = [pair for heights in read.values() for pair in pairwise(heights)]
    if sum(first > second for first, second in pairs) <= len(pairs) / 2:
        return placed

    def mirrored(points: Sequence[Point]) -> Route:
        return tuple((x, placed.height - y) for x, y in points)

    routes = tuple(mirrored(route) for route in placed.routes)
    return Layout(mirrored(placed.centres), routes, placed.width, placed.height)

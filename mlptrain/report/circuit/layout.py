"""Where the boxes of a diagram stand and how its wires run: Graphviz where it is, igraph otherwise."""

import shutil
from collections.abc import Sequence

from mlptrain.report.circuit.boxes import Box, Edge, Layout, Point, Route, columns
from mlptrain.report.circuit.graphviz import by_dot
from mlptrain.report.circuit.layered import by_igraph


def layout(boxes: Sequence[Box], edges: Sequence[Edge]) -> Layout:
    """Place `boxes`; an edge leads from an earlier box to a later one, and no two edges are equal.

    A wire leaves a box in the middle of its right side and reaches a rectangle in the middle of its
    left one. EnvironmentFault if there is neither `dot` nor igraph, or if `dot` fails.
    """
    program = shutil.which("dot")
    placed = by_dot(program, boxes, edges) if program else by_igraph(boxes, edges)
    return upright(placed, [i for i, column in enumerate(columns(len(boxes), edges)) if column == 0])


def upright(placed: Layout, starts: Sequence[int]) -> Layout:
    """The same with the first of the boxes that nothing leads to above the last of them."""
    if placed.centres[starts[0]][1] <= placed.centres[starts[-1]][1]:
        return placed

    def mirrored(points: Sequence[Point]) -> Route:
        return tuple((x, placed.height - y) for x, y in points)

    routes = tuple(mirrored(route) for route in placed.routes)
    return Layout(mirrored(placed.centres), routes, placed.width, placed.height)

"""Dropout: units are switched off at random while training (Srivastava et al., 2014)."""

from typing import Any

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.graph.node import Node


class Dropout(Node):
    """x * mask, inverted: the mask holds 0 with probability p, else 1 / (1 - p).

    shapes   x (N, M)   mask (N, M)   ->   (N, M)
    local    the mask

    The mask is an input of the graph, drawn afresh for each step by whoever runs it, so the node is
    plain arithmetic: a gradient check fixes the mask by leaving it alone. The prediction graph has no
    such node, and needs no scaling.

    >>> apply(Dropout(), np.array([[1.0, 2.0, 3.0]]), np.array([[0.0, 2.0, 2.0]]), dtype=float)
    array([[0., 4., 6.]])
    """

    row_by_row = True
    backward_reads_output = False
    gradient_in_place = True

    def shape(self, *inputs: Shape) -> Shape:
        x, mask = inputs
        if x != mask:
            raise ValueError(f"Dropout needs a mask of the shape of its input, got {x} and {mask}")
        return x

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        np.multiply(inputs[0], inputs[1], out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        np.multiply(upstream, inputs[1], into[0])


def draw_mask(generator: np.random.Generator, p: float, out: Array) -> None:
    """Fill `out` with 0 (probability p) or 1 / (1 - p)."""
    generator.random(out=out, dtype=out.dtype.type)
    np.greater_equal(out, p, out=out)
    out *= 1 / (1 - p)


def skip_mask(generator: np.random.Generator, count: int, dtype: np.dtype[Any]) -> None:
    """Take from the generator what `draw_mask` would for so many numbers.

    >>> one, other = np.random.default_rng(0), np.random.default_rng(0)
    >>> drawn, rest = np.empty(5, np.float32), np.empty(2, np.float32)
    >>> draw_mask(one, 0.5, drawn)
    >>> skip_mask(other, 3, drawn.dtype)
    >>> draw_mask(other, 0.5, rest)
    >>> bool((drawn[3:] == rest).all())
    True
    """
    generator.random(count, dtype=dtype.type)

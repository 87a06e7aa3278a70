"""All gradients together: their norm, clipping, and what to do when numbers stop being finite."""

import math

import numpy as np

from mlptrain.arrays import Array
from mlptrain.graph.plan import Plan
from mlptrain.system.sums import sum_in_order

BLOCK = 16 * 1024
"""Gradients of which the squares are added up at a time."""

MANY = 500_000
"""Elements from which BLAS uses several threads for a matrix times a vector."""

WIDTH = 4096
"""Columns of that matrix."""


def gradient_norm(gradients: Array) -> float:
    """The Euclidean norm of all gradients, in float64 so that neither 1e-30 nor 1e25 is lost.

    The squares of float32 gradients overflow from about 1e19 on; a norm of infinity would turn a
    clipped step into a step of zero, silently.

    >>> round(gradient_norm(np.array([3e25, 4e25], np.float32)) / 5e25, 6)
    1.0
    """
    return math.sqrt(sum_in_order(squares(gradients)))


def squares(gradients: Array) -> list[float]:
    """The sum of the squares of each block of gradients, in float64."""
    blocks = (
        gradients[start : start + BLOCK].astype(np.float64) for start in range(0, gradients.size, BLOCK)
    )
    return [float(block @ block) for block in blocks]


def is_finite(loss: float, gradients: Array) -> bool:
    """Whether the loss and every gradient are finite: one pass over the gradients, usually.

    A sum is finite only if every element is. It may overflow where they are not infinite, so only an
    overflow needs the careful norm.
    """
    if not math.isfinite(loss):
        return False
    return math.isfinite(quick_sum(gradients)) or math.isfinite(gradient_norm(gradients))


def quick_sum(gradients: Array) -> float:
    """A sum over all gradients that infinities and NaN cannot leave: of squares, or plain.

    BLAS forms the product of a large matrix and a vector on all its threads, a scalar product on one.
    """
    if gradients.size < MANY:
        return float(np.dot(gradients, gradients))
    end = gradients.size - gradients.size % WIDTH
    sums = np.dot(gradients[:end].reshape(-1, WIDTH), np.ones(WIDTH, gradients.dtype))
    return float(sums.sum() + gradients[end:].sum())


def clip(gradients: Array, most: float) -> float:
    """Scale all gradients so that their global norm is at most `most`; the norm before."""
    norm = gradient_norm(gradients)
    if norm > most:
        np.multiply(gradients, most / norm, gradients)
    return norm


def origin(plan: Plan) -> str:
    """The first value of the forward pass that is not finite, else the first gradient that is not.

    Gradients of parameters are looked at in the order in which the backward pass made them.
    """
    with np.errstate(all="ignore"):
        for value in plan.walk():
            if not np.isfinite(plan.value(value)).all():
                return f"{value.name} is not finite"
    for value in reversed(plan.values):
        if value.gradient is not None and not np.isfinite(value.gradient).all():
            return f"the gradient of {value.name} is not finite"
    return "the loss is not finite"

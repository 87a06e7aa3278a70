"""Losses for regression: a penalty of the difference d between score and target.

The loss of a row is the sum over its outputs; the data loss is the mean over the rows.
"""

from typing import Literal

import numpy as np

from mlptrain.arrays import Array
from mlptrain.bounds import Positive
from mlptrain.nn.losses.loss import RegressionLoss


class MSELoss(RegressionLoss):
    """d^2, without a half.   local: 2 d.

    `reduction: sum` adds up the rows instead of averaging them, as the lecture's 20 lines do (P35-P39).

    >>> scores, targets = np.array([[2.0, 0.0], [3.0, 1.0]]), np.array([[1.0, 2.0], [0.0, 1.0]])
    >>> apply(MSELoss(), scores, targets, dtype=float)  # 1/2 ((1 + 4) + (9 + 0))
    array(7.)
    """

    def __init__(self, *, reduction: Literal["mean", "sum"] = "mean") -> None:
        self.reduction = reduction

    def penalty(self, d: Array) -> Array:
        return d * d

    def derivative(self, d: Array, into: Array) -> None:
        np.multiply(d, 2, out=into)

    def reduce(self, losses: Array, weights: Array | None) -> complex:
        if self.reduction == "mean":
            return super().reduce(losses, weights)
        return losses.sum() if weights is None else np.dot(weights, losses)

    def upstream_of_rows(self, upstream: Array, weights: Array | None, rows: int) -> Array:
        if self.reduction == "mean":
            return super().upstream_of_rows(upstream, weights, rows)
        return upstream if weights is None else np.asarray(weights * upstream)[:, None]


class MAELoss(RegressionLoss):
    """|d|.   local: the sign of d, 0 at d = 0.

    >>> scores, targets = np.array([[2.0, 0.0], [3.0, 1.0]]), np.array([[1.0, 2.0], [0.0, 1.0]])
    >>> apply(MAELoss(), scores, targets, dtype=float)  # 1/2 ((1 + 2) + (3 + 0))
    array(3.)
    """

    def piece(self, *inputs: Array) -> Array | None:
        return np.sign(inputs[0] - inputs[1])

    def penalty(self, d: Array) -> Array:
        return np.abs(d)

    def derivative(self, d: Array, into: Array) -> None:
        np.sign(d, out=into)


class HuberLoss(RegressionLoss):
    """d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2).   local: d, clipped to +-delta.

    Quadratic near 0, linear far away, so that an outlier does not rule the gradient (Huber, 1964).

    >>> apply(HuberLoss(), np.array([[0.5, -3.0]]), np.zeros((1, 2)), dtype=float)  # 1/8 + (3 - 1/2)
    array(2.625)
    """

    def __init__(self, *, delta: Positive = 1.0) -> None:
        self.delta = delta

    def piece(self, *inputs: Array) -> Array | None:
        return np.abs(inputs[0] - inputs[1]) <= self.delta

    def penalty(self, d: Array) -> Array:
        near = np.minimum(np.abs(d), self.delta)
        return near * (np.abs(d) - 0.5 * near)

    def derivative(self, d: Array, into: Array) -> None:
        np.clip(d, -self.delta, self.delta, out=into)

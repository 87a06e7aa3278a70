"""Normalization between a linear layer and its activation.

Batch norm takes mean and variance over the rows of the minibatch while training, and the running
statistics gathered there when predicting; layer norm takes them over the units of each row, always.
"""

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.graph.node import Buffer, Node

EPS = 1e-5
"""Added to a variance before its root is taken, in all three nodes."""


def affine_shape(node: Node, *inputs: Shape) -> Shape:
    """The shape of x, where every other input has one number for each of its units."""
    x, *others = inputs
    if len(x) != 2 or any(other != (x[1],) for other in others):
        raise ValueError(f"{type(node).__name__} needs x (N, M) and vectors (M,), got {inputs}")
    return x


def normalized_backward(dh: Array, h: Array, inverse_std: Array, axis: int) -> None:
    """Turn dL/dh into dL/dx in place, where h = (x - mean) / std with statistics along `axis`.

    dx = (dh - mean(dh) - h mean(dh h)) / std: the mean and the deviation depend on x as well.
    """
    projection = np.mean(dh * h, axis=axis, keepdims=True)
    dh -= np.mean(dh, axis=axis, keepdims=True)
    dh -= h * projection
    dh *= inverse_std


def normalize(x: Array, axis: int, h: Array, mean: Array, variance: Array) -> None:
    """Write (x - mean) / sqrt(variance + eps) into `h`; the variance is the biased one."""
    np.mean(x, axis=axis, keepdims=True, out=mean)
    np.subtract(x, mean, out=h)
    np.mean(h * h, axis=axis, keepdims=True, out=variance)
    h *= 1 / np.sqrt(variance + EPS)


class _Normalization(Node):
    """gamma h + beta, where h is x normalized along one axis with the statistics of x itself."""

    axis: int
    backward_reads_output = False

    def shape(self, *inputs: Shape) -> Shape:
        return affine_shape(self, *inputs)

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        x = inputs[0]
        statistic = Buffer((1, x[1]) if self.axis == 0 else (x[0], 1))
        return (Buffer(x), statistic, statistic)

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        x, gamma, beta = inputs
        h, mean, variance = saved
        normalize(x, self.axis, h, mean, variance)
        np.multiply(h, gamma, out)
        out += beta

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        (_, gamma, _), (h, _, variance), (dx, dgamma, dbeta) = inputs, saved, into
        if dgamma is not None:
            np.sum(upstream * h, axis=0, out=dgamma)
        if dbeta is not None:
            np.sum(upstream, axis=0, out=dbeta)
        if dx is not None:
            np.multiply(upstream, gamma, out=dx)
            normalized_backward(dx, h, 1 / np.sqrt(variance + EPS), self.axis)


class BatchNorm(_Normalization):
    """gamma (x - mean) / sqrt(variance + eps) + beta, statistics over the rows of the minibatch.

    shapes   x (N, M)   gamma (M,)   beta (M,)   ->   (N, M)
    local    dx = gamma / std (u - mean(u) - h mean(u h)), with u the upstream gradient over the rows

    Ioffe and Szegedy, 2015. The statistics are left in saved[1] and saved[2] for the running ones.

    >>> x, gamma, beta = np.array([[1.0], [3.0]]), np.array([2.0]), np.array([10.0])
    >>> apply(BatchNorm(), x, gamma, beta, dtype=float).round(3)  # h = -1 and 1, but for eps
    array([[ 8.],
           [12.]])
    """

    axis = 0


class LayerNorm(_Normalization):
    """gamma (x - mean) / sqrt(variance + eps) + beta, statistics over the units of each row.

    shapes   x (N, M)   gamma (M,)   beta (M,)   ->   (N, M)
    local    as batch norm's, with means over the units

    Ba, Kiros and Hinton, 2016.

    >>> x, gamma, beta = np.array([[1.0, 3.0]]), np.array([2.0, 1.0]), np.array([10.0, 0.0])
    >>> apply(LayerNorm(), x, gamma, beta, dtype=float).round(3)
    array([[8., 1.]])
    """

    axis = 1


class FixedNorm(Node):
    """Batch norm when predicting: mean and variance are given, not taken from the rows.

    shapes   x (N, M)   gamma, beta, mean, variance (M,)   ->   (N, M)
    local    dx = upstream gamma / sqrt(variance + eps)

    >>> x, gamma, beta, mean, variance = np.array([[5.0]]), *np.array([[2.0], [10.0], [1.0], [4.0]])
    >>> apply(FixedNorm(), x, gamma, beta, mean, variance, dtype=float).round(3)  # h = (5 - 1) / 2
    array([[14.]])
    """

    def shape(self, *inputs: Shape) -> Shape:
        return affine_shape(self, *inputs)

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        x, gamma, beta, mean, variance = inputs
        np.subtract(x, mean, out=out)
        out *= gamma / np.sqrt(variance + EPS)
        out += beta

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        x, gamma, _, mean, variance = inputs
        dx, dgamma, dbeta, *_ = into
        inverse_std = 1 / np.sqrt(variance + EPS)
        if dx is not None:
            np.multiply(upstream, gamma * inverse_std, out=dx)
        if dgamma is not None:
            np.sum(upstream * (x - mean) * inverse_std, axis=0, out=dgamma)
        if dbeta is not None:
            np.sum(upstream, axis=0, out=dbeta)

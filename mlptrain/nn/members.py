"""An ensemble inside one network: k members on an axis of their own, values (k, N, D).

TabM-mini (Gorishniy et al., 2025, "TabM"): each member reads the inputs through k factors of its own,
all share the hidden layers, and each has a last layer of its own. What they share is learned from all
of them, what they do not lets them err in different places, and the average of k answers is better
than each. It costs the products of k networks, and hardly more parameters than one.

    X (N, D) ─ scale (k, D) ─ (k, N, D) ─ hidden layers, shared ─ heads (k, D, C) ─ scores (k, N, C)

In training the loss is the mean of the members' losses, not the loss of their mean: each member has to
be good by itself. In prediction the probabilities are averaged, or the numbers.
"""

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.graph.node import Buffer, Node
from mlptrain.nn.linear import Linear
from mlptrain.nn.losses.loss import Loss

LINEAR = Linear()


def flat(x: Array) -> Array:
    """(k, N, D) as one matrix (k N, D): the rows of the first member, then those of the second, ..."""
    return x.reshape(-1, x.shape[-1])


class Shared(Node):
    """A node of (N, D) that all members share, on their rows as one tall matrix.

    shapes   x (k, N, D), the other inputs of the node   ->   (k, N, M)
    local    that of the node: what all members read has the sum of their gradients

    One product (k N, D) W is faster than k small ones.

    >>> x, W = np.array([[[1.0, 2.0]], [[3.0, 4.0]]]), np.array([[1.0], [10.0]])
    >>> apply(Shared(Linear()), x, W, dtype=float).tolist()
    [[[21.0]], [[43.0]]]
    """

    backward_reads_output = False

    def __init__(self, node: Node = LINEAR) -> None:
        if node.backward_reads_output:
            raise TypeError(f"{type(node).__name__} cannot be shared: its output may be written over")
        self.node = node

    def shape(self, *inputs: Shape) -> Shape:
        x, *others = inputs
        if len(x) != 3:
            raise ValueError(f"Shared needs x (k, N, D), got {inputs}")
        return (*x[:2], *self.node.shape((x[0] * x[1], x[2]), *others)[1:])

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        (k, N, D), *others = inputs
        return self.node.saved((k * N, D), *others)

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        x, *others = inputs
        self.node.forward((flat(x), *others), flat(out), saved)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        (x, *others), (dx, *rest) = inputs, into
        dx = None if dx is None else flat(dx)
        self.node.backward(flat(upstream), (flat(x), *others), flat(out), saved, (dx, *rest))


class Heads(Node):
    """Linear scores X_i W_i + b_i of each member i.

    shapes   X (k, N, D)   W (k, D, M)   b (k, M)   ->   (k, N, M)      without a bias: X and W
             X (N, D) or b (M,)   where all members have the same
    local    as those of `Linear`, member by member; what all have has the sum of their gradients

    >>> X, W = np.array([[[1.0, 2.0]], [[1.0, 2.0]]]), np.array([[[1.0], [10.0]], [[2.0], [0.0]]])
    >>> apply(Heads(), X, W, np.array([[0.5], [0.0]]), dtype=float).tolist()
    [[[21.5]], [[2.0]]]
    """

    backward_reads_output = False

    def shape(self, *inputs: Shape) -> Shape:
        X, W, *b = inputs
        fits = len(W) == 3 and len(X) in (2, 3) and X[:-2] in ((), W[:1]) and X[-1] == W[1]
        if not fits or any(shape not in (W[2:], (W[0], W[2])) for shape in b):
            raise ValueError(f"Heads needs X (k, N, D), W (k, D, M), b (k, M), got {inputs}")
        return (W[0], X[-2], W[2])

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        return (Buffer((inputs[0][-2],), constant=1.0),)

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        X, W, *b = inputs
        np.matmul(X, W, out=out)
        if b:
            np.add(out, b[0][..., None, :], out=out)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dX, dW, *db = into
        if dX is not None:
            member_product(upstream, inputs[1].swapaxes(-1, -2), dX, shared=dX.ndim == 2)
        if dW is not None:
            np.matmul(inputs[0].swapaxes(-1, -2), upstream, out=dW)
        if db and db[0] is not None:
            # a row of ones: the sums over the rows
            member_product(saved[0], upstream, db[0], shared=db[0].ndim == 1)


def member_product(a: Array, b: Array, out: Array, *, shared: bool) -> None:
    """The matrix products of all members, or their sum: the gradient of what the members share."""
    if shared:
        np.sum(np.matmul(a, b), axis=0, out=out)
    else:
        np.matmul(a, b, out=out)


class MeanLoss(Node):
    """The mean of the members' losses, each on the same targets.

    shapes   scores (k, N, C), targets, weights (N,) where there are any   ->   L ()
    local    that of the loss, divided by k

    It is one loss of k N rows whose weights are those of the rows divided by k: for a loss that adds up
    its rows as well as for one that averages them.

    >>> from mlptrain.nn.losses import LOSSES
    >>> scores, y = np.array([[[1.0]], [[4.0]]]), np.array([[2.0]])
    >>> apply(MeanLoss(LOSSES["mse"]()), scores, y, dtype=float)  # (1 + 4) / 2
    array(2.5)
    """

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def shape(self, *inputs: Shape) -> Shape:
        scores, *targets = inputs
        if len(scores) != 3:
            raise ValueError(f"MeanLoss needs scores (k, N, C), got {inputs}")
        return self.loss.shape(scores[1:], *targets)

    def row_axis(self, *axes: int | None) -> int | None:
        return None

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        (k, N, C), y, *weights = inputs
        targets = Buffer((k * N, *y[1:]), np.int64 if self.loss.classifies else None)
        each = Buffer((k * N,), constant=None if weights else 1 / k)
        return (targets, each, *self.loss.saved((k * N, C), targets.shape, each.shape))

    def piece(self, *inputs: Array) -> Array | None:
        scores, y = inputs[:2]
        return self.loss.piece(flat(scores), np.concatenate([y] * len(scores)))

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        (scores, y, *weights), (targets, each, *rest) = inputs, saved
        k = len(scores)
        np.copyto(targets.reshape(k, *y.shape), y)
        if weights:
            np.divide(weights[0], k, out=each.reshape(k, -1))
        self.loss.forward((flat(scores), targets, each), out, rest)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        targets, each, *rest = saved
        scores = (flat(inputs[0]), targets, each)
        self.loss.backward(upstream, scores, out, rest, (flat(into[0]), None, None))

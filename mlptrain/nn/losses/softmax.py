"""The softmax loss, also called cross-entropy: fused into one node, so that it is honest by itself."""

from functools import lru_cache

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.bounds import Fraction
from mlptrain.graph.graph import Graph
from mlptrain.graph.node import Buffer
from mlptrain.graph.plan import Value
from mlptrain.graph.reductions import LogMeanExp, LogSoftmax
from mlptrain.nn.losses.loss import MEMBERS, ClassificationLoss, ClassWeights


class SoftmaxLoss(ClassificationLoss):
    """L_i = -sum_j q_j log p_j, with p = softmax(scores); plainly -log p_y (P5).

    shapes   scores (N, C)   y (N,) class numbers   weights (N,), optional   ->   L ()
    local    dL_i/dscores = p - q

    q is one at the class y; label smoothing e makes it (1 - e) onehot(y) + e / C (Szegedy et al.,
    2016). The logarithm is taken of sums of exponentials with the row maximum subtracted, so no score
    can overflow.

    >>> scores = np.log([[1.0, 3.0], [1.0, 1.0]])  # p = (1/4, 3/4) and (1/2, 1/2)
    >>> apply(SoftmaxLoss(), scores, np.array([1, 0]), dtype=float)  # 1/2 (log 4/3 + log 2)
    array(0.49041463)
    """

    gives_probabilities = True

    def __init__(self, *, label_smoothing: Fraction = 0.0, class_weights: ClassWeights = None) -> None:
        super().__init__(class_weights=class_weights)
        self.label_smoothing = label_smoothing

    def combined(self, graph: Graph, members: Value) -> Value:
        """The logarithm of the mean probability, whose softmax is that mean."""
        logs = graph.add(LogSoftmax(), members, name="log_probabilities")
        return graph.add(LogMeanExp(MEMBERS), logs, name="combined")

    def unweighted(self, scores: Array) -> Array:
        """s_c - log w_c, which makes of each p_c a p_c / w_c (up to the sum over the classes).

        Weights w make of the class shares q_c, which p is to meet, q_c w_c / sum_k q_k w_k: what is
        learned is corrected back. A class of weight 0 is not learned; its score stays.

        >>> scores = np.log([[1.0, 3.0]])  # of shares 3 : 1, the latter with 9 times the weight
        >>> np.exp(SoftmaxLoss(class_weights=[1.0, 9.0]).unweighted(scores)).round(6)
        array([[1.      , 0.333333]])
        """
        return scores if self.class_weights is None else scores - self.log_weights()

    def weighted(self, scores: Array) -> Array:
        return scores if self.class_weights is None else scores + self.log_weights()

    def log_weights(self) -> Array:
        """(C,) log w_c; 0 for a class of weight 0, or without weights."""
        w = np.ones(()) if self.class_weights is None else self.class_weights
        return np.asarray(np.log(np.where(w > 0, w, 1.0)))

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        # One row of memory per class: what is reduced over the classes of every row is then a few
        # long vector operations, two to three times as fast as many short ones.
        rows, classes = inputs[0]
        smoothing = self.label_smoothing
        return (
            Buffer((classes, rows)),
            Buffer((rows,)),
            Buffer((classes,), constant=1.0),
            Buffer((), constant=1 - smoothing),
            Buffer((), constant=smoothing / classes),
        )

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        (scores, y), (local, total, ones, at_class, at_all) = inputs[:2], saved
        at_y = y * len(y)
        at_y += counted(len(y))  # where class y of each row is
        shifted = p = local
        flat = local.reshape(-1)
        np.copyto(shifted, scores.T)
        np.subtract(shifted, np.maximum.reduce(shifted), shifted)
        q_shifted = flat.take(at_y)
        if self.label_smoothing:
            q_shifted *= at_class
            q_shifted += at_all * np.add.reduce(shifted, axis=0)
        np.exp(shifted, p)
        np.dot(ones, p, total)  # the sum over the classes, as a product
        np.divide(p, total, p)
        np.subtract.at(flat, at_y, at_class)
        if self.label_smoothing:
            local -= at_all
        np.log(total, total)
        total -= q_shifted
        out[()] = self.reduce(total, self.row_weights(inputs))

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        local = saved[0].T
        each = self.upstream_of_rows(upstream, self.row_weights(inputs), len(local))
        np.multiply(local, each, into[0])


@lru_cache(maxsize=16)
def counted(rows: int) -> Array:
    """0, 1, ... of so many rows: the same for every minibatch, and never written to."""
    numbers = np.arange(rows)
    numbers.flags.writeable = False
    return numbers

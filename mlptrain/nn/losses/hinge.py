"""The hinge loss of the multiclass support vector machine."""

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.bounds import NonNegative
from mlptrain.graph.node import Buffer
from mlptrain.metrics import SCORE_METRICS
from mlptrain.nn.losses.loss import ClassificationLoss, ClassWeights


class HingeLoss(ClassificationLoss):
    """L_i = sum_{j != y} max(0, s_j - s_y + delta)   (P5).

    shapes   scores (N, C)   y (N,) class numbers   weights (N,), optional   ->   L ()
    local    dL_i/ds_j = 1 where the margin is positive, dL_i/ds_y = -(number of such j); 0 at the kink

    Weston and Watkins, "Support vector machines for multi-class pattern recognition", 1999.

    >>> scores = np.array([[3.2, 5.1, -1.7]])  # margins 5.1 - 3.2 + 1 and -1.7 - 3.2 + 1
    >>> apply(HingeLoss(), scores, np.array([0]), dtype=float)
    array(2.9)
    """

    metrics = SCORE_METRICS

    def __init__(self, *, delta: NonNegative = 1.0, class_weights: ClassWeights = None) -> None:
        super().__init__(class_weights=class_weights)
        self.delta = delta

    def piece(self, *inputs: Array) -> Array | None:
        scores, y = inputs[:2]
        return scores - np.take_along_axis(scores, y[:, None], axis=1) + self.delta > 0

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        return (Buffer(inputs[0]), Buffer(inputs[1], np.intp))

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        (scores, y), (margins, at) = inputs[:2], saved
        np.add(y, np.arange(0, scores.size, scores.shape[1]), out=at)
        correct = scores.reshape(-1).take(at)
        np.subtract(scores, (correct - self.delta)[:, None], out=margins)
        margins.reshape(-1)[at] = 0
        np.maximum(margins, 0, out=margins)
        out[()] = self.reduce(margins.sum(axis=1), self.row_weights(inputs))

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dscores, (margins, at) = into[0], saved
        np.greater(margins, 0, out=dscores)
        dscores.reshape(-1)[at] = -dscores.sum(axis=1)
        dscores *= self.upstream_of_rows(upstream, self.row_weights(inputs), len(dscores))

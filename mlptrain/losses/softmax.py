"""The softmax loss, also called cross-entropy: fused into one node, so that it is honest by itself."""

import numpy as np

from mlptrain.bounds import Fraction
from mlptrain.losses.loss import ClassificationLoss, ClassWeights
from mlptrain.nodes.node import Array, Arrays, Into, Shape, Space


class SoftmaxLoss(ClassificationLoss):
    """L_i = -sum_j q_j log p_j, with p = softmax(scores); plainly -log p_y (P5).

    shapes   scores (N, C)   y (N,) class numbers   weights (N,), optional   ->   L ()
    local    dL_i/dscores = p - q

    q is one at the class y; label smoothing e makes it (1 - e) onehot(y) + e / C. The logarithm is
    taken of sums of exponentials with the row maximum subtracted, so no score can overflow.
    """

    gives_probabilities = True

    def __init__(self, *, label_smoothing: Fraction = 0.0, class_weights: ClassWeights = None) -> None:
        super().__init__(class_weights=class_weights)
        self.label_smoothing = label_smoothing

    def saved(self, *inputs: Shape) -> tuple[Space, ...]:
        return (Space(inputs[0]), Space(inputs[1], np.intp))

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        (scores, y), (p, at) = inputs[:2], saved
        classes = scores.shape[1]
        np.add(y, np.arange(0, scores.size, classes), out=at)  # where class y of each row is in p
        np.subtract(scores, scores.max(axis=1, keepdims=True), out=p)
        log_q = (1 - self.label_smoothing) * p.reshape(-1).take(at)
        if self.label_smoothing:
            log_q += self.label_smoothing / classes * p.sum(axis=1)
        np.exp(p, out=p)
        total = np.add.reduce(p, axis=1, keepdims=True)
        np.divide(p, total, out=p)
        out[()] = self.reduce(np.log(total[:, 0]) - log_q, self.row_weights(inputs))

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dscores, (p, at) = into[0], saved
        np.subtract(p, self.label_smoothing / p.shape[1], out=dscores)
        dscores.reshape(-1)[at] -= 1 - self.label_smoothing
        self.distribute(upstream, self.row_weights(inputs), dscores)

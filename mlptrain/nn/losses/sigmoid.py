"""The sigmoid loss: binary cross-entropy, for several targets that are each yes or no."""

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.graph.gates import Negate, Subtract
from mlptrain.graph.graph import Graph
from mlptrain.graph.node import Buffer
from mlptrain.graph.plan import Value
from mlptrain.graph.reductions import LogMeanExp
from mlptrain.metrics import FLAG_METRICS
from mlptrain.nn.activations.smooth import Softplus
from mlptrain.nn.losses.loss import MEMBERS, Loss


class SigmoidLoss(Loss):
    """-y log p - (1 - y) log(1 - p), summed over outputs; p = 1 / (1 + e^-score).   local: p - y.

    shapes   scores (N, K)   y (N, K), 0 or 1   weights (N,), optional   ->   L ()

    Each output is a yes or no of its own: any number of them may be yes. Computed as
    log(1 + exp(score)) - y score, which neither overflows nor takes the logarithm of 0.

    >>> scores, y = np.log([[3.0, 1.0]]), np.array([[1.0, 0.0]])  # p = 3/4 and 1/2
    >>> np.exp(-apply(SigmoidLoss(), scores, y, dtype=float)).round(12)
    np.float64(0.375)
    """

    classifies = False
    targets = "flags"
    metrics = FLAG_METRICS
    headline = "mean_accuracy"

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        return (Buffer(inputs[0]),)

    def response(self, scores: Array) -> Array:
        return np.exp(-np.logaddexp(0, -scores))

    def combined(self, graph: Graph, members: Value) -> Value:
        """The log odds of the mean probability: log of the mean p less that of the mean 1 - p."""
        logs = []
        for name, scores in (("no", members), ("yes", graph.add(Negate(), members, name="negative"))):
            surprise = graph.add(Softplus(), scores, name=f"{name}.surprise")  # -log p, -log(1 - p)
            log = graph.add(Negate(), surprise, name=f"{name}.log")
            logs.append(graph.add(LogMeanExp(MEMBERS), log, name=f"{name}.mean"))
        no, yes = logs
        return graph.add(Subtract(), yes, no, name="combined")

    def link(self, response: Array) -> Array:
        p = response.clip(np.finfo(np.float64).tiny, 1 - np.finfo(np.float64).epsneg)
        return np.log(p) - np.log1p(-p)

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        scores, y = inputs[:2]
        positive = scores > 0
        np.exp(np.where(positive, -scores, scores), out=saved[0])
        np.log1p(saved[0], out=saved[0])
        np.add(saved[0], scores, out=saved[0], where=positive)  # log(1 + e^s)
        losses = saved[0] - y * scores
        out[()] = self.reduce(losses.sum(axis=1), self.row_weights(inputs))

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dscores = into[0]
        np.subtract(inputs[0], saved[0], out=dscores)  # log p
        np.exp(dscores, out=dscores)
        np.subtract(dscores, inputs[1], out=dscores)
        dscores *= self.upstream_of_rows(upstream, self.row_weights(inputs), len(dscores))

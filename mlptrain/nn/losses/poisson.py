"""The Poisson loss: for counts and other amounts that are never negative."""

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.graph.graph import Graph
from mlptrain.graph.node import Buffer
from mlptrain.graph.plan import Value
from mlptrain.graph.reductions import LogMeanExp
from mlptrain.metrics import AMOUNT_METRICS
from mlptrain.nn.losses.loss import MEMBERS, Loss


class PoissonLoss(Loss):
    """r - y + y log(y / r), summed over the outputs, with the rate r = exp(score).   local: r - y.

    shapes   scores (N, K)   y (N, K), at least 0   weights (N,), optional   ->   L ()

    Half the deviance of a Poisson distribution, which is its -log p less that of a rate of y: 0 where
    r = y (McCullagh and Nelder, 1989). A rate is an expected value, and never negative.

    >>> scores, y = np.log([[3.0], [2.0]]), np.array([[0.0], [4.0]])
    >>> apply(PoissonLoss(), scores, y, dtype=float)  # 1/2 (3 + (2 - 4 + 4 log 2))
    array(1.88629436)
    """

    classifies = False
    targets = "amounts"
    metrics = AMOUNT_METRICS
    headline = "poisson_deviance"

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        return (Buffer(inputs[0]),)

    def response(self, scores: Array) -> Array:
        return np.exp(scores)

    def combined(self, graph: Graph, members: Value) -> Value:
        """The logarithm of the mean rate."""
        return graph.add(LogMeanExp(MEMBERS), members, name="combined")

    def link(self, response: Array) -> Array:
        return np.log(response)

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        scores, y = inputs[:2]
        rates = np.exp(scores, out=saved[0])
        of_y = np.log(np.where(y > 0, y, 1))  # y log y is 0 at 0
        out[()] = self.reduce((rates - y + y * (of_y - scores)).sum(axis=1), self.row_weights(inputs))

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dscores = into[0]
        np.subtract(saved[0], inputs[1], out=dscores)
        dscores *= self.upstream_of_rows(upstream, self.row_weights(inputs), len(dscores))

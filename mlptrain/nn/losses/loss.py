"""What all losses have in common: a node whose output is one number."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape, Targets
from mlptrain.bounds import NonNegative
from mlptrain.graph.graph import Graph
from mlptrain.graph.node import Buffer, Node
from mlptrain.graph.plan import Value
from mlptrain.graph.reductions import Mean
from mlptrain.metrics import CLASSIFICATION_METRICS, REGRESSION_METRICS
from mlptrain.metrics.metric import Metric

ClassWeights = Literal["balanced"] | Mapping[str, NonNegative] | Sequence[NonNegative] | None
"""`balanced`, a weight per class name, or one per class in the order of the classes."""


MEMBERS = -3
"""The axis of the members of an ensemble, counted from the end."""


class Loss(Node):
    """The data loss L = 1/N sum_i L_i, or sum_i w_i L_i / sum_i w_i where rows have weights (P5, P49).

    shapes   scores (N, C), targets, weights (N,) where there are any   ->   L ()
    local    dL/dscores = dL_i/dscores w_i / sum(w);  targets and weights get no gradient
    """

    classifies: ClassVar[bool]
    """True: the targets are class numbers (N,). False: they are numbers (N, C)."""
    targets: ClassVar[Targets]
    """What they are, in more detail."""
    metrics: Mapping[str, Metric]
    """What is measured beside the loss."""
    headline: ClassVar[str]
    """The metric that stands in every record."""
    gives_probabilities: ClassVar[bool] = False
    """True: softmax(scores) is a distribution over the classes."""

    per_target: int = 1
    """Scores for each target column."""
    class_weights: Array | None = None
    """(C,) what the rows of each class weigh in the mean; None: alike."""

    def response(self, scores: Array) -> Array:
        """The predictions on the scale of the targets."""
        return scores

    def combined(self, graph: Graph, members: Value) -> Value:
        """Scores (N, C) for the members' scores (k, N, C), whose response is the mean of theirs."""
        return graph.add(Mean(MEMBERS), members, name="combined")

    def link(self, response: Array) -> Array:
        """The scores with this response."""
        return response

    def point(self, predictions: Array) -> Array:
        """(N, K) of predictions the one of each target that comes nearest to it."""
        return predictions

    def columns(self, targets: Sequence[str]) -> list[str]:
        """The names of the predictions."""
        return list(targets)

    def remarks(self) -> list[str]:
        """What the names of the metrics do not say."""
        return []

    def shape(self, *inputs: Shape) -> Shape:
        scores, targets, *weights = inputs
        fitting = scores[:1] if self.classifies else scores
        if len(scores) != 2 or targets != fitting or any(shape != scores[:1] for shape in weights):
            raise ValueError(
                f"{type(self).__name__} needs scores (N, C), targets {fitting}, weights (N,), "
                f"got {inputs}"
            )
        return ()

    def row_axis(self, *axes: int | None) -> int | None:
        return None

    def row_weights(self, inputs: Arrays) -> Array | None:
        """The weight of each row in the mean, or None where all count alike."""
        return inputs[2] if len(inputs) == 3 else None

    def mass(self, targets: Array, weights: Array | None) -> float:
        """What rows weigh together in the mean: their number, or the sum of their weights."""
        inputs = (targets, targets) if weights is None else (targets, targets, weights)
        each = self.row_weights(inputs)
        return len(targets) if each is None else float(np.real(total_weight(each)))

    def unweighted(self, scores: Array) -> Array:
        """The scores as they would be without class weights; as they are where nobody knows."""
        return scores

    def weighted(self, scores: Array) -> Array:
        """The inverse of `unweighted`."""
        return scores

    def reduce(self, losses: Array, weights: Array | None) -> complex:
        """The mean over the rows; 0 when their weights add up to 0: such a batch teaches nothing.

        Real losses have a real mean; complex ones are those of the complex step of `gradcheck`.
        """
        if weights is None:
            return np.add.reduce(losses) / len(losses)
        total = total_weight(weights)
        return np.dot(weights, losses) / total if total else 0.0

    def upstream_of_rows(self, upstream: Array, weights: Array | None, rows: int) -> Array:
        """dL/dL_i, the upstream gradient times each row's share in the mean.

        It is (N, 1), or () where all rows count alike.
        """
        if weights is None:
            return np.asarray(upstream[()] / rows)
        total = total_weight(weights)
        return np.asarray(weights * (upstream / total if total else 0.0))[:, None]


def total_weight(weights: Array) -> complex:
    """The sum of row weights; 0 below the smallest normal number, whose inverse would overflow.

    >>> [float(total_weight(np.array([w, w], np.float32))) for w in (0.0, 1e-44, 0.5)]
    [0.0, 0.0, 1.0]
    """
    total: complex = weights.sum()
    return total if total >= np.finfo(weights.dtype).tiny else 0.0


class ClassificationLoss(Loss):
    """A loss on class numbers, with a weight for each class if asked."""

    classifies = True
    targets = "classes"
    metrics = CLASSIFICATION_METRICS
    headline = "accuracy"

    def __init__(self, *, class_weights: ClassWeights) -> None:
        if isinstance(class_weights, str | Mapping):
            raise TypeError("class weights by name must be resolved to one number per class first")
        self.class_weights = None if class_weights is None else np.asarray(class_weights, np.float64)

    def row_weights(self, inputs: Arrays) -> Array | None:
        given = inputs[2] if len(inputs) == 3 else None
        if self.class_weights is None:
            return given
        by_class = np.take(self.class_weights, inputs[1])
        return by_class if given is None else by_class * given


class RegressionLoss(Loss):
    """A loss that adds up a penalty of d = scores - targets over the outputs of a row."""

    classifies = False
    targets = "numbers"
    metrics = REGRESSION_METRICS
    headline = "rmse"

    def saved(self, *inputs: Shape) -> tuple[Buffer, ...]:
        return (Buffer(inputs[0]),)

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        d = self.difference(inputs[0], inputs[1], saved[0])
        out[()] = self.reduce(self.penalty(d).sum(axis=1), self.row_weights(inputs))

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        dscores = into[0]
        self.derivative(saved[0], dscores)
        dscores *= self.upstream_of_rows(upstream, self.row_weights(inputs), len(dscores))

    def difference(self, scores: Array, targets: Array, into: Array) -> Array:
        """scores - targets, written into `into`."""
        return np.subtract(scores, targets, out=into)

    @abstractmethod
    def penalty(self, d: Array) -> Array:
        """The penalty of each difference."""

    @abstractmethod
    def derivative(self, d: Array, into: Array) -> None:
        """Write the derivative of the penalty of each difference into `into`."""

"""From layer sizes to a network: two graphs over the same parameters.

The training graph ends in the full loss, the prediction graph in the scores. Dropout stands in the
first one only; batch norm takes the statistics of the minibatch there, and the running ones here.

    X ─ linear ─ norm ─ activation ─ dropout ─ … ─ linear ─ scores ─ loss ─┐
         W ────────────────────── regularization loss ────────────────────(+)─ full loss
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.arrays import Array, RowArray
from mlptrain.graph.graph import Graph, apply
from mlptrain.graph.node import Node
from mlptrain.graph.plan import Plan, Value
from mlptrain.nn.activations import Activation
from mlptrain.nn.dropout import Dropout, draw_mask
from mlptrain.nn.gates import Add
from mlptrain.nn.initializers import Initializer
from mlptrain.nn.linear import Linear
from mlptrain.nn.losses import Loss
from mlptrain.nn.norm import BatchNorm, FixedNorm, LayerNorm
from mlptrain.nn.parameters import Parameters, ParameterShape
from mlptrain.streams import stream

Norm = Literal["none", "batch", "layer"]

RUNNING = 0.1
"""Share of the newest minibatch in the running statistics of batch norm."""


@dataclass(frozen=True)
class Architecture:
    """What a network looks like: everything but its loss and its numbers."""

    inputs: int
    outputs: int
    hidden: Sequence[int] = ()
    activations: Sequence[Activation] = ()  # one for each hidden layer
    bias: bool = True
    norm: Norm = "none"
    dropout: float = 0.0

    def parameter_shapes(self) -> list[ParameterShape]:
        """Every parameter in the order of the flat vector: `layer1.W`, `layer1.b`, `norm1.gamma`, …"""
        shapes: list[ParameterShape] = []
        fan_in = self.inputs
        for number, (units, activation) in enumerate(
            zip(self.hidden, self.activations, strict=True), 1
        ):
            width = activation.linear_units(units)
            shapes += self._linear_shapes(number, fan_in, width)
            if self.norm != "none":
                shapes.append(ParameterShape(f"norm{number}.gamma", (width,), is_weight=False))
                shapes.append(ParameterShape(f"norm{number}.beta", (width,), is_weight=False))
            fan_in = units
        return shapes + self._linear_shapes(len(self.hidden) + 1, fan_in, self.outputs)

    def largest_product(self) -> int:
        """Multiply-adds of the largest weight matrix for one row: what decides how many threads pay."""
        return max(math.prod(each.shape) for each in self.parameter_shapes() if each.is_weight)

    def _linear_shapes(self, number: int, fan_in: int, width: int) -> list[ParameterShape]:
        shapes = [ParameterShape(f"layer{number}.W", (fan_in, width), is_weight=True)]
        if self.bias:
            shapes.append(ParameterShape(f"layer{number}.b", (width,), is_weight=False))
        return shapes


class Network:
    """A multi-layer perceptron: its parameters, its running statistics and its two graphs."""

    def __init__(
        self,
        architecture: Architecture,
        loss: Loss,
        penalties: Sequence[Node] = (),
        *,
        weighted: bool = False,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.architecture = architecture
        self.loss = loss
        self.penalties = penalties
        self.dtype = np.dtype(dtype)
        self.parameters = Parameters(architecture.parameter_shapes(), dtype)
        self.statistics: dict[str, Array] = {}
        for parameter in self.parameters:
            layer, _, kind = parameter.name.partition(".")
            if kind == "gamma":
                parameter.value.fill(1)
                if architecture.norm == "batch":
                    self.statistics[f"{layer}.mean"] = np.zeros_like(parameter.value)
                    self.statistics[f"{layer}.variance"] = np.ones_like(parameter.value)
        self.training = TrainingGraph(self, penalties, weighted)
        self.prediction = PredictionGraph(self)

    def initialize(self, initializer: Initializer, seed: int) -> None:
        """Draw all weights, each layer from a stream of its own; biases stay 0."""
        for number, weight in enumerate(self.parameters.weights(), 1):
            rows, columns = weight.value.shape
            weight.value[...] = initializer(stream(seed, "init", number), (rows, columns))

    def regularization_loss(self) -> float:
        """lambda R(W) of the weights as they stand."""
        weights = [weight.value for weight in self.parameters.weights()]
        return sum((float(apply(node, *weights, dtype=self.dtype)) for node in self.penalties), 0.0)

    def scores(self, arrays: Sequence[RowArray], batch_rows: int = 1024) -> Array:
        """The scores (N, C) of N rows, given as one array for each input; `batch_rows` at a time."""
        rows = len(arrays[0])
        scores = np.empty((rows, self.architecture.outputs), self.dtype)
        with np.errstate(all="ignore"):  # an overflow shows in the scores
            for start in range(0, rows, batch_rows):
                plan = self.prediction.graph.plan(min(batch_rows, rows - start))
                for value, array in zip(self.prediction.inputs, arrays, strict=True):
                    plan.value(value)[...] = array[start : start + batch_rows]
                plan.forward()
                scores[start : start + batch_rows] = plan.value(self.prediction.scores)
        return scores


def linear(graph: Graph, network: Network, number: int, x: Value, *, trains: bool) -> Value:
    """Add linear layer `number`; only a graph that trains asks for gradients."""
    names = [name for name in (f"layer{number}.W", f"layer{number}.b") if name in network.parameters]
    leaves = [leaf(graph, network, name, trains=trains) for name in names]
    return graph.add(Linear(), x, *leaves, name=f"layer{number}.scores")


def leaf(graph: Graph, network: Network, name: str, *, trains: bool) -> Value:
    """Add a parameter of the network to a graph."""
    parameter = network.parameters[name]
    return graph.parameter(name, parameter.value, parameter.gradient if trains else None)


class PredictionGraph:
    """X -> scores."""

    def __init__(self, network: Network) -> None:
        architecture = network.architecture
        self.graph = Graph(network.dtype, keeps_all=False)
        x = self.graph.input("X", (None, architecture.inputs))
        self.inputs: tuple[Value, ...] = (x,)
        for number, activation in enumerate(architecture.activations, 1):
            x = linear(self.graph, network, number, x, trains=False)
            x = self._normalized(network, number, x)
            x = self.graph.add(activation, x, name=f"layer{number}.activation")
        self.scores = linear(self.graph, network, len(architecture.hidden) + 1, x, trains=False)

    def _normalized(self, network: Network, number: int, x: Value) -> Value:
        kind = network.architecture.norm
        if kind == "none":
            return x
        names = (f"norm{number}.gamma", f"norm{number}.beta")
        leaves = [leaf(self.graph, network, name, trains=False) for name in names]
        if kind == "layer":
            return self.graph.add(LayerNorm(), x, *leaves, name=f"norm{number}")
        for name in (f"norm{number}.mean", f"norm{number}.variance"):
            leaves.append(self.graph.parameter(name, network.statistics[name]))
        return self.graph.add(FixedNorm(), x, *leaves, name=f"norm{number}")


class TrainingGraph:
    """X, y (and row weights, dropout masks) -> data loss + regularization loss."""

    def __init__(self, network: Network, penalties: Sequence[Node], weighted: bool) -> None:
        architecture = network.architecture
        self.network = network
        self.graph = graph = Graph(network.dtype, keeps_all=False)
        self.masks: list[Value] = []
        self.norms: list[Value] = []
        x = graph.input("X", (None, architecture.inputs))
        self.inputs: tuple[Value, ...] = (x,)
        if network.loss.classifies:
            self.y = graph.input("y", (None,), np.int64)
        else:
            self.y = graph.input("y", (None, architecture.outputs))
        self.weights = graph.input("weights", (None,)) if weighted else None
        for number, (units, activation) in enumerate(
            zip(architecture.hidden, architecture.activations, strict=True), 1
        ):
            x = linear(graph, network, number, x, trains=True)
            x = self._normalized(number, x)
            x = graph.add(activation, x, name=f"layer{number}.activation")
            x = self._dropped(number, units, x)
        self.scores = linear(graph, network, len(architecture.hidden) + 1, x, trains=True)
        targets = (self.y,) if self.weights is None else (self.y, self.weights)
        self.data_loss = graph.add(network.loss, self.scores, *targets, name="data_loss")
        self.penalty = self._penalty(penalties)
        self.loss = self.data_loss
        if self.penalty is not None:
            self.loss = graph.add(Add(), self.data_loss, self.penalty, name="loss")

    def _normalized(self, number: int, x: Value) -> Value:
        kind = self.network.architecture.norm
        if kind == "none":
            return x
        names = (f"norm{number}.gamma", f"norm{number}.beta")
        leaves = [leaf(self.graph, self.network, name, trains=True) for name in names]
        node = BatchNorm() if kind == "batch" else LayerNorm()
        x = self.graph.add(node, x, *leaves, name=f"norm{number}")
        if kind == "batch":
            self.norms.append(x)
        return x

    def _dropped(self, number: int, units: int, x: Value) -> Value:
        if not self.network.architecture.dropout:
            return x
        mask = self.graph.input(f"mask{number}", (None, units))
        self.masks.append(mask)
        return self.graph.add(Dropout(), x, mask, name=f"layer{number}.dropout")

    def _penalty(self, penalties: Sequence[Node]) -> Value | None:
        weights = [value for value in self.graph.values if value.name.endswith(".W")]
        total: Value | None = None
        for node in penalties:
            value = self.graph.add(node, *weights, name=type(node).__name__.lower())
            if total is not None:
                value = self.graph.add(Add(), total, value, name="regularization_loss")
            total = value
        return total

    def fill(self, arrays: Sequence[RowArray], y: Array, weights: Array | None, seed: int) -> Plan:
        """A plan that holds these rows and the dropout masks of step 0: to look at a single step."""
        plan = self.graph.plan(len(y))
        for value, array in zip(
            (*self.inputs, self.y, self.weights), (*arrays, y, weights), strict=True
        ):
            if value is not None and array is not None:
                plan.value(value)[...] = array
        self.draw_masks(plan, seed, step=0)
        return plan

    def draw_masks(self, plan: Plan, seed: int, step: int) -> None:
        """Draw the dropout masks of one step, each layer from a stream of its own."""
        for number, mask in enumerate(self.masks, 1):
            generator = stream(seed, "dropout", step, number)
            draw_mask(generator, self.network.architecture.dropout, plan.value(mask))

    def update_statistics(self, plan: Plan) -> None:
        """Move the running statistics of batch norm towards those of the minibatch just seen."""
        statistics = self.network.statistics
        for norm in self.norms:
            _, mean, variance = plan.saved(norm)
            # N / (N - 1) times the variance of the minibatch: the unbiased one
            unbiased = variance[0] * (plan.rows / max(plan.rows - 1, 1))
            for kind, newest in (("mean", mean[0]), ("variance", unbiased)):
                running = statistics[f"{norm.name}.{kind}"]
                running += RUNNING * (newest - running)

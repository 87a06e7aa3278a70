"""From a list of layers to a network: two graphs over the same parameters.

The training graph ends in the full loss, the prediction graph in the scores.

    X ─ linear ─ norm ─ activation ─ dropout ─ … ─ linear ─ scores ─ loss ─┐
         W ────────────────────── regularization loss ────────────────────(+)─ full loss
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.arrays import Array, RowArray
from mlptrain.graph.apply import apply
from mlptrain.graph.gates import Add
from mlptrain.graph.graph import Graph
from mlptrain.graph.node import Node
from mlptrain.graph.plan import Plan, Value
from mlptrain.nn.activations import Activation
from mlptrain.nn.dropout import draw_mask
from mlptrain.nn.initializers import Initializer
from mlptrain.nn.layers import Activate, Dense, Drop, Layer, NormalizeBatch, NormalizeRows, Wiring
from mlptrain.nn.losses import Loss
from mlptrain.nn.parameters import Parameters, ParameterSpec
from mlptrain.streams import stream

Norm = Literal["none", "batch", "layer"]


@dataclass(frozen=True)
class Architecture:
    """What a network looks like: how many features come in, and its layers."""

    inputs: int
    layers: Sequence[Layer]

    def widths(self) -> list[int]:
        """How many numbers a row has before each layer, and behind the last."""
        widths = [self.inputs]
        for layer in self.layers:
            widths.append(layer.units(widths[-1]))
        return widths

    @property
    def outputs(self) -> int:
        """How many scores come out."""
        return self.widths()[-1]

    @property
    def activations(self) -> list[Activation]:
        """Those of the hidden layers, in their order."""
        return [layer.activation for layer in self.layers if isinstance(layer, Activate)]

    def parameters(self) -> list[ParameterSpec]:
        """Every parameter in the order of the flat vector: `layer1.W`, `layer1.b`, `norm1.gamma`, …"""
        pairs = zip(self.layers, self.widths(), strict=False)
        return [spec for layer, width in pairs for spec in layer.parameters(width)]

    def statistics(self, dtype: DTypeLike) -> dict[str, Array]:
        """The vectors that layers keep besides, as they start."""
        return {
            name: np.full(width, start, dtype)
            for layer, width in zip(self.layers, self.widths(), strict=False)
            for name, start in layer.statistics(width).items()
        }

    def largest_product(self) -> int:
        """Multiply-adds of the largest weight matrix for one row: what decides how many threads pay."""
        return max(math.prod(each.shape) for each in self.parameters() if each.kind == "weight")


def perceptron(
    inputs: int,
    outputs: int,
    hidden: Sequence[int] = (),
    activations: Sequence[Activation] = (),
    *,
    bias: bool = True,
    norm: Norm = "none",
    dropout: float = 0.0,
) -> Architecture:
    """A multi-layer perceptron with one activation for each hidden layer.

    >>> from mlptrain.nn.activations import ACTIVATIONS
    >>> [layer.name for layer in perceptron(4, 3, [8], [ACTIVATIONS["relu"]()], norm="layer").layers]
    ['layer1', 'norm1', 'layer1', 'layer2']
    """
    layers: list[Layer] = []
    for number, (units, activation) in enumerate(zip(hidden, activations, strict=True), 1):
        layers.append(Dense(f"layer{number}", activation.linear_units(units), bias))
        if norm != "none":
            layers.append((NormalizeBatch if norm == "batch" else NormalizeRows)(f"norm{number}"))
        layers.append(Activate(f"layer{number}", activation, units))
        if dropout:
            layers.append(Drop(f"layer{number}", dropout, units))
    return Architecture(inputs, [*layers, Dense(f"layer{len(hidden) + 1}", outputs, bias)])


class Network:
    """A multi-layer perceptron: its parameters, its running statistics and its graphs."""

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
        self.parameters = Parameters(architecture.parameters(), dtype)
        self.statistics = architecture.statistics(dtype)
        self.training = TrainingGraph(self, penalties, weighted)
        self._idle = [PredictionGraph(self)]  # those that no call is using

    def initialize(self, initializer: Initializer, seed: int) -> None:
        """Draw all weights, each from a stream of its own; biases stay 0."""
        for number, weight in enumerate(self.parameters.weights(), 1):
            generator = stream(seed, "init", number)
            weight.value[...] = initializer(generator, weight.value.shape, weight.spec.fans)

    def regularization_loss(self) -> float:
        """lambda R(W) of the weights as they stand."""
        weights = [weight.value for weight in self.parameters.decaying()]
        return sum((float(apply(node, *weights, dtype=self.dtype)) for node in self.penalties), 0.0)

    def scores(self, arrays: Sequence[RowArray], batch_rows: int = 1024) -> Array:
        """The scores (N, C) of N rows, given as one array for each input; `batch_rows` at a time.

        Any number of threads may call it: each call borrows a prediction graph that no other call is
        using. There are as many as calls ran at once, each with memory for `batch_rows` rows at most.
        """
        rows = len(arrays[0])
        scores = np.empty((rows, self.architecture.outputs), self.dtype)
        with (
            self.borrowed() as prediction,
            np.errstate(all="ignore"),
        ):  # an overflow shows in the scores
            for start in range(0, rows, batch_rows):
                plan = prediction.graph.plan(min(batch_rows, rows - start))
                for value, array in zip(prediction.inputs, arrays, strict=True):
                    plan.value(value)[...] = array[start : start + batch_rows]
                plan.forward()
                scores[start : start + batch_rows] = plan.value(prediction.scores)
        return scores

    @contextmanager
    def borrowed(self) -> Iterator["PredictionGraph"]:
        """A prediction graph for the caller alone. `pop` and `append` of a list need no lock."""
        try:
            prediction = self._idle.pop()
        except IndexError:  # all are in use
            prediction = PredictionGraph(self)
        try:
            yield prediction
        finally:
            self._idle.append(prediction)

    def wire(self, graph: Graph, x: Value, *, trains: bool) -> tuple[Wiring, Value]:
        """Let every layer join a graph behind `x`: what they leave behind, and the scores."""
        wiring = Wiring(graph, self.parameters, self.statistics, trains)
        for layer in self.architecture.layers:
            x = layer.join(wiring, x)
        return wiring, x


class PredictionGraph:
    """X -> scores."""

    def __init__(self, network: Network) -> None:
        self.graph = Graph(network.dtype, keeps_all=False)
        x = self.graph.input("X", (None, network.architecture.inputs))
        self.inputs: tuple[Value, ...] = (x,)
        _, self.scores = network.wire(self.graph, x, trains=False)


class TrainingGraph:
    """X, y (and row weights, dropout masks) -> data loss + regularization loss."""

    def __init__(self, network: Network, penalties: Sequence[Node], weighted: bool) -> None:
        architecture = network.architecture
        self.graph = graph = Graph(network.dtype, keeps_all=False)
        x = graph.input("X", (None, architecture.inputs))
        self.inputs: tuple[Value, ...] = (x,)
        if network.loss.classifies:
            self.y = graph.input("y", (None,), np.int64)
        else:
            self.y = graph.input("y", (None, architecture.outputs // network.loss.per_target))
        self.weights = graph.input("weights", (None,)) if weighted else None
        self.wiring, self.scores = network.wire(graph, x, trains=True)
        targets = (self.y,) if self.weights is None else (self.y, self.weights)
        self.data_loss = graph.add(network.loss, self.scores, *targets, name="data_loss")
        decaying = [self.wiring.leaves[each.name] for each in network.parameters.decaying()]
        self.penalty = add_penalties(graph, penalties, decaying)
        self.loss = self.data_loss
        if self.penalty is not None:
            self.loss = graph.add(Add(), self.data_loss, self.penalty, name="loss")

    def fill(self, arrays: Sequence[RowArray], y: Array, weights: Array | None, seed: int) -> Plan:
        """A plan that holds these rows and the dropout masks of step 0: to look at a single step."""
        plan = self.graph.plan(len(y))
        for value, array in zip(
            (*self.inputs, self.y, self.weights), (*arrays, y, weights), strict=True
        ):
            if value is not None and array is not None:
                plan.value(value)[...] = array
        self.draw_masks(plan, self.mask_streams(seed, step=0))
        return plan

    def mask_streams(self, seed: int, step: int) -> list[np.random.Generator]:
        """A generator for the dropout masks of one step, for each layer that drops units."""
        return [stream(seed, "dropout", step, number + 1) for number in range(len(self.wiring.masks))]

    def draw_masks(self, plan: Plan, streams: Sequence[np.random.Generator]) -> None:
        """Draw the dropout masks of the next rows of a step: shards draw what the whole would."""
        for (mask, p), generator in zip(self.wiring.masks.items(), streams, strict=True):
            draw_mask(generator, p, plan.value(mask))


def add_penalties(graph: Graph, penalties: Sequence[Node], weights: Sequence[Value]) -> Value | None:
    """Add the regularization loss of these weights; None where there is no penalty."""
    total: Value | None = None
    for node in penalties:
        value = graph.add(node, *weights, name=type(node).__name__.lower())
        if total is not None:
            value = graph.add(Add(), total, value, name="regularization_loss")
        total = value
    return total

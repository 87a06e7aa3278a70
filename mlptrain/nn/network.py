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
from mlptrain.metrics.calibration import Calibration
from mlptrain.nn.activations import Activation
from mlptrain.nn.drawing import draw
from mlptrain.nn.dropout import draw_mask
from mlptrain.nn.initializers import Initializer
from mlptrain.nn.layers import (
    Activate,
    Dense,
    Drop,
    Embed,
    Layer,
    NormalizeBatch,
    NormalizeRows,
    ScaleInputs,
    ScaleMembers,
    Wiring,
)
from mlptrain.nn.losses import Loss
from mlptrain.nn.members import MeanLoss
from mlptrain.nn.parameters import Flat, Parameters, ParameterSpec, Start
from mlptrain.nn.regularizers import add_penalties
from mlptrain.streams import stream
from mlptrain.system.sums import sum_in_order

Norm = Literal["none", "batch", "layer"]

AT_ONCE = 1024
"""Rows that go through the prediction graph together; other numbers can mean other bits."""


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
    def codes(self) -> int:
        """How many codes are looked up for a row."""
        return sum(len(layer.tables) for layer in self.layers if isinstance(layer, Embed))

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

    @property
    def members(self) -> int:
        """How many members the ensemble has; 0 where the network is none."""
        return next((each.members for each in self.layers if isinstance(each, ScaleMembers)), 0)

    def largest_product(self) -> int:
        """Multiply-adds of the largest product for one row: what decides how many threads pay."""
        weights = [each for each in self.parameters() if each.kind == "weight"]
        return max(math.prod(each.fans) for each in weights) * max(self.members, 1)


def perceptron(
    inputs: int,
    outputs: int,
    hidden: Sequence[int] = (),
    activations: Sequence[Activation] = (),
    *,
    tables: Sequence[tuple[int, int]] = (),
    bias: bool = True,
    norm: Norm = "none",
    dropout: float = 0.0,
    input_scale: bool = False,
    ntk: bool = False,
    last_start: Start = "drawn",
    members: int = 0,
) -> Architecture:
    """A multi-layer perceptron with one activation for each hidden layer.

    tables        (rows, width) of the embedding of each column of codes beside the `inputs`
    input_scale   a learned factor for each input in front
    ntk           linear layers of the NTK parametrization
    last_start    where W and b of the last layer start
    members       of an ensemble that shares the hidden layers; 0: one network

    >>> from mlptrain.nn.activations import ACTIVATIONS
    >>> [layer.name for layer in perceptron(4, 3, [8], [ACTIVATIONS["relu"]()], norm="layer").layers]
    ['layer1', 'norm1', 'layer1', 'layer2']
    """
    layers: list[Layer] = [Embed(tables)] if tables else []
    layers += [ScaleInputs()] if input_scale else []
    layers += [ScaleMembers(members)] if members else []
    for number, (units, activation) in enumerate(zip(hidden, activations, strict=True), 1):
        layers.append(Dense(f"layer{number}", activation.linear_units(units), bias, ntk))
        if norm != "none":
            layers.append((NormalizeBatch if norm == "batch" else NormalizeRows)(f"norm{number}"))
        layers.append(Activate(f"layer{number}", activation, units))
        if dropout:
            layers.append(Drop(f"layer{number}", dropout, units))
    layers.append(Dense(f"layer{len(hidden) + 1}", outputs, bias, ntk, last_start, members))
    return Architecture(inputs, layers)


class Network:
    """A multi-layer perceptron: its parameters, its running statistics and its graphs.

    calibration   what makes probabilities of the scores of a trained one; None: softmax alone
    """

    calibration: Calibration | None = None

    def __init__(
        self,
        architecture: Architecture,
        loss: Loss,
        penalties: Sequence[Node] = (),
        *,
        weighted: bool = False,
        dtype: DTypeLike = np.float32,
        flat: Flat | None = None,
    ) -> None:
        self.architecture = architecture
        self.loss = loss
        self.penalties = penalties
        self.dtype = np.dtype(dtype)
        self.parameters = Parameters(architecture.parameters(), dtype, flat)
        self.statistics = architecture.statistics(dtype)
        self.training = TrainingGraph(self, penalties, weighted)
        self._idle = [PredictionGraph(self)]  # those that no call is using

    def moved(self, flat: Flat) -> "Network":
        """The same layers over other memory, whose numbers are the caller's to write."""
        weighted = self.training.weights is not None
        moved = Network(
            self.architecture, self.loss, self.penalties, weighted=weighted, dtype=self.dtype, flat=flat
        )
        moved.statistics.update(self.statistics)
        return moved

    def initialize(self, initializer: Initializer, seed: int, bias_std: float = 0.0) -> None:
        """Draw what is drawn."""
        draw(self.parameters, initializer, seed, bias_std)

    def regularization_loss(self) -> float:
        """lambda R(W) of the weights as they stand."""
        weights = [weight.value for weight in self.parameters.decaying()]
        return sum_in_order(float(apply(node, *weights, dtype=self.dtype)) for node in self.penalties)

    def scores(self, arrays: Sequence[RowArray], batch_rows: int = AT_ONCE) -> Array:
        """The scores (N, C) of N rows, given as one array for each input; `batch_rows` at a time.

        Any number of threads may call it: each call borrows a prediction graph that no other call is
        using. There are as many as calls ran at once, each with memory for `batch_rows` rows at most.
        """
        rows = len(arrays[0])
        scores = np.empty((rows, self.architecture.outputs), self.dtype)
        with self.borrowed() as prediction, np.errstate(all="ignore"):  # an overflow shows there
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

    def inputs_of(self, graph: Graph) -> tuple[Value, ...]:
        """Add what is read of each row to a graph: X, and codes where some are looked up."""
        x, codes = graph.input("X", (None, self.architecture.inputs)), self.architecture.codes
        return (x, graph.input("codes", (None, codes), np.int32)) if codes else (x,)

    def wire(
        self, graph: Graph, x: Value, codes: Value | None = None, *, trains: bool
    ) -> tuple[Wiring, Value]:
        """Let every layer join a graph behind `x`: what they leave behind, and the scores."""
        wiring = Wiring(graph, self.parameters, self.statistics, trains, codes)
        for layer in self.architecture.layers:
            x = layer.join(wiring, x)
        return wiring, x


class PredictionGraph:
    """X (and codes) -> scores."""

    def __init__(self, network: Network) -> None:
        self.graph = Graph(network.dtype, keeps_all=False)
        self.inputs = network.inputs_of(self.graph)
        _, self.scores = network.wire(self.graph, *self.inputs, trains=False)
        if network.architecture.members:
            self.scores = network.loss.combined(self.graph, self.scores)


class TrainingGraph:
    """X, y (and codes, row weights, dropout masks) -> data loss + regularization loss.

    Its scores are those of the members, (k, N, C), where the network is an ensemble.
    """

    def __init__(self, network: Network, penalties: Sequence[Node], weighted: bool) -> None:
        architecture = network.architecture
        self.graph = graph = Graph(network.dtype, keeps_all=False)
        self.inputs = network.inputs_of(graph)
        if network.loss.classifies:
            self.y = graph.input("y", (None,), np.int64)
        else:
            self.y = graph.input("y", (None, architecture.outputs // network.loss.per_target))
        self.weights = graph.input("weights", (None,)) if weighted else None
        self.wiring, self.scores = network.wire(graph, *self.inputs, trains=True)
        targets = (self.y,) if self.weights is None else (self.y, self.weights)
        loss = MeanLoss(network.loss) if architecture.members else network.loss
        self.data_loss = graph.add(loss, self.scores, *targets, name="data_loss")
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
        """A generator for the masks of one step, for each layer that drops units, and each member."""
        layers = range(1, len(self.wiring.masks) + 1)
        if not self.wiring.members:
            return [stream(seed, "dropout", step, layer) for layer in layers]
        members = range(1, self.wiring.members + 1)
        return [stream(seed, "dropout", step, layer, each) for layer in layers for each in members]

    def draw_masks(self, plan: Plan, streams: Sequence[np.random.Generator]) -> None:
        """Draw the dropout masks of the next rows of a step: shards draw what the whole would."""
        masks = [
            (part, p)
            for mask, p in self.wiring.masks.items()
            for part in (plan.value(mask) if self.wiring.members else [plan.value(mask)])
        ]
        for (part, p), generator in zip(masks, streams, strict=True):
            draw_mask(generator, p, part)

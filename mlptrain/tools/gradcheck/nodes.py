"""The gradient check of every node by itself, on inputs that keep away from kinks and poles.

Whatever a node puts out is projected on random numbers R, L = sum(output * R), so that a node of any
shape has a scalar loss whose gradient depends on all of its outputs.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mlptrain.arrays import Array, Shape
from mlptrain.graph.gates import GATES, Multiply
from mlptrain.graph.graph import Graph
from mlptrain.graph.node import Node
from mlptrain.graph.reductions import LogMeanExp, Sum
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.dropout import Dropout
from mlptrain.nn.embedding import Concatenate, Embedding
from mlptrain.nn.linear import Linear
from mlptrain.nn.losses import LOSSES, Loss
from mlptrain.nn.members import Heads, MeanLoss, Shared
from mlptrain.nn.norm import BatchNorm, FixedNorm, LayerNorm
from mlptrain.nn.regularizers import REGULARIZERS
from mlptrain.nn.scale import FanIn, InputScale
from mlptrain.streams import stream
from mlptrain.tools.gradcheck.case import Case

LAYERS: dict[str, type[Any]] = {
    "linear": Linear,
    "dropout": Dropout,
    "batch_norm": BatchNorm,
    "fixed_norm": FixedNorm,
    "layer_norm": LayerNorm,
    "input_scale": InputScale,
    "member_scale": InputScale,
    "heads_scale": InputScale,
    "fan_in": FanIn,
    "heads": Heads,
    "heads_of_shared": Heads,
    "shared": Shared,
    "log_mean_exp": LogMeanExp,
    "concatenate": Concatenate,
}

GATE_SHAPES: Mapping[str, Sequence[Shape]] = {
    "add": [(4, 3), (3,)],
    "subtract": [(4, 1), (4, 3)],
    "multiply": [(4, 3), ()],
    "divide": [(4, 3), (3,)],
    "power": [(4, 3), (1, 3)],
    "max": [(4, 3), (4, 3)],
    "min": [(4, 3), (4, 3)],
    "matmul": [(4, 3), (3, 5)],
}
"""Gates with two inputs, most of them with shapes that broadcast; the others take one (4, 3)."""

LAYER_SHAPES: Mapping[str, Sequence[Shape]] = {
    "linear": [(4, 3), (3, 5), (5,)],
    "dropout": [(4, 3), (4, 3)],
    "batch_norm": [(6, 3), (3,), (3,)],
    "fixed_norm": [(6, 3), (3,), (3,), (3,), (3,)],
    "layer_norm": [(6, 5), (5,), (5,)],
    "input_scale": [(6, 5), (6,)],
    "member_scale": [(6, 5), (2, 6)],
    "heads_scale": [(2, 6, 5), (6,)],
    "fan_in": [(6, 5)],
    "heads": [(2, 4, 3), (2, 3, 5), (2, 5)],
    "heads_of_shared": [(4, 3), (2, 3, 5), (5,)],
    "shared": [(2, 4, 3), (3, 5), (5,)],
    "log_mean_exp": [(3, 4, 5)],
    "concatenate": [(4, 2), (4, 3), (4, 1)],
}

POSITIVE = {"log", "power", "sqrt", "fixed_norm"}
"""Nodes that are checked on positive inputs: a logarithm, a base, a root, a variance."""

LOSS_OPTIONS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "softmax": [{}, {"label_smoothing": 0.1}, {"class_weights": [0.5, 1.0, 2.0, 0.1]}],
    "hinge": [{}, {"delta": 0.5}, {"class_weights": [0.5, 1.0, 2.0, 0.1]}],
    "mse": [{}, {"reduction": "sum"}],
    "huber": [{}, {"delta": 0.5}],
    "quantile": [{"levels": [0.3]}, {"levels": [0.1, 0.9]}],
}
"""Options under which a loss is checked, besides its defaults."""

CODES = [[0, 3], [0, 1], [0, 3], [0, 4]]
"""Of two columns; in the second a row of the table comes twice, and rows 0 and 2 never."""

NAMES = "xyzuv"
INPUTS: Mapping[str, str] = {"linear": "XWb"}
"""Names of the inputs of a node, where they have names of their own."""


def first_cases(seed: int) -> Iterator[Case]:
    """The sum and the product, each by itself: the projection of every other node is made of them."""
    generator = stream(seed, "first")
    x, y = (away_from_zero(generator, (4, 3)) for _ in range(2))
    for name, node, inputs in (("sum", Sum(), [x]), ("multiply", Multiply(), [x, y])):
        graph = Graph(np.float64)
        values = [graph.input(NAMES[i], x.shape, wants_gradient=True) for i, x in enumerate(inputs)]
        output = graph.add(node, *values, name="output")
        if name != "sum":
            graph.add(Sum(), output, name="L")
        plan = graph.plan()
        for value, array in zip(values, inputs, strict=True):
            plan.value(value)[...] = array
        label = f"node {name}, not projected"
        yield Case(label, plan, values, generator, node=node, first=True)


def node_cases(seed: int) -> Iterator[Case]:
    """Every node of every registry."""
    for table, shapes in ((GATES, GATE_SHAPES), (ACTIVATIONS, {}), (LAYERS, LAYER_SHAPES)):
        for name, kind in table.items():
            generator = stream(seed, name)
            inputs = [
                away_from_zero(generator, shape, positive=name in POSITIVE)
                for shape in shapes.get(name, [(4, 6)])
            ]
            count = 3 if name == "fixed_norm" else len(inputs)
            wanted = 1 if name == "dropout" else count
            yield node_case(name, kind(), inputs, seed, gradients=wanted, names=INPUTS.get(name, NAMES))
    rows, codes = away_from_zero(stream(seed, "embedding"), (5, 3)), np.array(CODES)
    yield node_case("embedding", Embedding(1), [rows, codes], seed, gradients=1)
    yield from _loss_cases(seed)
    for name, regularizer in REGULARIZERS.items():
        generator = stream(seed, name)
        weights = [away_from_zero(generator, shape) for shape in ((4, 3), (3, 2))]
        yield node_case(name, regularizer(0.3), weights, seed)


def _loss_cases(seed: int) -> Iterator[Case]:
    for name, kind in LOSSES.items():
        for options in LOSS_OPTIONS.get(name, [{}]):
            loss = kind(**options)
            generator = stream(seed, name)
            scores = away_from_zero(generator, (5, 4))
            targets = _targets(loss, generator)
            label = f"{name} loss" + "".join(f", {_option(*each)}" for each in options.items())
            yield node_case(label, loss, [scores, targets], seed, gradients=1)
            members = away_from_zero(generator, (3, 5, 4))
            yield node_case(f"{label}, ensemble", MeanLoss(loss), [members, targets], seed, gradients=1)
            weighted = [scores, targets, generator.uniform(0.5, 2, 5)]
            yield node_case(f"{label}, row weights", loss, weighted, seed, gradients=1)


def _option(key: str, value: Any) -> str:
    """An option in a label; a list of numbers goes without saying.

    >>> _option("delta", 0.5), _option("class_weights", [1.0, 2.0])
    ('delta=0.5', 'class_weights')
    """
    return key if isinstance(value, list) else f"{key}={value}"


def _targets(loss: Loss, generator: np.random.Generator) -> Array:
    if loss.classifies:
        return generator.integers(0, 4, 5)
    return 3 + away_from_zero(generator, (5, 4 // loss.per_target))


def away_from_zero(generator: np.random.Generator, shape: Shape, *, positive: bool = False) -> Array:
    """Numbers with 0.2 <= |x| < 2: most kinks and poles lie at 0."""
    x = generator.uniform(0.2, 2, shape)
    return np.asarray(x if positive else x * generator.choice((-1.0, 1.0), shape))


def node_case(
    name: str,
    node: Node,
    inputs: Sequence[Array],
    seed: int,
    *,
    gradients: int | None = None,
    names: str = NAMES,
) -> Case:
    """A node with filled inputs and a random projection of its output behind it.

    The gradients of the first `gradients` inputs are checked (all, if not given).
    """
    graph = Graph(np.float64)
    count = len(inputs) if gradients is None else gradients
    values = [
        graph.input(names[i], array.shape, array.dtype, wants_gradient=i < count)
        for i, array in enumerate(inputs)
    ]
    output = graph.add(node, *values, name="output")
    shape = node.shape(*(array.shape for array in inputs))
    R = graph.input("R", shape)
    graph.add(Sum(), graph.add(Multiply(), output, R, name="projected"), name="L")
    plan = graph.plan()
    generator = stream(seed, "projection")
    plan.value(R)[...] = away_from_zero(generator, shape)
    for value, array in zip(values, inputs, strict=True):
        plan.value(value)[...] = array
    return Case(f"node {name}", plan, values[:count], generator, node=node)

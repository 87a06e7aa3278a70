"""The gradient check of whole networks: data loss, penalty, norms and a fixed dropout mask together."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mlptrain.data.dataset import Rows
from mlptrain.data.inputs import Inputs
from mlptrain.graph.graph import Graph
from mlptrain.graph.plan import Value
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.initializers import xavier
from mlptrain.nn.losses import LOSSES, Loss
from mlptrain.nn.network import Architecture, Network, TrainingGraph, perceptron
from mlptrain.nn.regularizers import L1, L2, add_penalties
from mlptrain.streams import stream
from mlptrain.tools.gradcheck.case import Case
from mlptrain.tools.gradcheck.nodes import away_from_zero, first_cases, node_cases

INPUTS, HIDDEN, OUTPUTS, ROWS = 5, (7, 6), 3, 8

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "no bias": {"bias": False},
    "batch norm": {"norm": "batch"},
    "layer norm": {"norm": "layer"},
    "dropout": {"dropout": 0.4},
    "batch norm, dropout": {"norm": "batch", "dropout": 0.4},
    "input scale, ntk": {"input_scale": True, "ntk": True},
    "ensemble": {"members": 3, "ntk": True},
    "ensemble, layer norm, dropout": {"members": 2, "norm": "layer", "dropout": 0.4},
}
"""What a network can have besides layers and activations."""


def all_cases(seed: int = 0) -> Iterator[Case]:
    """The gates that the projection is made of, then every node, then the networks."""
    yield from first_cases(seed)
    yield from node_cases(seed)
    yield from network_cases(seed)


def network_cases(seed: int) -> Iterator[Case]:
    """Networks that together hold every activation, loss, penalty, norm and dropout."""
    linear = perceptron(INPUTS, OUTPUTS)
    yield _case("linear classifier, l2", linear, LOSSES["softmax"](), seed)
    for name, activation in ACTIVATIONS.items():
        architecture = perceptron(INPUTS, OUTPUTS, HIDDEN, [activation()] * len(HIDDEN))
        yield _case(f"{name}, softmax, l2", architecture, LOSSES["softmax"](), seed)
    for name, options in VARIANTS.items():
        activations = [ACTIVATIONS["tanh"]()] * len(HIDDEN)
        architecture = perceptron(INPUTS, OUTPUTS, HIDDEN, activations, **options)
        yield _case(f"tanh, {name}", architecture, LOSSES["softmax"](), seed)
    for name, loss in LOSSES.items():
        activations = [ACTIVATIONS["tanh"]()] * len(HIDDEN)
        architecture = perceptron(INPUTS, OUTPUTS, HIDDEN, activations)
        yield _case(f"tanh, {name}, l2, l1", architecture, loss(), seed, l1=0.01)


def _case(name: str, architecture: Architecture, loss: Loss, seed: int, l1: float = 0.0) -> Case:
    penalties = [L2(0.05), *([L1(l1)] if l1 else [])]
    network = Network(architecture, loss, penalties, dtype=np.float64)
    network.initialize(xavier, seed)
    generator = stream(seed, "gradcheck")
    for parameter in network.parameters:
        if parameter.spec.kind != "weight":
            parameter.value[...] += away_from_zero(generator, parameter.value.shape) / 4
    X = away_from_zero(generator, (ROWS, INPUTS))
    y = (
        generator.integers(0, OUTPUTS, ROWS)
        if loss.classifies
        else 3 + away_from_zero(generator, (ROWS, OUTPUTS // loss.per_target))
    )
    return network_case(name, network, Rows(Inputs(X), y), seed)


def part_cases(name: str, network: Network, rows: Rows, seed: int) -> Iterator[Case]:
    """The data loss by itself, then the penalty, then their sum: a large one hides faults of the other.

    Without a penalty there is only one loss to check.
    """
    whole = network_case(name, network, rows, seed)
    if not network.penalties:
        yield whole
        return
    weighted = network.training.weights is not None
    data = training_case(name, TrainingGraph(network, (), weighted), rows, seed)
    yield data._replace(part="data loss")
    yield penalty_case(name, network, seed)._replace(part="penalty")
    yield whole._replace(part="sum")


def network_case(name: str, network: Network, rows: Rows, seed: int) -> Case:
    """All parameters of a float64 network, on these rows, and the loss that `fit` descends."""
    return training_case(name, network.training, rows, seed)


def training_case(name: str, training: TrainingGraph, rows: Rows, seed: int) -> Case:
    """A training graph with these rows and the dropout masks of step 0."""
    plan = training.fill(rows.inputs.arrays, rows.y, rows.weights, seed)
    return Case(name, plan, _parameters(training.graph), stream(seed, "entries"))


def penalty_case(name: str, network: Network, seed: int) -> Case:
    """The regularizers alone, on all weights."""
    graph = Graph(network.dtype)
    decaying = network.parameters.decaying()
    add_penalties(
        graph,
        network.penalties,
        [graph.parameter(each.name, each.value, each.gradient) for each in decaying],
    )
    return Case(name, graph.plan(), _parameters(graph), stream(seed, "entries"))


def _parameters(graph: Graph) -> list[Value]:
    return [value for value in graph.values if value.gradient is not None]

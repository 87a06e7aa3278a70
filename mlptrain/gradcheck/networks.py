"""The gradient check of whole networks: data loss, penalty, norms and a fixed dropout mask together."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mlptrain.data.dataset import Rows
from mlptrain.gradcheck.nodes import away_from_zero
from mlptrain.gradcheck.numerical import Row, check
from mlptrain.initializers import xavier
from mlptrain.losses import LOSSES, Loss
from mlptrain.network import Architecture, Network
from mlptrain.nodes.activations import ACTIVATIONS
from mlptrain.random import stream
from mlptrain.regularizers import L1, L2

INPUTS, HIDDEN, OUTPUTS, ROWS = 5, (7, 6), 3, 8

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "no bias": {"bias": False},
    "batch norm": {"norm": "batch"},
    "layer norm": {"norm": "layer"},
    "dropout": {"dropout": 0.4},
    "batch norm, dropout": {"norm": "batch", "dropout": 0.4},
}
"""What a network can have besides layers and activations."""


def check_networks(seed: int = 0) -> Iterator[Row]:
    """Networks that together hold every activation, loss, penalty, norm and dropout."""
    linear = Architecture(INPUTS, OUTPUTS)
    yield from _check("linear classifier, l2", linear, LOSSES["softmax"](), seed)
    for name, activation in ACTIVATIONS.items():
        architecture = Architecture(INPUTS, OUTPUTS, HIDDEN, [activation()] * len(HIDDEN))
        yield from _check(f"{name}, softmax, l2", architecture, LOSSES["softmax"](), seed)
    for name, options in VARIANTS.items():
        activations = [ACTIVATIONS["tanh"]()] * len(HIDDEN)
        architecture = Architecture(INPUTS, OUTPUTS, HIDDEN, activations, **options)
        yield from _check(f"tanh, {name}", architecture, LOSSES["softmax"](), seed)
    for name, loss in LOSSES.items():
        activations = [ACTIVATIONS["tanh"]()] * len(HIDDEN)
        architecture = Architecture(INPUTS, OUTPUTS, HIDDEN, activations)
        yield from _check(f"tanh, {name}, l2, l1", architecture, loss(), seed, l1=0.01)


def _check(
    name: str, architecture: Architecture, loss: Loss, seed: int, l1: float = 0.0
) -> Iterator[Row]:
    penalties = [L2(0.05), *([L1(l1)] if l1 else [])]
    network = Network(architecture, loss, penalties, dtype=np.float64)
    network.initialize(xavier, seed)
    generator = stream(seed, "gradcheck")
    for parameter in network.parameters:
        if not parameter.is_weight:
            parameter.value[...] += away_from_zero(generator, parameter.value.shape) / 4
    X = away_from_zero(generator, (ROWS, INPUTS))
    y = (
        generator.integers(0, OUTPUTS, ROWS)
        if loss.classifies
        else 3 + away_from_zero(generator, (ROWS, OUTPUTS))
    )
    yield from check_network(name, network, Rows(X, y), seed)


def check_network(name: str, network: Network, rows: Rows, seed: int) -> Iterator[Row]:
    """One row for each parameter of a float64 network, on these rows and one fixed dropout mask."""
    training = network.training
    plan = training.graph.plan(len(rows))
    plan.value(training.X)[...] = rows.X
    plan.value(training.y)[...] = rows.y
    if training.weights is not None and rows.weights is not None:
        plan.value(training.weights)[...] = rows.weights
    training.draw_masks(plan, seed, step=0)
    parameters = [value for value in training.graph.values if value.gradient is not None]
    yield from check(name, plan, parameters, stream(seed, "entries"))

"""The layers of a network as steps of plain arithmetic: a dict for each, with its arrays."""

from collections.abc import Callable
from functools import reduce
from typing import Any, cast

import numpy as np

from mlptrain.arrays import Array
from mlptrain.errors import ConfigError
from mlptrain.nn.activations import ACTIVATIONS, Activation
from mlptrain.nn.activations.piecewise import (
    ELU,
    SELU,
    SELU_ALPHA,
    SELU_SCALE,
    LeakyReLU,
    Maxout,
)
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
)
from mlptrain.nn.network import Network
from mlptrain.nn.norm import EPS
from mlptrain.nn.scale import fan_in_factor

Step = dict[str, Any]
Factors = list[Array]

OPTIONS: dict[type[Activation], Callable[[Any], Step]] = {
    ELU: lambda node: {"alpha": node.alpha, "scale": 1.0},
    SELU: lambda node: {"alpha": SELU_ALPHA, "scale": SELU_SCALE},
    LeakyReLU: lambda node: {"slope": node.slope},
    Maxout: lambda node: {"pieces": node.pieces},
}
"""What the formula of an activation needs beside its name."""
KNOWN = (
    *("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus", "sigmoid", "tanh"),
    *("identity", "maxout"),
)
"""The activations that every form of export has a formula for."""


def refused(what: str) -> ConfigError:
    """The error for a part of a model that no export knows."""
    return ConfigError(f"export: {what} cannot be exported yet: predict with mlptrain itself")


def _activation(layer: Layer, network: Network, factors: Factors) -> list[Step]:
    node = cast(Activate, layer).activation
    name = next((name for name, kind in ACTIVATIONS.items() if kind is type(node)), "")
    if name not in KNOWN:
        raise refused(f"the activation {type(node).__name__}")
    options = OPTIONS.get(type(node), lambda node: {})(node)
    return [{"op": "activation", "name": name, **options}]


def _dense(layer: Layer, network: Network, factors: Factors) -> list[Step]:
    """The linear scores, with the factors as `Dense.join` takes them to W: in their order and type."""
    dense, values = cast(Dense, layer), network.parameters
    W = values[f"{dense.name}.W"].value
    b = values[f"{dense.name}.b"].value if dense.bias else None
    fan_in = fan_in_factor(W.shape[-2]) if dense.ntk else 1.0
    if not factors:
        before = [{"op": "divide", "factor": fan_in}] if dense.ntk else []
        return [*before, {"op": "linear", "W": W, "b": b, "factor": None}]
    factor = np.multiply(reduce(np.multiply, factors), fan_in)
    return [{"op": "linear", "W": W, "b": b, "factor": factor}]


def _batch_norm(layer: Layer, network: Network, factors: Factors) -> list[Step]:
    gamma, beta = _gain(layer, network)
    mean, variance = (network.statistics[f"{layer.name}.{kind}"] for kind in ("mean", "variance"))
    return [{"op": "norm", "mean": mean, "factor": gamma / np.sqrt(variance + EPS), "shift": beta}]


def _layer_norm(layer: Layer, network: Network, factors: Factors) -> list[Step]:
    gamma, beta = _gain(layer, network)
    return [{"op": "layer_norm", "gamma": gamma, "beta": beta, "eps": EPS}]


def _gain(layer: Layer, network: Network) -> tuple[Array, Array]:
    gamma, beta = (network.parameters[f"{layer.name}.{kind}"].value for kind in ("gamma", "beta"))
    return gamma, beta


def _nothing(layer: Layer, network: Network, factors: Factors) -> list[Step]:
    return []


LAYERS: dict[type[Layer], Callable[[Layer, Network, Factors], list[Step]]] = {
    Embed: _nothing,  # its tables stand in the features
    ScaleInputs: _nothing,  # its factors go to the next linear scores
    ScaleMembers: _nothing,
    Dense: _dense,
    NormalizeBatch: _batch_norm,
    NormalizeRows: _layer_norm,
    Activate: _activation,
    Drop: _nothing,
}
"""How each layer is written, given the factors of what it reads."""


def steps_of(network: Network, response: str) -> list[Step]:
    """What is done with the features of a row, from the first layer to the scores.

    response   of the loss, in which an ensemble averages its members
    """
    architecture, steps, factors = network.architecture, list[Step](), Factors()
    for place, layer in enumerate(architecture.layers):
        if type(layer) not in LAYERS or (isinstance(layer, Embed) and place):
            raise refused(f"the layer {type(layer).__name__}")
        steps += LAYERS[type(layer)](layer, network, factors)
        if isinstance(layer, ScaleInputs | ScaleMembers):
            factors.append(network.parameters[f"{layer.name}.scale"].value)
        elif isinstance(layer, Dense):
            factors = Factors()
    if architecture.members:
        steps.append({"op": "combine", "response": response, "members": architecture.members})
    return steps


def tables_of(network: Network) -> list[Array]:
    """The table of each column of codes, in their order."""
    layers = network.architecture.layers
    return [
        network.parameters[f"{layer.name}{number}.table"].value
        for layer in layers
        if isinstance(layer, Embed)
        for number in range(1, len(layer.tables) + 1)
    ]

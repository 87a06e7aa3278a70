"""Activation functions (lecture 4, P32): the non-linearity between two linear layers.

Without one the network collapses to a linear classifier (P31); `identity` is here to show it. They
work element by element and keep the shape, save maxout. Each docstring states the formula and the
local gradient.
"""

from mlptrain.nn.activations.activation import Activation
from mlptrain.nn.activations.piecewise import (
    ELU,
    SELU,
    Identity,
    LeakyReLU,
    Maxout,
    ReLU,
)
from mlptrain.nn.activations.smooth import (
    GELU,
    Mish,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)

ACTIVATIONS: dict[str, type[Activation]] = {
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "elu": ELU,
    "selu": SELU,
    "gelu": GELU,
    "silu": SiLU,
    "mish": Mish,
    "softplus": Softplus,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "identity": Identity,
    "maxout": Maxout,
}

__all__ = ["ACTIVATIONS", "Activation"]

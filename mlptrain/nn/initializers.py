"""Where the weights start. Biases start at 0, or are drawn from N(0, bias_std^2) where that is given.

Each takes a random generator, the shape of W and the fans (D, M) that its layer states, and returns
float64 weights; D is the number of inputs of a unit ("fan-in"), M the number of units ("fan-out").
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mlptrain.arrays import Shape
from mlptrain.bounds import Positive

Weights = NDArray[np.float64]
Fans = tuple[int, int]
Initializer = Callable[[np.random.Generator, Shape, Fans], Weights]


def he(generator: np.random.Generator, shape: Shape, fans: Fans) -> Weights:
    """N(0, 2 / D): keeps the scale of activations through ReLU layers (He et al., 2015).

    >>> round(float(he(np.random.default_rng(0), (50, 400), (50, 400)).std()), 2)  # sqrt(2 / 50)
    0.2
    """
    return generator.normal(0.0, math.sqrt(2 / fans[0]), shape)


def xavier(generator: np.random.Generator, shape: Shape, fans: Fans) -> Weights:
    """N(0, 2 / (D + M)): for tanh and sigmoid (Glorot and Bengio, 2010).

    >>> round(float(xavier(np.random.default_rng(0), (50, 150), (50, 150)).std()), 2)  # sqrt(2 / 200)
    0.1
    """
    return generator.normal(0.0, math.sqrt(2 / sum(fans)), shape)


def lecun(generator: np.random.Generator, shape: Shape, fans: Fans) -> Weights:
    """N(0, 1 / D): keeps the scale of linear scores; meant for selu (LeCun et al., 1998).

    >>> round(float(lecun(np.random.default_rng(0), (100, 400), (100, 400)).std()), 2)  # sqrt(1 / 100)
    0.1
    """
    return generator.normal(0.0, math.sqrt(1 / fans[0]), shape)


def normal(
    generator: np.random.Generator, shape: Shape, fans: Fans, *, std: Positive = 0.01
) -> Weights:
    """N(0, std^2): the same scale for every layer.

    >>> round(float(normal(np.random.default_rng(0), (100, 400), (100, 400), std=0.5).std()), 2)
    0.5
    """
    return generator.normal(0.0, std, shape)


def zeros(generator: np.random.Generator, shape: Shape, fans: Fans) -> Weights:
    """0: every hidden unit computes the same and stays so; for linear classifiers only.

    >>> zeros(np.random.default_rng(0), (1, 3), (1, 3))
    array([[0., 0., 0.]])
    """
    return np.zeros(shape)


INITIALIZERS: dict[str, Callable[..., Weights]] = {
    "he": he,
    "xavier": xavier,
    "lecun": lecun,
    "normal": normal,
    "zeros": zeros,
}

"""Toy sets: made on the spot, small enough to draw, each with one thing to teach.

Every function takes a random generator and keyword-only options and returns (X, y): X (N, D) in
float64, y (N,) int64 class numbers, or (N, K) float64 for the regression. The rows come sorted by
class and every class has the same number. The same generator state gives the same bits.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from mlptrain.bounds import Count, NonNegative, Positive

Points = NDArray[np.float64]
Labels = NDArray[np.int64]

Classes = Annotated[int, Ge(2)]
"""At least two: with one there is nothing to learn."""
SpiralArms = Annotated[int, Ge(2), Le(11)]
"""Arms are 4 radians apart, so the twelfth would fall onto the first: 44 is 7 turns and 0.02."""


def spiral(
    generator: np.random.Generator,
    *,
    classes: SpiralArms = 3,
    points_per_class: Count = 100,
    noise: NonNegative = 0.2,
) -> tuple[Points, Labels]:
    """Arms of a spiral, one per class.   X (classes * points_per_class, 2).

        r = 0 .. 1    theta = 4 c + 4 r + noise * N(0, 1)    X = (r sin theta, r cos theta)

    A linear classifier gets about half of three arms right; one hidden layer of 100 gets nearly all.
    Source: CS231n notes, "Putting it together: minimal neural network case study".

    >>> X, y = spiral(np.random.default_rng(0))
    >>> X.shape, np.bincount(y)
    ((300, 2), array([100, 100, 100]))
    """
    r = np.linspace(0, 1, points_per_class)
    arms = []
    for c in range(classes):
        theta = 4 * (c + r) + noise * generator.normal(size=points_per_class)
        arms.append(np.column_stack([r * np.sin(theta), r * np.cos(theta)]))
    return _stack(arms)


def rings(
    generator: np.random.Generator,
    *,
    classes: Classes = 2,
    points_per_class: Count = 200,
    noise: NonNegative = 0.1,
) -> tuple[Points, Labels]:
    """Concentric rings of radius 1, 2, ..., one per class.   X (classes * points_per_class, 2).

        theta even around the circle    X = (c + 1) (cos theta, sin theta) + noise * N(0, 1)

    No line separates them, so a linear classifier stays near chance. After the feature transform
    f(x, y) = (r, theta) a threshold on r does it (lecture 4, P24-P25).

    >>> X, y = rings(np.random.default_rng(0), points_per_class=2, noise=0)
    >>> np.hypot(*X.T), y
    (array([1., 1., 2., 2.]), array([0, 0, 1, 1]))
    """
    theta = np.linspace(0, 2 * np.pi, points_per_class, endpoint=False)
    circle = np.column_stack([np.cos(theta), np.sin(theta)])
    return _stack([_noisy((c + 1) * circle, noise, generator) for c in range(classes)])


def moons(
    generator: np.random.Generator,
    *,
    points_per_class: Count = 100,
    noise: NonNegative = 0.1,
) -> tuple[Points, Labels]:
    """Two half circles that reach into each other.   X (2 * points_per_class, 2), two classes.

        theta = 0 .. pi    class 0 (cos theta, sin theta)    class 1 (1 - cos theta, 1/2 - sin theta)

    plus noise * N(0, 1). A line gets most of it right and the rest needs a bend: the difference
    between a linear classifier and a small network. Source: scikit-learn's `make_moons`.

    >>> X, y = moons(np.random.default_rng(0), points_per_class=3, noise=0)
    >>> X[1].round(9), X[4]  # the top of the upper moon, the bottom of the lower one
    (array([0., 1.]), array([ 1. , -0.5]))
    """
    theta = np.linspace(0, np.pi, points_per_class)
    upper = np.column_stack([np.cos(theta), np.sin(theta)])
    lower = np.column_stack([1 - np.cos(theta), 0.5 - np.sin(theta)])
    return _stack([_noisy(moon, noise, generator) for moon in (upper, lower)])


def xor(
    generator: np.random.Generator,
    *,
    points_per_class: Count = 100,
    noise: NonNegative = 0.25,
) -> tuple[Points, Labels]:
    """The corners of a square, opposite ones of one class.   X (2 * points_per_class, 2).

        class 0 at (1, 1) and (-1, -1)    class 1 at (1, -1) and (-1, 1)    plus noise * N(0, 1)

    The smallest problem that a linear classifier cannot solve and two hidden units can.
    Source: Minsky and Papert, "Perceptrons" (1969).

    >>> X, y = xor(np.random.default_rng(0), points_per_class=2, noise=0)
    >>> X.tolist(), y
    ([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]], array([0, 0, 1, 1]))
    """
    side = np.where(np.arange(points_per_class) % 2 == 0, 1.0, -1.0)
    equal, opposite = np.column_stack([side, side]), np.column_stack([side, -side])
    return _stack([_noisy(corners, noise, generator) for corners in (equal, opposite)])


def gaussians(
    generator: np.random.Generator,
    *,
    classes: Classes = 3,
    points_per_class: Count = 100,
    radius: Positive = 3.0,
    noise: NonNegative = 1.0,
) -> tuple[Points, Labels]:
    """One normal cloud per class, the centres even on a circle.   X (classes * points_per_class, 2).

        X = radius (cos theta_c, sin theta_c) + noise * N(0, 1)    theta_c = 2 pi c / classes

    The case in which a linear classifier is the right one: the clouds have the same spread, so the
    best boundaries between them are straight (linear discriminant analysis; Fisher 1936).

    >>> X, y = gaussians(np.random.default_rng(0), classes=2, points_per_class=1, noise=0)
    >>> X.round(9) + 0, y
    (array([[ 3.,  0.],
           [-3.,  0.]]), array([0, 1]))
    """
    theta = 2 * np.pi * np.arange(classes) / classes
    centres = radius * np.column_stack([np.cos(theta), np.sin(theta)])
    shape = (points_per_class, 2)
    return _stack([_noisy(np.broadcast_to(c, shape), noise, generator) for c in centres])


def random_regression(
    generator: np.random.Generator,
    *,
    rows: Count = 64,
    features: Count = 1000,
    outputs: Count = 10,
) -> tuple[Points, Points]:
    """X ~ N(0, 1) (rows, features) and, unrelated to it, y ~ N(0, 1) (rows, outputs).

    There is nothing to learn, only to fit: it exercises an engine, and with more features than rows
    the loss goes to 0. The defaults are the data of the lecture's 20-line network (P35-P39).

    >>> X, y = random_regression(np.random.default_rng(0))
    >>> X.shape, y.shape
    ((64, 1000), (64, 10))
    """
    return generator.normal(size=(rows, features)), generator.normal(size=(rows, outputs))


def _noisy(points: Points, noise: float, generator: np.random.Generator) -> Points:
    return points + noise * generator.normal(size=points.shape)


def _stack(points_of_class: Sequence[Points]) -> tuple[Points, Labels]:
    y = np.repeat(np.arange(len(points_of_class), dtype=np.int64), len(points_of_class[0]))
    return np.concatenate(points_of_class), y


Toy = Callable[..., tuple[Points, NDArray[Any]]]

TOYS: dict[str, Toy] = {
    "spiral": spiral,
    "rings": rings,
    "moons": moons,
    "xor": xor,
    "gaussians": gaussians,
    "random": random_regression,
}

"""Limited-memory BFGS: the whole loss and its gradient at each step, for a few parameters."""

from collections import deque
from collections.abc import Callable

import numpy as np

from mlptrain.arrays import Array

MEMORY = 10
"""Steps that the curvature is guessed from."""
ARMIJO, HALVINGS = 1e-4, 20
FLAT = 1e-7
"""The loss has stopped falling: by so little relative to itself."""


def minimized(
    function: Callable[[Array], tuple[float, Array]], start: Array, steps: int = 60
) -> tuple[Array, float]:
    """Where a smooth function is lowest, as far as so many steps lead, and its value there.

    The direction is -H g, with H the inverse Hessian as the last ten steps show it; its length is
    halved until the function falls by 1e-4 of what the slope promises (Armijo). Source: Nocedal and
    Wright, "Numerical Optimization" (2006), algorithm 7.4.

    >>> x, value = minimized(lambda x: (float(x @ x), 2 * x), np.array([3.0, -4.0]))
    >>> bool(abs(x).max() < 1e-6), value < 1e-12
    (True, True)
    """
    x = np.array(start, np.float64)
    value, gradient = function(x)
    pairs = deque[tuple[Array, Array]](maxlen=MEMORY)
    for _ in range(steps):
        step = -_times_inverse_hessian(gradient, pairs)
        slope = float(step @ gradient)
        if not slope < 0:
            break
        length = 1.0 if pairs else 1 / max(1.0, float(np.linalg.norm(gradient)))
        for _ in range(HALVINGS):
            there, its_gradient = function(x + length * step)
            if there <= value + ARMIJO * length * slope:
                break
            length /= 2
        else:
            break
        moved, turned = length * step, its_gradient - gradient
        if float(moved @ turned) > 0:
            pairs.append((moved, turned))
        x, before, value, gradient = x + moved, value, there, its_gradient
        if before - value <= FLAT * max(abs(value), 1.0):
            break
    return x, value


def _times_inverse_hessian(gradient: Array, pairs: deque[tuple[Array, Array]]) -> Array:
    """H g by the two loops over the last steps."""
    q, factors = gradient.copy(), []
    for moved, turned in reversed(pairs):
        factors.append(float(moved @ q) / float(moved @ turned))
        q -= factors[-1] * turned
    if pairs:
        moved, turned = pairs[-1]
        q *= float(moved @ turned) / float(turned @ turned)
    for (moved, turned), factor in zip(pairs, reversed(factors), strict=True):
        q += (factor - float(turned @ q) / float(moved @ turned)) * moved
    return q

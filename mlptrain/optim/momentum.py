"""SGD with momentum: the gradient changes the velocity, the velocity moves the weights."""

from typing import ClassVar

import numpy as np

from mlptrain.arrays import Array, Arrays
from mlptrain.bounds import Fraction, Positive
from mlptrain.optim.optimizer import Optimizer


class Momentum(Optimizer):
    """v <- rho v + dw;   w <- w - lr v   (P9).

    The learning rate multiplies the velocity, not the gradient, so a schedule acts at once.

    >>> w, momentum = np.array([1.0]), Momentum(rho=0.9)
    >>> momentum.attach(w)
    >>> for dw in (0.5, 1.0):  # v = 0.5, then 0.9 * 0.5 + 1 = 1.45
    ...     momentum.step(w, np.array([dw]), 0.1)
    >>> w  # 1 - 0.1 * 0.5 - 0.1 * 1.45
    array([0.805])
    """

    slots: ClassVar = ("v",)

    def __init__(self, *, learning_rate: Positive = 1e-2, rho: Fraction = 0.9) -> None:
        super().__init__(learning_rate=learning_rate)
        self.rho = rho

    def numbers(self, lr: float) -> tuple[float, ...]:
        return self.rho, lr

    def change(self, dw: Array, numbers: Arrays, *arrays: Array) -> None:
        (rho, rate), (v, s) = numbers, arrays
        np.multiply(v, rho, v)
        np.add(v, dw, v)
        np.multiply(v, rate, s)

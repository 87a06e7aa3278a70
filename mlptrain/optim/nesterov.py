"""Nesterov momentum: the gradient is used where the velocity is about to lead."""

from typing import ClassVar

import numpy as np

from mlptrain.arrays import Array, Arrays
from mlptrain.bounds import Fraction, Positive
from mlptrain.optim.optimizer import Optimizer


class Nesterov(Optimizer):
    """v <- rho v + dw;   w <- w - lr (dw + rho v)   (Sutskever et al., 2013, in PyTorch's form).

    >>> w, nesterov = np.array([1.0]), Nesterov(rho=0.9)
    >>> nesterov.attach(w)
    >>> nesterov.step(w, np.array([0.5]), 0.1)  # 1 - 0.1 (0.5 + 0.9 * 0.5)
    >>> w
    array([0.905])
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
        np.multiply(v, rho, s)
        np.add(s, dw, s)
        np.multiply(s, rate, s)

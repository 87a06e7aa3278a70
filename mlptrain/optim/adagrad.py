"""Adagrad: a rate for each parameter, which shrinks with all the gradients seen so far."""

from typing import ClassVar

import numpy as np

from mlptrain.arrays import Array, Arrays
from mlptrain.bounds import Positive
from mlptrain.optim.optimizer import Optimizer


class Adagrad(Optimizer):
    """g <- g + dw^2;   w <- w - lr dw / (sqrt(g) + eps)   (Duchi, Hazan and Singer, 2011).

    >>> w, adagrad = np.array([1.0]), Adagrad()
    >>> adagrad.attach(w)
    >>> for dw in (3.0, 4.0):  # g = 9, then 9 + 16 = 25
    ...     adagrad.step(w, np.array([dw]), 0.1)
    >>> w  # 1 - 0.1 * 3/3 - 0.1 * 4/5
    array([0.82])
    """

    slots: ClassVar = ("g",)

    def __init__(self, *, learning_rate: Positive = 1e-2, eps: Positive = 1e-8) -> None:
        super().__init__(learning_rate=learning_rate)
        self.eps = eps

    def numbers(self, lr: float) -> tuple[float, ...]:
        return self.eps, lr

    def change(self, dw: Array, numbers: Arrays, *arrays: Array) -> None:
        (eps, rate), (g, s) = numbers, arrays
        np.square(dw, s)
        np.add(g, s, g)
        np.sqrt(g, s)
        np.add(s, eps, s)
        np.divide(dw, s, s)
        np.multiply(s, rate, s)

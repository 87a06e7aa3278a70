"""Stochastic gradient descent, the plain rule."""

import numpy as np

from mlptrain.arrays import Array, Arrays
from mlptrain.bounds import Positive
from mlptrain.optim.optimizer import Optimizer


class SGD(Optimizer):
    """w <- w - lr dw   (P8).

    >>> w, sgd = np.array([1.0]), SGD()
    >>> sgd.attach(w)
    >>> sgd.step(w, np.array([0.5]), 0.1)  # 1 - 0.1 * 0.5
    >>> w
    array([0.95])
    """

    def __init__(self, *, learning_rate: Positive = 1e-2) -> None:
        super().__init__(learning_rate=learning_rate)

    def numbers(self, lr: float) -> tuple[float, ...]:
        return (lr,)

    def change(self, dw: Array, numbers: Arrays, *arrays: Array) -> None:
        (rate,), (s,) = numbers, arrays
        np.multiply(dw, rate, s)

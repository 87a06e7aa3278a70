"""RMSProp: Adagrad with a memory that fades."""

from typing import ClassVar

import numpy as np

from mlptrain.arrays import Array, Arrays
from mlptrain.bounds import Fraction, Positive
from mlptrain.optim.optimizer import Optimizer


class RMSProp(Optimizer):
    """g <- decay g + (1 - decay) dw^2;   w <- w - lr dw / (sqrt(g) + eps)   (P9; Hinton, 2012).

    eps stands outside the root, and g starts at 0: libraries differ in both.

    >>> w, rmsprop = np.array([1.0]), RMSProp(decay=0.75)
    >>> rmsprop.attach(w)
    >>> for dw in (2.0, 1.0):  # g = 4/4 = 1, then 3/4 + 1/4 = 1
    ...     rmsprop.step(w, np.array([dw]), 0.1)
    >>> w  # 1 - 0.1 * 2/1 - 0.1 * 1/1
    array([0.7])
    """

    slots: ClassVar = ("g",)

    def __init__(
        self, *, learning_rate: Positive = 1e-3, decay: Fraction = 0.99, eps: Positive = 1e-8
    ) -> None:
        super().__init__(learning_rate=learning_rate)
        self.decay = decay
        self.eps = eps

    def numbers(self, lr: float) -> tuple[float, ...]:
        return self.decay, 1 - self.decay, self.eps, lr

    def change(self, dw: Array, numbers: Arrays, *arrays: Array) -> None:
        (decay, rest, eps, rate), (g, s) = numbers, arrays
        np.square(dw, s)
        np.multiply(s, rest, s)
        np.multiply(g, decay, g)
        np.add(g, s, g)
        np.sqrt(g, s)
        np.add(s, eps, s)
        np.divide(dw, s, s)
        np.multiply(s, rate, s)

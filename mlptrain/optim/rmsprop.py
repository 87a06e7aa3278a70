"""RMSProp: Adagrad with a memory that fades."""

from typing import ClassVar

import numpy as np

from mlptrain.arrays import Array
from mlptrain.bounds import Fraction, Positive
from mlptrain.optim.optimizer import Optimizer


class RMSProp(Optimizer):
    """g <- decay g + (1 - decay) dw^2;   w <- w - lr dw / (sqrt(g) + eps)   (P9; Hinton, 2012).

    eps stands outside the root, and g starts at 0: libraries differ in both.
    """

    slots: ClassVar = ("g",)

    def __init__(
        self, *, learning_rate: Positive = 1e-3, decay: Fraction = 0.99, eps: Positive = 1e-8
    ) -> None:
        super().__init__(learning_rate=learning_rate)
        self.decay = decay
        self.eps = eps

    def update(self, w: Array, dw: Array, lr: float, *arrays: Array) -> None:
        g, s = arrays
        np.square(dw, s)
        np.multiply(s, 1 - self.decay, s)
        np.multiply(g, self.decay, g)
        np.add(g, s, g)
        np.sqrt(g, s)
        np.add(s, self.eps, s)
        np.divide(dw, s, s)
        np.multiply(s, lr, s)
        np.subtract(w, s, w)

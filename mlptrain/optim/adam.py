"""Adam: momentum and RMSProp together, with bias correction."""

import math
from typing import ClassVar

import numpy as np

from mlptrain.arrays import Array, Arrays
from mlptrain.bounds import Fraction, Positive
from mlptrain.optim.optimizer import Optimizer


class Adam(Optimizer):
    """m <- b1 m + (1 - b1) dw;   v <- b2 v + (1 - b2) dw^2;   w <- w - lr m_hat / (sqrt(v_hat) + eps).

    m_hat = m / (1 - b1^t) and v_hat = v / (1 - b2^t) undo the start at 0; t counts from 1
    (P9; Kingma and Ba, 2015).

    >>> w, adam = np.array([1.0, 1.0]), Adam()
    >>> adam.attach(w)
    >>> adam.step(w, np.array([7.0, -0.2]), 0.1)  # m_hat / sqrt(v_hat) is the sign of dw at first
    >>> w
    array([0.9, 1.1])
    """

    slots: ClassVar = ("m", "v")

    def __init__(
        self,
        *,
        learning_rate: Positive = 1e-3,
        beta1: Fraction = 0.9,
        beta2: Fraction = 0.999,
        eps: Positive = 1e-8,
    ) -> None:
        super().__init__(learning_rate=learning_rate)
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps

    def numbers(self, lr: float) -> tuple[float, ...]:
        root = math.sqrt(1 - self.beta2**self.t)
        rate = lr * root / (1 - self.beta1**self.t)
        return self.beta1, 1 - self.beta1, self.beta2, 1 - self.beta2, self.eps * root, rate

    def change(self, dw: Array, numbers: Arrays, *arrays: Array) -> None:
        beta1, rest1, beta2, rest2, eps, rate = numbers
        m, v, s = arrays
        # each vector of state is fetched from memory where it is used twice in a row
        np.multiply(dw, rest1, s)
        np.multiply(m, beta1, m)
        np.add(m, s, m)
        np.square(dw, s)
        np.multiply(s, rest2, s)
        np.multiply(v, beta2, v)
        np.add(v, s, v)
        # lr m_hat / (sqrt(v_hat) + eps), with both corrections taken out of the fraction
        np.sqrt(v, s)
        np.add(s, eps, s)
        np.divide(m, s, s)
        np.multiply(s, rate, s)

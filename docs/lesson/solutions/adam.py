"""Exercise 10. Adam (P9).

    m = 0.9 m + 0.1 dw    v = 0.999 v + 0.001 dw^2    w = w - lr m_hat / (sqrt(v_hat) + 1e-8)

m and v start at 0, which m_hat = m / (1 - 0.9^t) and v_hat = v / (1 - 0.999^t) make good; t counts
from 1. state is a dict that is empty at the first step and is handed to every later one.
"""

import numpy as np


def step(w, dw, state, lr):
    """The new w."""
    t = state["t"] = state.get("t", 0) + 1
    m = state["m"] = 0.9 * state.get("m", 0) + 0.1 * dw
    v = state["v"] = 0.999 * state.get("v", 0) + 0.001 * dw**2
    return w - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)

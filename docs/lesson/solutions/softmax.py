"""Exercise 6. Softmax of each row of s (N, C): p = e^s / sum of e^s (P5).

Scores of 1000 must not overflow, not in backward either. dp_i / ds_j is p_i (1 - p_i) where i = j, and
-p_i p_j elsewhere. Backward never writes this matrix down: find what upstream times it is.
"""

import numpy as np


def forward(s):
    """The value."""
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def backward(upstream, s):
    """The gradient of each input, in their order."""
    p = forward(s)
    return p * (upstream - (upstream * p).sum(axis=1, keepdims=True))

"""Exercise 5. A linear layer: X (N, D), W (D, M), b (M,), out = X W + b (N, M) (P138-P145).

"These formulas are easy to remember: they are the only way to make shapes match up!"
Return dX, dW and db, each of the shape of what it is the gradient of.
"""


def forward(X, W, b):
    """The value."""
    return X @ W + b


def backward(upstream, X, W, b):
    """The gradient of each input, in their order."""
    return upstream @ W.T, X.T @ upstream, upstream.sum(axis=0)

"""Exercise 1. The multiply gate: out = x * y, element by element (P100).

downstream gradient = upstream gradient x local gradient. What is the local gradient of each input?
"""


def forward(x, y):
    """The value."""
    return x * y


def backward(upstream, x, y):
    """The gradient of each input, in their order."""
    return upstream * y, upstream * x

"""The steps of a network as nodes of ONNX, written out in operators that every runtime has."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from mlptrain.arrays import Array
from mlptrain.export.onnx_graph import Onnx

Step = dict[str, Any]
Made = Callable[[Step, str], str]


class Steps:
    """Adds steps to a graph, in one type of numbers."""

    def __init__(self, graph: Onnx, dtype: str) -> None:
        self.graph, self.dtype, self.add = graph, np.dtype(dtype), graph.add
        self.kinds: dict[str, Made] = {
            "divide": lambda step, x: self.add("Mul", x, self.of(step["factor"])),
            "linear": self._linear,
            "norm": self._norm,
            "layer_norm": self._layer_norm,
            "activation": self._activation,
            "combine": self._combine,
        }

    def of(self, value: Any) -> str:
        """A constant of this type."""
        return self.graph.constant(value, self.dtype)

    def scores(self, steps: list[Step], x: str) -> str:
        """(N, C) behind all steps."""
        for step in steps:
            x = self.kinds[step["op"]](step, x)
        return x

    def _linear(self, step: Step, x: str) -> str:
        W, b, s = self.of(step["W"]), step["b"], step["factor"]
        W = W if s is None else self.add("Mul", W, self.of(s[..., None]))
        y = self.add("MatMul", x, W)
        return y if b is None else self.add("Add", y, self.of(b if b.ndim == 1 else b[:, None]))

    def _norm(self, step: Step, x: str) -> str:
        h = self.add("Mul", self.add("Sub", x, self.of(step["mean"])), self.of(step["factor"]))
        return self.add("Add", h, self.of(step["shift"]))

    def _layer_norm(self, step: Step, x: str) -> str:
        h = self.add("Sub", x, self.add("ReduceMean", x, axes=[-1], keepdims=1))
        variance = self.add("ReduceMean", self.add("Mul", h, h), axes=[-1], keepdims=1)
        std = self.add("Sqrt", self.add("Add", variance, self.of(step["eps"])))
        h = self.add("Mul", self.add("Div", h, std), self.of(step["gamma"]))
        return self.add("Add", h, self.of(step["beta"]))

    def _combine(self, step: Step, x: str) -> str:
        """In the response, as the ensemble of `network.combined`."""
        response, add = step["response"], self.add
        shares = np.full((step["members"], 1, 1), 1 / step["members"], self.dtype)
        mean = partial(mean_of_logs, self.graph, shares=shares)
        if response == "softmax":
            return mean(add("LogSoftmax", x, axis=-1))
        if response == "sigmoid":
            yes, no = (add("Neg", self._softplus(s)) for s in (add("Neg", x), x))
            return add("Sub", mean(yes), mean(no))
        return mean(x) if response == "exp" else add("ReduceMean", x, axes=[0], keepdims=0)

    def _activation(self, step: Step, x: str) -> str:
        name, add, of = step["name"], self.add, self.of
        if name in ("elu", "selu"):
            below = add("Sub", add("Exp", add("Min", x, of(0))), of(1))
            both = add("Add", add("Mul", below, of(step["alpha"])), add("Max", x, of(0)))
            return add("Mul", both, of(step["scale"]))
        if name == "leaky_relu":
            return add("Add", add("Max", x, of(0)), add("Mul", add("Min", x, of(0)), of(step["slope"])))
        if name == "maxout":
            return self._maxout(step["pieces"], x)
        plain: dict[str, Callable[[], str]] = {
            "relu": lambda: add("Max", x, of(0)),
            "gelu": lambda: self._gelu(x),
            "silu": lambda: add("Mul", x, self._sigmoid(x)),
            "mish": lambda: add("Mul", x, add("Tanh", self._softplus(x))),
            "softplus": lambda: self._softplus(x),
            "sigmoid": lambda: self._sigmoid(x),
            "tanh": lambda: add("Tanh", x),
            "identity": lambda: x,
        }
        return plain[name]()

    def _maxout(self, pieces: int, x: str) -> str:
        """The largest of each `pieces` neighbours: the units that stand `pieces` apart, compared."""
        ends = [self.graph.constant([value], np.int64) for value in (2**62, -1, pieces)]
        starts = [self.graph.constant([k], np.int64) for k in range(pieces)]
        return self.add("Max", *(self.add("Slice", x, start, *ends) for start in starts))

    def _sigmoid(self, x: str) -> str:
        t = self.add("Tanh", self.add("Mul", x, self.of(0.5)))
        return self.add("Mul", self.add("Add", t, self.of(1)), self.of(0.5))

    def _softplus(self, x: str) -> str:
        """max(x, 0) + log(1 + e^-|x|)."""
        small = self.add("Exp", self.add("Neg", self.add("Abs", x)))
        logs = self.add("Log", self.add("Add", small, self.of(1)))
        return self.add("Add", self.add("Max", x, self.of(0)), logs)

    def _gelu(self, x: str) -> str:
        cubic = self.add("Mul", self.add("Mul", x, x), self.of(0.044715))
        inner = self.add("Mul", self.add("Add", cubic, self.of(1)), x)
        t = self.add("Tanh", self.add("Mul", inner, self.of(math.sqrt(2 / math.pi))))
        return self.add("Mul", self.add("Mul", self.add("Add", t, self.of(1)), x), self.of(0.5))


def mean_of_logs(graph: Onnx, logs: str, shares: Array) -> str:
    """(k, N, C) logarithms -> (N, C) the logarithm of the mean, by the (k, 1, 1) share of each."""
    largest = graph.add("ReduceMax", logs, axes=[0], keepdims=1)
    p = graph.add("Exp", graph.add("Sub", logs, largest))
    p = graph.add("Mul", p, graph.constant(shares, shares.dtype))
    p = graph.add("ReduceSum", p, graph.constant([0], np.int64), keepdims=0)
    return graph.add("Add", graph.add("Log", p), graph.add("ReduceMax", logs, axes=[0], keepdims=0))

"""Each node as lines of Python: what its forward and its backward compute, to the last bit.

A line of several steps keeps them in the order in which the node takes them: (a * b) * c and
a * (b * c) may differ in the last bit.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlptrain.arrays import Shape
from mlptrain.graph import gates, matrices, reductions
from mlptrain.graph.node import Node
from mlptrain.nn.activations import piecewise, smooth
from mlptrain.nn.dropout import Dropout
from mlptrain.nn.linear import SMALL, Linear
from mlptrain.nn.regularizers import L1, L2
from mlptrain.nn.scale import FanIn, InputScale


@dataclass(frozen=True)
class Gate:
    """A node and the names of all that it reads and writes."""

    node: Any
    x: tuple[str, ...]  # its inputs
    out: str
    g: str  # the gradient of its output: upstream
    shapes: tuple[Shape, ...]  # of the inputs
    shape: Shape  # of the output


@dataclass(frozen=True)
class Formula:
    """Statements before an expression, forward; and for each input that takes a gradient, backward."""

    out: str
    gradients: tuple[str, ...]
    before: tuple[str, ...] = ()
    before_gradients: tuple[str, ...] = ()


def plain(out: str, *gradients: str, before: tuple[str, ...] = ()) -> Callable[[Gate], Formula]:
    """A formula in which only names are filled in: {x}, {y}, {out}, {g}."""

    def formula(gate: Gate) -> Formula:
        x, *rest = gate.x
        names = {"x": x, "y": rest[0] if rest else "", "out": gate.out, "g": gate.g}
        names["shape"] = str(gate.shapes[0])
        if gate.shapes[0]:  # a matrix (N, D)
            names["units"] = str(gate.shapes[0][-1])
            names["fan_in"] = repr(1 / math.sqrt(gate.shapes[0][-1]))
        return Formula(
            out.format(**names),
            tuple(each.format(**names) for each in gradients),
            tuple(each.format(**names) for each in before),
        )

    return formula


def power(gate: Gate) -> Formula:
    """x^y; written for the number that y usually is, else for a y that may be 0."""
    (x, y), g, out = gate.x, gate.g, gate.out
    lower = f"{y} - 1" if y[0].isdigit() and float(y) else f"np.where(np.equal({y}, 0), 0, {y} - 1)"
    log = f"np.log({x}, out=np.zeros({gate.shape}), where=np.not_equal({x}, 0))"
    return Formula(
        f"np.power({x}, {y})", (f"{g} * {y} * np.power({x}, {lower})", f"{g} * {out} * {log}")
    )


def total(gate: Gate) -> Formula:
    """A sum, whose gradient spreads out."""
    axis = gate.node.axis
    return Formula(f"np.sum({gate.x[0]}{along(axis)})", (spread(gate, gate.g),))


def mean(gate: Gate) -> Formula:
    """A mean, whose gradient spreads out, divided by how many there were."""
    count = math.prod(gate.shapes[0]) // math.prod(gate.shape)
    out = f"np.mean({gate.x[0]}{along(gate.node.axis)})"
    return Formula(out, (spread(gate, f"{gate.g} / {count}"),))


def along(axis: int | None) -> str:
    """The argument that names an axis, if there is one."""
    return "" if axis is None else f", axis={axis}"


def spread(gate: Gate, gradient: str) -> str:
    """One gradient for each sum, in all elements of that sum."""
    axis = gate.node.axis
    each = gradient if axis is None else f"np.expand_dims({gradient}, {axis})"
    return f"np.full({gate.shapes[0]}, {each})"


def index(gate: Gate) -> Formula:
    """A part of an array; its gradient is 0 elsewhere."""
    place = ", ".join(taken(part) for part in gate.node.place)
    zeros = f"zeros_{gate.out}"
    before = (f"{zeros} = np.zeros({gate.shapes[0]})", f"{zeros}[{place}] = {gate.g}")
    return Formula(f"{gate.x[0]}[{place}].copy()", (zeros,), before_gradients=before)


def taken(part: Any) -> str:
    """A whole number, a slice or dots between brackets.

    >>> taken(3), taken(slice(None, 2)), taken(slice(None, None, -1)), taken(...)
    ('3', ':2', '::-1', '...')
    """
    if part is ...:
        return "..."
    if isinstance(part, int):
        return str(part)
    bounds = ["" if bound is None else str(bound) for bound in (part.start, part.stop, part.step)]
    return ":".join(bounds[:2] if part.step is None else bounds)


def linear(gate: Gate) -> Formula:
    """X W + b."""
    (X, W, *b), g = gate.x, gate.g
    (N, D), (_, M) = gate.shapes[:2]
    gradients = [product(g, f"{W}.T", N * D), product(f"{X}.T", g, D * M), f"np.dot(np.ones({N}), {g})"]
    out = product(X, W, N * M) + (f" + {b[0]}" if b else "")
    return Formula(out, tuple(gradients[: len(gate.x)]))


def product(a: str, b: str, elements: int) -> str:
    """The matrix product, by the function that the linear layer takes for so many elements."""
    return f"np.dot({a}, {b})" if elements <= SMALL else f"{a} @ {b}"


def leaky(gate: Gate) -> Formula:
    """x times its local gradient."""
    slope, local = gate.node.slope, f"local_{gate.out}"
    before = (f"{local} = ({gate.x[0]} > 0) * {1 - slope!r} + {slope!r}",)
    return Formula(f"{gate.x[0]} * {local}", (f"{gate.g} * {local}",), before)


def exponential_linear(alpha: float, scale: float, gate: Gate) -> Formula:
    """Scale * (max(x, 0) + alpha (e^min(x, 0) - 1))."""
    x, g = gate.x[0], gate.g
    out = f"(np.expm1(np.minimum({x}, 0)) * {alpha!r} + np.maximum({x}, 0)) * {scale!r}"
    below = f"np.exp(np.minimum({x}, 0)) * {scale * alpha!r}"
    return Formula(out, (f"{g} * np.where({x} > 0, {scale!r}, {below})",))


def maxout(gate: Gate) -> Formula:
    """The largest of the pieces, and the gradient to the first of equals."""
    pieces, x = f"pieces_{gate.out}", gate.x[0]
    before = (f"{pieces} = {x}.reshape({(*gate.shape, gate.node.pieces)})",)
    first = f"np.arange({gate.node.pieces}) == {pieces}.argmax(axis=-1)[..., None]"
    gradient = f"np.where({first}, {gate.g}[..., None], 0.0).reshape({gate.shapes[0]})"
    return Formula(f"{pieces}.max(axis=-1)", (gradient,), before)


def l2(gate: Gate) -> Formula:
    """Lambda sum W^2."""
    squares = " + ".join(f"np.dot({W}.reshape(-1), {W}.reshape(-1))" for W in gate.x)
    gradients = (f"{W} * ({2 * gate.node.strength!r} * {gate.g})" for W in gate.x)
    return Formula(f"{gate.node.strength!r} * ({squares})", tuple(gradients))


def l1(gate: Gate) -> Formula:
    """Lambda sum |W|."""
    sums = " + ".join(f"np.abs({W}).sum()" for W in gate.x)
    gradients = (f"np.sign({W}) * ({gate.node.strength!r} * {gate.g})" for W in gate.x)
    return Formula(f"{gate.node.strength!r} * ({sums})", tuple(gradients))


PARTS = (
    *("grad", "zeros", "local", "pieces", "exp", "shifted", "s", "t"),
    *("total", "slope", "margins", "difference", "weights"),
)
"""Before the name of a value: its gradient, and what else a gate may keep under that name."""

SIGMOID = "0.5 * (np.tanh(0.5 * {x}) + 1)"
CUBIC, THRICE, SCALE = smooth.GELU_CUBIC, 3 * smooth.GELU_CUBIC, smooth.GELU_SCALE

FORMULAS: Mapping[type[Node], Callable[[Gate], Formula]] = {
    gates.Add: plain("{x} + {y}", "{g}", "{g}"),
    gates.Subtract: plain("{x} - {y}", "{g}", "-{g}"),
    gates.Multiply: plain("{x} * {y}", "{g} * {y}", "{g} * {x}"),
    gates.Divide: plain("{x} / {y}", "{g} / {y}", "-{g} * {out} / {y}"),
    gates.Negate: plain("-{x}", "-{g}"),
    gates.Power: power,
    gates.Max: plain("np.maximum({x}, {y})", "{g} * ({x} >= {y})", "{g} * ~({x} >= {y})"),
    gates.Min: plain("np.minimum({x}, {y})", "{g} * ({x} <= {y})", "{g} * ~({x} <= {y})"),
    gates.Exp: plain("np.exp({x})", "{g} * {out}"),
    gates.Log: plain("np.log({x})", "{g} / {x}"),
    gates.Sqrt: plain("np.sqrt({x})", "0.5 * {g} / {out}"),
    gates.Abs: plain("np.abs({x})", "{g} * np.sign({x})"),
    matrices.MatMul: plain("{x} @ {y}", "{g} @ {y}.T", "{x}.T @ {g}"),
    matrices.Transpose: plain("{x}.T.copy()", "{g}.T.copy()"),
    matrices.Index: index,
    reductions.Sum: total,
    reductions.Mean: mean,
    reductions.Softmax: plain(
        "exp_{out} / exp_{out}.sum(axis=-1, keepdims=True)",
        "{out} * ({g} - ({g} * {out}).sum(axis=-1, keepdims=True))",
        before=("exp_{out} = np.exp({x} - {x}.max(axis=-1, keepdims=True))",),
    ),
    reductions.LogSoftmax: plain(
        "shifted_{out} - np.log(np.exp(shifted_{out}).sum(axis=-1, keepdims=True))",
        "{g} - np.exp({out}) * {g}.sum(axis=-1, keepdims=True)",
        before=("shifted_{out} = {x} - {x}.max(axis=-1, keepdims=True)",),
    ),
    piecewise.Identity: plain("{x}", "{g}"),
    piecewise.ReLU: plain("np.maximum({x}, 0)", "{g} * ({out} > 0)"),
    piecewise.LeakyReLU: leaky,
    piecewise.ELU: lambda gate: exponential_linear(gate.node.alpha, 1.0, gate),
    piecewise.SELU: lambda gate: exponential_linear(piecewise.SELU_ALPHA, piecewise.SELU_SCALE, gate),
    piecewise.Maxout: maxout,
    smooth.Sigmoid: plain(SIGMOID, "(1 - {out}) * {out} * {g}"),
    smooth.Tanh: plain("np.tanh({x})", "(1 - {out} * {out}) * {g}"),
    smooth.Softplus: plain("np.logaddexp({x}, 0)", f"{SIGMOID} * {{g}}"),
    smooth.SiLU: plain(
        "{x} * s_{out}", "((1 - s_{out}) * {out} + s_{out}) * {g}", before=(f"s_{{out}} = {SIGMOID}",)
    ),
    smooth.GELU: plain(
        "(t_{out} + 1) * {x} * 0.5",
        f"((1 - t_{{out}} * t_{{out}}) * (({{x}} * {{x}} * {THRICE!r} + 1) * {{x}} * {SCALE!r})"
        " + t_{out} + 1) * 0.5 * {g}",
        before=(f"t_{{out}} = np.tanh(({{x}} * {{x}} * {CUBIC!r} + 1) * {{x}} * {SCALE!r})",),
    ),
    smooth.Mish: plain(
        "{x} * t_{out}",
        f"((1 - t_{{out}} * t_{{out}}) * {{x}} * ({SIGMOID}) + t_{{out}}) * {{g}}",
        before=("t_{out} = np.tanh(np.logaddexp({x}, 0))",),
    ),
    Linear: linear,
    InputScale: plain("{x} * {y}[:, None]", "{g} * {y}[:, None]", "({g} * {x}) @ np.ones({units})"),
    FanIn: plain("{x} * {fan_in}", "{g} * {fan_in}"),
    Dropout: plain("{x} * {y}", "{g} * {y}"),
    L2: l2,
    L1: l1,
}
"""How each node is written down. Norms are not: they are none of the lecture's."""

"""The losses as lines of Python, as in formulas.py: one loss for each row, and their mean."""

from collections.abc import Callable, Mapping

from mlptrain.nn.losses.hinge import HingeLoss
from mlptrain.nn.losses.loss import Loss
from mlptrain.nn.losses.poisson import PoissonLoss
from mlptrain.nn.losses.quantile import QuantileLoss
from mlptrain.nn.losses.regression import HuberLoss, MAELoss, MSELoss
from mlptrain.nn.losses.sigmoid import SigmoidLoss
from mlptrain.nn.losses.softmax import SoftmaxLoss
from mlptrain.tools.trace.formulas import Formula, Gate


def weights_of(gate: Gate) -> str:
    """The expression of the weight of each row, or "" where all count alike."""
    given = gate.x[2] if len(gate.x) == 3 else ""
    by_class = getattr(gate.node, "class_weights", None)
    if by_class is None:
        return given
    taken = f"np.array({by_class.tolist()})[{gate.x[1]}]"
    return f"{taken} * {given}" if given else taken


Lines = tuple[str, ...]


def averaged(gate: Gate, losses: str, slope: str, before: Lines, after: Lines = ()) -> Formula:
    """From the loss of each row and its slope to the mean of all and its gradient."""
    N, g, weights = gate.shapes[0][0], gate.g, weights_of(gate)
    summed = isinstance(gate.node, MSELoss) and gate.node.reduction == "sum"
    w = f"weights_{gate.out}"
    if weights:
        before = (*before, f"{w} = {weights}")
        share = f"({w} * {g})[:, None]" if summed else f"({w} * ({g} / {w}.sum()))[:, None]"
        out = f"np.dot({w}, {losses})" + ("" if summed else f" / {w}.sum()")
    else:
        share = g if summed else f"({g} / {N})"
        out = f"np.sum({losses})" + ("" if summed else f" / {N}")
    return Formula(out, (f"{slope} * {share}",), before, after)


def softmax(gate: Gate) -> Formula:
    """-log p of the right class."""
    (s, y), out, e = gate.x[:2], gate.out, gate.node.label_smoothing
    N, C = gate.shapes[0]
    shifted, p, total, ds = (f"{part}_{out}" for part in ("shifted", "exp", "total", "slope"))
    right = f"{shifted}[{y}, np.arange({N})]"
    if e:
        right = f"({right} * {1 - e!r} + {e / C!r} * np.sum({shifted}, axis=0))"
    before = (
        f"{shifted} = {s}.T.copy()",
        f"{shifted} = {shifted} - {shifted}.max(axis=0)",
        f"{p} = np.exp({shifted})",
        f"{total} = np.dot(np.ones({C}), {p})",
    )
    after: Lines = (f"{ds} = {p} / {total}", f"{ds}[{y}, np.arange({N})] -= {1 - e!r}")
    after += (f"{ds} -= {e / C!r}",) if e else ()
    return averaged(gate, f"(np.log({total}) - {right})", f"{ds}.T.copy()", before, after)


def hinge(gate: Gate) -> Formula:
    """max(0, s_j - s_y + delta), summed over the wrong classes."""
    (s, y), out = gate.x[:2], gate.out
    rows = f"np.arange({gate.shapes[0][0]})"
    margins, ds = f"margins_{out}", f"slope_{out}"
    before = (
        f"{margins} = {s} - ({s}[{rows}, {y}] - {gate.node.delta!r})[:, None]",
        f"{margins}[{rows}, {y}] = 0",
        f"{margins} = np.maximum({margins}, 0)",
    )
    after = (f"{ds} = ({margins} > 0).astype(float)", f"{ds}[{rows}, {y}] = -{ds}.sum(axis=1)")
    return averaged(gate, f"{margins}.sum(axis=1)", ds, before, after)


def regression(penalty: str, slope: str) -> Callable[[Gate], Formula]:
    """A penalty of the difference {d} between score and target."""

    def formula(gate: Gate) -> Formula:
        d = f"difference_{gate.out}"
        delta = repr(getattr(gate.node, "delta", 0.0))
        losses = f"({penalty.format(d=d, delta=delta)}).sum(axis=1)"
        before = (f"{d} = {gate.x[0]} - {gate.x[1]}",)
        return averaged(gate, losses, slope.format(d=d, delta=delta), before)

    return formula


def quantile(gate: Gate) -> Formula:
    """|d| / 2 + (1/2 - t) d with d = s - y, a level t for each score of a target."""
    (s, y), d, width = gate.x[:2], f"difference_{gate.out}", gate.shapes[0][1]
    levels = gate.node.levels
    tilt, wide = f"tilt_{gate.out}", f"np.repeat({y}, {len(levels)}, axis=1)"
    before = (
        f"{tilt} = np.tile(0.5 - np.array({list(levels)}), {width // len(levels)})",
        f"{d} = {s} - {wide}",
    )
    losses = f"(np.abs({d}) * 0.5 + {tilt} * {d}).sum(axis=1)"
    return averaged(gate, losses, f"(np.sign({d}) * 0.5 + {tilt})", before)


def poisson(gate: Gate) -> Formula:
    """r - y + y log(y / r) with r = exp(s)."""
    (s, y), rates = gate.x[:2], f"rates_{gate.out}"
    of_y = f"np.log(np.where({y} > 0, {y}, 1))"
    losses = f"({rates} - {y} + {y} * ({of_y} - {s})).sum(axis=1)"
    return averaged(gate, losses, f"({rates} - {y})", (f"{rates} = np.exp({s})",))


def sigmoid(gate: Gate) -> Formula:
    """log(1 + e^s) - y s."""
    (s, y), soft = gate.x[:2], f"softplus_{gate.out}"
    before = (
        f"{soft} = np.log1p(np.exp(np.where({s} > 0, -{s}, {s})))",
        f"{soft} = np.where({s} > 0, {soft} + {s}, {soft})",
    )
    losses = f"({soft} - {y} * {s}).sum(axis=1)"
    return averaged(gate, losses, f"(np.exp({s} - {soft}) - {y})", before)


NEAR = "np.minimum(np.abs({d}), {delta})"

LOSS_FORMULAS: Mapping[type[Loss], Callable[[Gate], Formula]] = {
    SoftmaxLoss: softmax,
    HingeLoss: hinge,
    MSELoss: regression("{d} * {d}", "{d} * 2"),
    MAELoss: regression("np.abs({d})", "np.sign({d})"),
    HuberLoss: regression(
        f"{NEAR} * (np.abs({{d}}) - 0.5 * {NEAR})", "np.clip({d}, -{delta}, {delta})"
    ),
    QuantileLoss: quantile,
    PoissonLoss: poisson,
    SigmoidLoss: sigmoid,
}
"""How each loss is written down."""

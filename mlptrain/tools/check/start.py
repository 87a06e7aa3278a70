"""Checks of the network before its first step: its losses, and what its units put out."""

import math

import numpy as np

from mlptrain.arrays import Array
from mlptrain.messages import count
from mlptrain.nn.activations.smooth import Sigmoid, Tanh
from mlptrain.nn.losses import Loss
from mlptrain.nn.losses.hinge import HingeLoss
from mlptrain.nn.losses.regression import MSELoss
from mlptrain.nn.losses.softmax import SoftmaxLoss
from mlptrain.tools.check.case import Case
from mlptrain.tools.check.verdict import Verdict, doubt, fault, fine
from mlptrain.training.evaluate import Evaluation
from mlptrain.training.gradients import origin

FAR = {True: 3, False: 10}
"""An initial loss so many times that of scores of 0 is odd: for classes, and for squared errors."""
VERY_FAR, NEAR = 1000, 1 / 3
RULES = 10
"""A penalty beyond so many times the data loss is all that training will see."""
MANY = {"standard": 0.25, "ntk": 0.6}
"""Share of dead units that is worth a word; with biases from N(0, 1) a third is usual."""
HALF, NEARLY_ALL = 0.5, 0.99
SATURATED = {Sigmoid: (0.5, 0.49), Tanh: (0.0, 0.98)}
"""Middle of the range, and the distance beyond which the slope is below 4 % of its largest."""


def finite(case: Case) -> Verdict:
    """Loss and gradients of the initial weights are numbers."""
    network, plan = case.start
    gradients = np.isfinite(network.parameters.gradients).all()
    if gradients and math.isfinite(case.start.loss()):
        return fine("loss and gradients are finite")
    advice = "scale the data (data.scale), or start smaller (model.initializer)"
    return fault(f"before the first step {origin(plan)}", advice)


def initial_loss(case: Case) -> Verdict:
    """Near log C for softmax, C - 1 for hinge, the variance of the target for mse."""
    network, rows = case.start.network, case.sample
    loss, outputs = network.loss, network.architecture.outputs
    zeros = np.zeros((len(rows), outputs), network.dtype)
    of_zeros = Evaluation(network, rows, zeros, case.data.preprocessing).data_loss() or 0.0
    expected, words = expectation(loss, outputs, of_zeros)
    found = case.start.data_loss()
    line = f"{found:.4g}; scores of 0 give {words}{expected:.4g}"
    if not expected:
        return fine(f"{found:.4g}")
    if abs(of_zeros - expected) > 1e-3 * abs(expected):
        line = f"scores of 0 give {of_zeros:.4g}, not {words}{expected:.4g}"
        return fault(line, "the loss is wrong: run `mlptrain gradcheck`")
    if found > FAR[loss.classifies] * expected:
        advice = "scale the data, or start smaller (model.initializer)"
        return (fault if found > VERY_FAR * expected else doubt)(f"{line}: large", advice)
    if found < NEAR * expected:
        return doubt(f"{line}: small before anything is learned", "does a column hold the answer?")
    return fine(line)


def expectation(loss: Loss, outputs: int, of_zeros: float) -> tuple[float, str]:
    """The loss of a network that knows nothing, and words for it."""
    if isinstance(loss, SoftmaxLoss):
        return math.log(outputs), f"log {outputs} = "
    if isinstance(loss, HingeLoss):
        return (outputs - 1) * loss.delta, f"{outputs - 1} margins = "
    if isinstance(loss, MSELoss) and loss.reduction == "mean":
        return of_zeros, "the variance of the target, "
    return of_zeros, ""


def penalty(case: Case) -> Verdict:
    """Regularization raises the loss, and does not rule it."""
    if not case.start.network.penalties:
        return fine("no penalty is set")
    data, total = case.start.data_loss(), case.start.loss()
    line = f"{data:.4g} without, {total:.4g} with the penalty"
    if total < data:
        return fault(line, "a penalty must not lower the loss: run `mlptrain gradcheck`")
    if total == data:
        return doubt(f"{line}: it does not show", "raise regularization.l2, or leave it out")
    if total - data > RULES * data:
        return doubt(f"{line}: it is all that training sees", "lower regularization.l2 or l1")
    return fine(line)


def dead_units(case: Case) -> Verdict | None:
    """Units that are 0 on every row get no gradient and never learn."""
    layers = case.start.activations()
    advice = "use `initializer: he`, or leaky_relu"
    many = MANY[case.config.model.parametrization]
    return dead(layers, len(case.sample), "at the start", advice, many) if layers else None


def dead(layers: dict[str, Array], rows: int, when: str, advice: str, many: float) -> Verdict:
    """A whole layer that is 0 is a fault, more than a share `many` of its units worth a look."""
    silent = {name: int((out == 0).all(axis=0).sum()) for name, out in layers.items()}
    words = [f"{silent[name]} of {out.shape[1]} in {name}" for name, out in layers.items()]
    line = f"{', '.join(words)} are 0 on all {count(rows, 'row')} {when}"
    shares = [silent[name] / out.shape[1] for name, out in layers.items()]
    if max(shares) == 1:
        return fault(f"{line}: nothing gets through", advice)
    if max(shares) > many:
        return doubt(line, advice)
    return fine(line)


def different_units(case: Case) -> Verdict | None:
    """Units that start alike stay alike: the layer is worth a single one."""
    layers = case.start.activations()
    alike = [
        name
        for name, out in layers.items()
        if out.shape[1] > 1 and np.array_equal(out, np.repeat(out[:, :1], out.shape[1], axis=1))
    ]
    if not layers:
        return None
    if alike:
        advice = "start with random weights: model.initializer he or xavier"
        return fault(f"all units of {', '.join(alike)} put out the same and will stay so", advice)
    return fine("the units of each layer differ")


def saturated_units(case: Case) -> Verdict | None:
    """Far out on a sigmoid or tanh the slope is next to 0, and so is every gradient below."""
    kinds = case.start.network.architecture.activations
    shares = {}
    for kind, (name, out) in zip(kinds, case.start.activations().items(), strict=True):
        if type(kind) in SATURATED:
            middle, limit = SATURATED[type(kind)]
            shares[name] = float((np.abs(out - middle) > limit).mean())
    if not shares:
        return None
    line = ", ".join(f"{share:.0%} of {name}" for name, share in shares.items())
    advice = "scale the data, or use `initializer: xavier`"
    worst = max(shares.values())
    if worst > HALF:
        line = f"{line} saturated at the start: the slope is next to 0"
        return (fault if worst > NEARLY_ALL else doubt)(line, advice)
    return fine(f"{line} saturated at the start")

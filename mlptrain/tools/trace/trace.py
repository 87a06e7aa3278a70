"""The graph of an expression, looked at gate by gate: `downstream = upstream x local` (P69-P78).

It is the graph that `fit` trains, with the same nodes: one node for each operation, and a copy gate
where a value is read more than once, so that the gradients that meet there can be seen (P101).

    >>> circuit = trace("q = x + y; f = q * z", {"x": -2, "y": 5, "z": -4})
    >>> float(circuit["f"].value), float(circuit["q"].upstream)
    (-12.0, -4.0)
    >>> {name: float(gradient) for name, gradient in circuit.gradients.items()}
    {'x': -4.0, 'y': -4.0, 'z': 3.0}
"""

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import ArrayLike

from mlptrain.arrays import Array
from mlptrain.errors import ConfigError
from mlptrain.graph.plan import Plan
from mlptrain.messages import advice
from mlptrain.tools.trace import Circuit, Program, parse
from mlptrain.tools.trace.opened import opened as with_opened
from mlptrain.tools.trace.steps import Step, Trace, steps_of

__all__ = ["Step", "Trace", "run", "trace"]


def trace(
    expression: str,
    values: Mapping[str, ArrayLike],
    upstream: ArrayLike = 1.0,
    opened: Collection[str] = (),
) -> Trace:
    """Run `expression` forward and backward on `values`, in float64.

    `upstream` is the gradient that flows into the output: an array of its shape, or one number for
    all of its elements. `opened` names gates to be shown as the gates inside them, such as "sigmoid".
    ConfigError if the expression, the values and the shapes do not fit.
    """
    circuit, plan = run(expression, values, upstream, opened)
    with np.errstate(all="ignore"):
        return Trace(expression, steps_of(plan, [*circuit.constants.values()]))


def run(
    expression: str,
    values: Mapping[str, ArrayLike],
    upstream: ArrayLike = 1.0,
    opened: Collection[str] = (),
) -> tuple[Circuit, Plan]:
    """The graph of `expression`, and a plan of it that has run forward and backward."""
    program = with_opened(parse(expression), opened)
    arrays = _given(program, values)
    circuit = Circuit(program, {name: array.shape for name, array in arrays.items()})
    plan = circuit.graph.plan()
    for name, value in circuit.inputs.items():
        plan.value(value)[...] = _class_numbers(name, arrays[name], circuit.classes.get(name))
    for number, value in circuit.constants.items():
        plan.value(value)[...] = number
    with np.errstate(all="ignore"):  # what overflows is shown as it is: inf or nan
        flowing = _upstream_of(plan, _array(upstream, "upstream"))
        plan.forward()
        plan.backward(flowing)
    return circuit, plan


def _given(program: Program, values: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """The values as arrays; ConfigError with all that are missing, and all that are too many."""
    wanted = [term.name for term in program.inputs]
    assigned = {gate.name for gate in program.operations}
    faults = [
        f"expression:{term.column}: '{term.name}' has no value; add for example {term.name}=1"
        for term in program.inputs
        if term.name not in values
    ]
    for name in values:
        if name in assigned:
            faults.append(f"{name}: the expression computes it; leave its value out")
        elif name not in wanted:
            faults.append(f"{name}: the expression does not read it; {advice(name, wanted)}")
    if faults:
        raise ConfigError(*faults)
    return {name: _array(values[name], name) for name in wanted}


def _array(value: ArrayLike, at: str) -> Array:
    try:
        array = np.array(value, np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if not array.size or array.ndim > 2 or not np.isfinite(array).all():
        raise ConfigError(f"{at}: expected a finite number, vector or matrix, got {str(value)[:40]!r}")
    return array


def _upstream_of(plan: Plan, upstream: Array) -> Array:
    """The gradient that flows into the output; ConfigError where it has another shape."""
    shape = plan.value(plan.values[-1]).shape
    if upstream.shape not in ((), shape):
        message = f"its shape is {upstream.shape}, but that of the output is {shape}"
        raise ConfigError(f"upstream: {message}; they must be equal")
    return upstream


def _class_numbers(name: str, array: Array, classes: int | None) -> Array:
    """The array as it is; ConfigError where it should hold the numbers of `classes` classes."""
    if classes is not None:
        wrong = array[(array != np.floor(array)) | (array < 0) | (array >= classes)]
        if wrong.size:
            expected = f"there are scores of {classes} classes, so a class is one of 0 to {classes - 1}"
            raise ConfigError(f"{name}: {expected}, got {wrong[0]:g}")
    return array

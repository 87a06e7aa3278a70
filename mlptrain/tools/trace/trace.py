"""The graph of an expression, looked at gate by gate: `downstream = upstream x local` (P69-P78).

It is the graph that `fit` trains, with the same nodes: one node for each operation, and a copy gate
where a value is read more than once, so that the gradients that meet there can be seen (P101).

    >>> circuit = trace("q = x + y; f = q * z", {"x": -2, "y": 5, "z": -4})
    >>> float(circuit["f"].value), float(circuit["q"].upstream)
    (-12.0, -4.0)
    >>> {name: float(gradient) for name, gradient in circuit.gradients.items()}
    {'x': -4.0, 'y': -4.0, 'z': 3.0}
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mlptrain.arrays import Array
from mlptrain.errors import ConfigError
from mlptrain.graph.gates import Binary, Copy, MatMul
from mlptrain.graph.plan import Plan, Value
from mlptrain.messages import advice
from mlptrain.tools.trace import FUNCTIONS, Circuit, Program, parse

OP_OF = {kind: op for op, kind in FUNCTIONS.items()}


@dataclass(frozen=True)
class Step:
    """One value of the graph and what flows through it. None where no gradient is wanted."""

    name: str
    op: str  # a gate, an activation, "input" or "constant"
    inputs: tuple[str, ...]
    value: Array
    upstream: Array | None  # dL/d(value)
    local: tuple[Array | str | None, ...]  # for each input; a formula where the Jacobian is implicit
    downstream: tuple[Array | None, ...]  # for each input
    upstreams: tuple[Array, ...] = ()  # of a copy gate: the gradients that it adds up


@dataclass(frozen=True)
class Trace:
    """The steps of an expression in forward order; the last one is the output."""

    expression: str
    steps: tuple[Step, ...]

    def __getitem__(self, name: str) -> Step:
        return {step.name: step for step in self.steps}[name]

    @property
    def gradients(self) -> dict[str, Array]:
        """dL/d(input) for each input."""
        return {
            step.name: step.upstream
            for step in self.steps
            if step.op == "input" and step.upstream is not None
        }

    def to_json(self) -> dict[str, Any]:
        """What `mlptrain trace --json` prints: numbers and nested lists, null where not finite."""
        return {"expression": self.expression, "nodes": [_json(step) for step in self.steps]}


def trace(expression: str, values: Mapping[str, ArrayLike], upstream: ArrayLike = 1.0) -> Trace:
    """Run `expression` forward and backward on `values`, in float64.

    `upstream` is the gradient that flows into the output: an array of its shape, or one number for
    all of its elements. ConfigError if the expression, the values and the shapes do not fit.
    """
    program = parse(expression)
    arrays = _given(program, values)
    circuit = Circuit(program, {name: array.shape for name, array in arrays.items()})
    plan = circuit.graph.plan()
    for name, value in circuit.inputs.items():
        plan.value(value)[...] = arrays[name]
    for number, value in circuit.constants.items():
        plan.value(value)[...] = number
    with np.errstate(all="ignore"):  # what overflows is shown as it is: inf or nan
        flowing = _upstream_of(plan, _array(upstream, "upstream"))
        plan.forward()
        plan.backward(flowing)
        return Trace(expression, _steps(plan))


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


def _steps(plan: Plan) -> tuple[Step, ...]:
    """What the plan holds after both passes, and what each node makes of it for each input."""
    values = plan.values
    downstreams = [_downstream(plan, value) for value in values]
    arriving: defaultdict[Value, list[Array]] = defaultdict(list)
    for value, downstream in zip(values, downstreams, strict=True):
        for source, gradient in zip(value.sources, downstream, strict=True):
            if gradient is not None:
                arriving[source].append(gradient)
    return tuple(
        Step(
            name=value.name,
            op=_op(value),
            inputs=tuple(source.name for source in value.sources),
            value=plan.value(value).copy(),
            upstream=_upstream(plan, value),
            local=_local(plan, value),
            downstream=downstream,
            upstreams=tuple(arriving[value]) if isinstance(value.node, Copy) else (),
        )
        for value, downstream in zip(values, downstreams, strict=True)
    )


def _op(value: Value) -> str:
    if value.node is not None:
        return OP_OF[type(value.node)]
    return "input" if value.wants_gradient else "constant"


def _upstream(plan: Plan, value: Value) -> Array | None:
    wanted = value.wants_gradient or value is plan.values[-1]
    return plan.gradient(value).copy() if wanted else None


def _downstream(plan: Plan, value: Value) -> tuple[Array | None, ...]:
    """What the node of a value sends to each input: the graph keeps only the sum at a branch."""
    into = [np.empty_like(plan.value(s)) if s.wants_gradient else None for s in value.sources]
    if value.node is not None and value.wants_gradient:
        inputs = [plan.value(source) for source in value.sources]
        upstream = plan.gradient(value)
        value.node.backward(upstream, inputs, plan.value(value), plan.saved(value), into)
    return tuple(into)


def _local(plan: Plan, value: Value) -> tuple[Array | str | None, ...]:
    """The local gradients: what backward makes of an upstream gradient of ones.

    Inputs that were broadcast are spread out first, or backward would fold their gradients.
    """
    if isinstance(value.node, MatMul):
        x, w = value.sources
        formulas = (f"upstream @ {w.name}.T", f"{x.name}.T @ upstream")
        return tuple(
            formula if source.wants_gradient else None
            for formula, source in zip(formulas, value.sources, strict=True)
        )
    out = plan.value(value)
    inputs = [plan.value(source) for source in value.sources]
    if isinstance(value.node, Binary):
        inputs = [np.array(np.broadcast_to(array, out.shape)) for array in inputs]
    into = [
        np.empty_like(array) if source.wants_gradient else None
        for array, source in zip(inputs, value.sources, strict=True)
    ]
    if value.node is not None and value.wants_gradient:
        value.node.backward(np.ones_like(out), inputs, out, plan.saved(value), into)
    return tuple(into)


def _json(step: Step) -> dict[str, Any]:
    parts = {"upstreams": [_plain(part) for part in step.upstreams]} if step.op == "copy" else {}
    return {
        "name": step.name,
        "op": step.op,
        "inputs": list(step.inputs),
        "value": _plain(step.value),
        "upstream": _plain(step.upstream),
        **parts,
        "local": [_plain(part) for part in step.local],
        "downstream": [_plain(part) for part in step.downstream],
    }


def _plain(array: Array | str | None) -> Any:
    if array is None or isinstance(array, str):
        return array
    numbers = array.astype(object)
    numbers[~np.isfinite(array)] = None
    return numbers.tolist()

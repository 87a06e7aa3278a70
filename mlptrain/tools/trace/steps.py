"""What flows through each value of a graph that has run both ways: the rows of `trace`."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlptrain.arrays import Array
from mlptrain.graph.gates import Binary, Copy
from mlptrain.graph.matrices import MatMul
from mlptrain.graph.node import Node
from mlptrain.graph.plan import Plan, Value
from mlptrain.graph.reductions import LogMeanExp, LogSoftmax, Softmax
from mlptrain.nn.linear import Linear
from mlptrain.nn.members import Heads, Shared
from mlptrain.nn.norm import BatchNorm, LayerNorm
from mlptrain.nn.scale import InputScale
from mlptrain.tools.trace.program import NODES

OP_OF = {kind: op for op, kind in NODES.items()}


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


def steps_of(plan: Plan, constants: Collection[Value] = ()) -> tuple[Step, ...]:
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
            op="constant" if value in constants else op_of(value),
            inputs=tuple(source.name for source in value.sources),
            value=plan.value(value).copy(),
            upstream=_upstream(plan, value),
            local=_local(plan, value),
            downstream=downstream,
            upstreams=tuple(arriving[value]) if isinstance(value.node, Copy) else (),
        )
        for value, downstream in zip(values, downstreams, strict=True)
    )


def op_of(value: Value) -> str:
    """The name of what computes a value in an expression, or of its node where it has none there."""
    if value.node is None:
        return "input"
    return OP_OF.get(type(value.node), type(value.node).__name__.lower())


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
    if value.node is not None and (formulas := implicit(value.node, value)):
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


def implicit(node: Node, value: Value) -> tuple[str, ...]:
    """How a node that never writes its Jacobian down gets each downstream gradient; () for others."""
    names = [source.name for source in value.sources]
    if isinstance(node, MatMul | Linear):
        x, w = names[:2]
        return (f"upstream @ {w}.T", f"{x}.T @ upstream", "upstream.sum(axis=0)")[: len(names)]
    if isinstance(node, Softmax):
        return (f"{value.name} * (upstream - sum(upstream * {value.name}))",)
    if isinstance(node, LogSoftmax):
        return (f"upstream - exp({value.name}) * sum(upstream)",)
    if isinstance(node, InputScale):
        w, s = names
        return (f"upstream * {s}[:, None]", f"(upstream * {w}).sum(axis=-1)")
    if isinstance(node, BatchNorm | LayerNorm | Shared | Heads | LogMeanExp):
        return ("implicit",) * len(names)
    return ()


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

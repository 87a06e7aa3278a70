"""The computational graph: it knows the wiring and owns the memory (P50, P146).

A graph is built once, by naming values in the order in which they come about; a node can only read
values that exist, so this order is already topological: no sort, no recursion. For each number of
rows it is then bound to memory, as a `Plan`, and running it forward or backward is a loop over
prepared calls. The plans used last are remembered.

    >>> import numpy as np
    >>> from mlptrain.graph.gates import Add, Multiply
    >>> graph = Graph(np.float64)
    >>> x, y, z = (graph.input(name, (), wants_gradient=True) for name in "xyz")
    >>> q = graph.add(Add(), x, y, name="q")
    >>> f = graph.add(Multiply(), q, z, name="f")
    >>> plan = graph.plan()
    >>> for value, number in ((x, -2.0), (y, 5.0), (z, -4.0)):
    ...     plan.value(value)[...] = number
    >>> plan.forward(), plan.backward()
    (None, None)
    >>> float(plan.value(f)), [float(plan.gradient(value)) for value in (x, y, z)]
    (-12.0, [-4.0, -4.0, 3.0])
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.arrays import Array
from mlptrain.graph.memory import Memory
from mlptrain.graph.node import Node
from mlptrain.graph.plan import Plan, Value

MOST_PLANS = 16
"""So many plans are remembered: a plan is a few kilobytes of prepared calls on shared arrays."""


class Graph:
    """Values in the order in which they were added, and plans for the numbers of rows used last.

    Its memory is that of its largest plan: smaller ones work on the front of the same arrays.

    `keeps_all`: whether every value and gradient can be looked at afterwards. A graph that only trains
    or predicts writes values over each other where nobody reads them again, lets the gradients that
    pass through take turns in two slots, and works row by row in blocks: less memory, and more of it
    in the cache.
    """

    def __init__(self, dtype: DTypeLike, *, keeps_all: bool = True) -> None:
        self.dtype = np.dtype(dtype)
        self.keeps_all = keeps_all
        self.values: list[Value] = []
        self._plans: dict[int, Plan] = {}
        self._memory = Memory(self.dtype)

    def input(
        self,
        name: str,
        shape: Sequence[int | None],
        dtype: DTypeLike | None = None,
        *,
        wants_gradient: bool = False,
    ) -> Value:
        """A value that whoever runs the graph writes before `forward`; None is the number of rows."""
        value = Value(name=name, shape=tuple(shape), dtype=dtype, wants_gradient=wants_gradient)
        return self._append(value)

    def parameter(self, name: str, array: Array, gradient: Array | None = None) -> Value:
        """A value that lives in `array`; its gradient is written straight into `gradient`."""
        return self._append(Value(array, gradient, name=name, wants_gradient=gradient is not None))

    def add(self, node: Node, *sources: Value, name: str) -> Value:
        """The output of `node`, which reads `sources`."""
        return self._append(Value(name=name, node=node, sources=sources))

    def _append(self, value: Value) -> Value:
        self.values.append(value)
        self._plans.clear()
        return value

    def plan(self, rows: int = 1) -> Plan:
        """The graph bound to memory for `rows` rows; one of the last MOST_PLANS is not bound again.

        A plan with more rows than any before takes larger arrays. The smaller plans are forgotten then,
        since they hold the old ones.
        """
        plan = self._plans.pop(rows, None)
        if plan is None:
            if rows > max(self._plans, default=rows):
                self._plans.clear()
            plan = Plan(self.values, rows, self._memory, keeps_all=self.keeps_all)
            if len(self._plans) == MOST_PLANS:
                del self._plans[next(iter(self._plans))]  # unused for longest: a dict keeps its order
        self._plans[rows] = plan
        return plan

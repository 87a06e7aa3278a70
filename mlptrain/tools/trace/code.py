"""A graph as flat code (P103-P109): every gate a line forward, and backward a line for each gradient.

The code needs NumPy and nothing else, and computes what the graph computes, to the last bit.

    >>> from mlptrain.tools.trace.trace import run
    >>> _, plan = run("q = x + y; f = q * z", {"x": -2, "y": 5, "z": -4})
    >>> print(*flat(plan).text.split("\\n")[11:16], sep="\\n")
    grad_f = np.float64(1.0)
    grad_q = grad_f * z
    grad_z = grad_f * q
    grad_x = grad_q
    grad_y = grad_q
"""

import keyword
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlptrain.arrays import Array, Shape
from mlptrain.errors import ConfigError
from mlptrain.graph.gates import Binary, Copy
from mlptrain.graph.plan import Plan, Value
from mlptrain.tools.trace.formulas import FORMULAS, PARTS, Formula, Gate
from mlptrain.tools.trace.loss_formulas import LOSS_FORMULAS

MOST_NUMBERS = 10_000
"""So many numbers of inputs are written down at most: more is no code to be read."""


ALL_FORMULAS: Mapping[Any, Callable[[Gate], Formula]] = {**FORMULAS, **LOSS_FORMULAS}

RESERVED = {"np", "print", "float", *keyword.kwlist}
"""What no value may be called: the code needs these names itself."""


@dataclass(frozen=True)
class Flat:
    """The code, and the names that it has for each value and for its gradient."""

    text: str
    names: dict[Value, str]
    gradients: dict[Value, str]


def flat(plan: Plan) -> Flat:
    """The graph of a plan that has run, both ways, as straight Python.

    ConfigError where a node has no flat code, or too many numbers would have to be written down.
    """
    return _Writer(plan).write()


class _Writer:
    """Writes the lines, and gives every value a name that Python takes."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._names: dict[Value, str] = {}
        self._taken = set(RESERVED)
        for value in plan.values:
            self._names[value] = self._name(value)
        self._gradients: dict[Value, str] = {}

    def write(self) -> Flat:
        """The whole file."""
        values = self._plan.values
        output = values[-1]
        gates = [(value, self._formula(value)) for value in values if self._computes(value)]
        lines = ["import numpy as np", "", *self._inputs(), "", "# forward"]
        for value, formula in gates:
            lines += [*formula.before, f"{self._names[value]} = {formula.out}"]
        upstream = literal(self._plan.gradient(output))
        lines += ["", "# backward", f"{self._grad(output)} = {upstream}"]
        written: set[str] = set()  # gradients that have a value so far
        for value, formula in reversed(gates):
            if value.wants_gradient:
                lines += [*formula.before_gradients, *self._sent(value, formula, written)]
        lines += ["", *self._printed(output)]
        names = dict(self._names)
        return Flat("\n".join(lines) + "\n", names, self._gradients)

    def _name(self, value: Value) -> str:
        """Its own name as an identifier nobody else has; a copy is called what it copies."""
        if isinstance(value.node, Copy):
            return self._names[value.sources[0]]
        if value.node is None and not re.match(r"[A-Za-z_]", value.name):
            return value.name  # a number
        name = re.sub(r"\W", "_", value.name)
        while self._taken & {name, *(of := [f"{part}_{name}" for part in PARTS])}:
            name += "_"
        self._taken |= {name, *of}
        return name

    def _computes(self, value: Value) -> bool:
        return value.node is not None and not isinstance(value.node, Copy)

    def _inputs(self) -> Iterator[str]:
        """The values of all that is not computed."""
        leaves = [value for value in self._plan.values if value.node is None and self._is_named(value)]
        numbers = sum(self._plan.value(value).size for value in leaves)
        if numbers > MOST_NUMBERS:
            raise ConfigError(
                f"--code: {numbers:,} numbers of inputs and weights would stand in the code; "
                f"at most {MOST_NUMBERS:,}: take fewer --rows, or a smaller network with --set"
            )
        for value in leaves:
            yield f"{self._names[value]} = {literal(self._plan.value(value))}"

    def _is_named(self, value: Value) -> bool:
        return self._names[value].isidentifier()

    def _formula(self, value: Value) -> Formula:
        write = ALL_FORMULAS.get(type(value.node))
        if write is None:
            kind = type(value.node).__name__
            raise ConfigError(f"--code: {value.name}: {kind} has no flat code; leave it out with --set")
        constant = not any(self._is_named(source) for source in value.sources)
        names = [self._names[source] for source in value.sources]
        if constant:  # of plain numbers Python would divide by itself
            names = [f"np.float64({name})" for name in names]
        shapes = tuple(self._plan.value(source).shape for source in value.sources)
        out, grad = self._names[value], f"grad_{self._names[value]}"
        return write(Gate(value.node, tuple(names), out, grad, shapes, self._plan.value(value).shape))

    def _sent(self, value: Value, formula: Formula, written: set[str]) -> Iterator[str]:
        """The gradients that a gate sends to what it reads: the first is written, the others add."""
        shape = self._plan.value(value).shape
        for source, gradient in zip(value.sources, formula.gradients, strict=False):
            if not source.wants_gradient:
                continue
            if isinstance(value.node, Binary):
                gradient = folded(gradient, shape, self._plan.value(source).shape)
            name = self._grad(source)
            yield f"{name} = " + (f"{name} + {bracketed(gradient)}" if name in written else gradient)
            written.add(name)

    def _grad(self, value: Value) -> str:
        name = self._gradients[value] = f"grad_{self._names[value]}"
        if isinstance(value.node, Copy):
            self._gradients[value.sources[0]] = name
        return name

    def _printed(self, output: Value) -> Iterator[str]:
        yield f'print("{self._names[output]} =", {self._names[output]})'
        for value in self._plan.values:
            if value.node is None and value in self._gradients:
                name = self._gradients[value]
                yield f'print("{name} =", {name})'


def literal(array: Array) -> str:
    """An array as Python writes it, to the last bit.

    >>> import numpy as np
    >>> literal(np.array(0.1)), literal(np.array([1, 2])), literal(np.zeros((2, 3)))
    ('np.float64(0.1)', 'np.array([1, 2])', 'np.full((2, 3), 0.0)')
    """
    if array.ndim == 0:
        return f"np.float64({array.item()!r})"
    numbers = {repr(number) for number in array.ravel().tolist()}
    if array.size > 1 and len(numbers) == 1:
        return f"np.full({array.shape}, {numbers.pop()})"
    return f"np.array({array.tolist()})"


def folded(gradient: str, shape: Shape, into: Shape) -> str:
    """A gradient summed over the axes along which an input was broadcast.

    >>> folded("g", (3,), (3,))
    'g'
    >>> folded("g", (4, 3), (4, 1))
    'np.sum(g, axis=(1,), keepdims=True).reshape((4, 1))'
    """
    if shape == into:
        return gradient
    new = len(shape) - len(into)
    axes = (*range(new), *(i + new for i, length in enumerate(into) if length == 1))
    return f"np.sum({gradient}, axis={axes}, keepdims=True).reshape({into})"


def bracketed(expression: str) -> str:
    """An expression that can stand behind a plus.

    >>> bracketed("grad_q * z"), bracketed("grad_q"), bracketed("-grad_q")
    ('grad_q * z', 'grad_q', '(-grad_q)')
    """
    return f"({expression})" if expression.startswith("-") or " + " in expression else expression

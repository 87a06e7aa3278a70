"""From the steps of a trace to what a circuit diagram consists of: terminals, gates and wires.

A number that an expression adds, multiplies by and so on is written into the gate, as on the
slides: `+1`, `1/x`. Everything that is written along a wire is a box of its own, so the layout keeps
room for it.
"""

from dataclasses import dataclass, replace

from mlptrain.arrays import Array
from mlptrain.report.cells import numbered
from mlptrain.report.circuit.boxes import Box, Edge
from mlptrain.report.circuit.lettering import AIR, LINE, Lettering, lettering, width_of
from mlptrain.tools.trace.trace import Step, Trace

RADIUS = 21.0
CLEAR = 4.0
"""Between a wire and what is written along it."""
SHORTEST = 36.0
"""Of the straight part of a wire."""
ARROW = 9.0
"""The head of the last wire, beyond what is written along it."""

SYMBOLS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "negate": "*-1", "power": "x^y",
    "matmul": "@", "sum": "Σ", "sigmoid": "σ", "relu": "ReLU",
}  # fmt: skip
"""What stands in a gate; where nothing else is agreed, the name of the operation."""

WITH_CONSTANT = {
    "add": ("+{}", "+{}"),
    "subtract": ("{}-x", "-{}"),
    "multiply": ("*{}", "*{}"),
    "divide": ("{}/x", "/{}"),
    "power": ("{}^x", "x^{}"),
    "max": ("max({},x)", "max(x,{})"),
}
"""What stands in a gate whose first or whose second input is a number."""


@dataclass(frozen=True)
class Terminal:
    """An input or a constant, by its name."""

    box: int
    name: str


@dataclass(frozen=True)
class Gate:
    """An operation, by its symbol."""

    box: int
    step: Step
    symbol: str


@dataclass(frozen=True)
class Wire:
    """What flows from one step to another, or out of the circuit where there is no `head`."""

    source: str
    target: str
    value: Lettering
    gradient: Lettering | None
    box: int  # of what is written along it
    tail: int
    head: int | None

    @property
    def edges(self) -> list[Edge]:
        """The parts before and after what is written along the wire."""
        return [(self.tail, self.box), *([] if self.head is None else [(self.box, self.head)])]


class Diagram:
    """The boxes of a circuit, numbered so that every edge leads from a lower to a higher number."""

    def __init__(self, trace: Trace) -> None:
        self.boxes: list[Box] = []
        self.terminals: list[Terminal] = []
        self.gates: list[Gate] = []
        self.wires: list[Wire] = []
        self.bare: list[Edge] = []  # from a constant, which says itself what it carries
        self._steps = {step.name: step for step in trace.steps}
        self._tails: dict[str, int] = {}  # the box that the wires of a step leave
        self._constants: dict[tuple[str, int], int] = {}  # by gate and input
        self._place_terminals(trace)
        for step in trace.steps:
            if step.inputs:
                self._place_gate(step)
        output = trace.steps[-1]
        self._place_wire(output, "", output.upstream, None)

    @property
    def edges(self) -> list[Edge]:
        """Those of the wires in their order, then those of the constants."""
        return [*(edge for wire in self.wires for edge in wire.edges), *self.bare]

    def _place_terminals(self, trace: Trace) -> None:
        """Inputs by their names, and the constants that no gate has in its symbol."""
        output = trace.steps[-1]
        for step in trace.steps:
            if step.op == "input" or (step.op == "constant" and step is output):
                self._tails[step.name] = self._terminal(step.name)
        for step in trace.steps:
            for position, name in enumerate(step.inputs):
                if self._steps[name].op == "constant" and position != self._written(step):
                    self._constants[step.name, position] = self._terminal(name)
        widest = max((self.boxes[each.box].width for each in self.terminals), default=0.0)
        self.boxes = [replace(box, width=widest) for box in self.boxes]  # all end at one line

    def _terminal(self, name: str) -> int:
        self.terminals.append(Terminal(len(self.boxes), name))
        return self._box(Box(width_of(name) + AIR, LINE))

    def _written(self, step: Step) -> int | None:
        """Which input is a constant that stands in the gate itself."""
        constant = [self._steps[name].op == "constant" for name in step.inputs]
        return constant.index(True) if step.op in WITH_CONSTANT and sum(constant) == 1 else None

    def _place_gate(self, step: Step) -> None:
        """A gate after the wires that lead to it."""
        written = self._written(step)
        symbol = SYMBOLS.get(step.op, step.op)
        if written is not None:
            symbol = WITH_CONSTANT[step.op][written].format(step.inputs[written])
        width = max(2 * RADIUS, width_of(symbol) + 2 * AIR)
        gate = len(self.boxes) + sum(self._steps[name].op != "constant" for name in step.inputs)
        for position, name in enumerate(step.inputs):
            if self._steps[name].op != "constant":
                self._place_wire(self._steps[name], step.name, step.downstream[position], gate)
            elif position != written:
                self.bare.append((self._constants[step.name, position], gate))
        self._tails[step.name] = self._box(Box(width, 2 * RADIUS, is_round=True))
        self.gates.append(Gate(gate, step, symbol))

    def _place_wire(self, step: Step, target: str, gradient: Array | None, head: int | None) -> None:
        """What is written along a wire; the name of a statement stands before its value."""
        named = bool(step.inputs) and not numbered(step)
        above = lettering(step.value, step.name if named else "")
        below = None if gradient is None else lettering(gradient)
        written = [above] if below is None else [above, below]
        half = max(text.height for text in written) + CLEAR
        width = max(SHORTEST, *(text.width + 2 * AIR for text in written))
        width += 2 * ARROW * (head is None)
        box = self._box(Box(width, 2 * half))
        self.wires.append(Wire(step.name, target, above, below, box, self._tails[step.name], head))

    def _box(self, box: Box) -> int:
        self.boxes.append(box)
        return len(self.boxes) - 1

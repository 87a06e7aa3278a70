"""The graph of an expression as a tree: the output is the root, and what a gate reads stands below it.

A value that is read twice is shown once; where it is read again, a reference leads to it. A branch
too deep for the width goes on as a tree of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text
from rich.tree import Tree

from mlptrain.report.cells import CUT, abbreviated, title
from mlptrain.tools.trace.trace import Step, Trace

GUIDE = 4
"""How far a level is indented."""
DEEPEST = 10
"""Levels below a root; more are hard to follow on the widest terminal."""
NAME = 32
NUMBERS = 16
"""Columns for a name and for a value at most, so that a tree fits into 80."""


@dataclass(frozen=True)
class Line:
    """One value in its place in the tree; `note` where another line shows it in full."""

    level: int
    name: str
    value: str = ""
    gradient: str = ""
    note: str = ""

    @property
    def width(self) -> int:
        """Of the guides and the name."""
        return GUIDE * self.level + len(self.name)


def trees(trace: Trace, width: int) -> list[Text | Tree]:
    """A line of headings, the tree of the output, and a tree for each branch that was too deep."""
    plain = [_full(step, 0) for step in trace.steps]
    value = max(len("value"), *(len(line.value) for line in plain))
    gradient = max(len("gradient"), *(len(line.gradient) for line in plain))
    room = width - 2 - value - 2 - gradient - max(len(line.name) for line in plain)
    lines = list(_lines(trace, max(2, min(DEEPEST, room // GUIDE))))
    name = max(line.width for line in lines if not line.note)

    def label(line: Line) -> Text:
        if line.note:
            return Text(f"{line.name} ({line.note})")
        left = line.name.ljust(name - GUIDE * line.level)
        return Text(f"{left}  {line.value.rjust(value)}  {line.gradient.rjust(gradient)}")

    made: list[Text | Tree] = [label(Line(0, "", "value", "gradient"))]
    branch: list[Tree] = []
    for line in lines:
        tree = Tree(label(line)) if line.level == 0 else branch[line.level - 1].add(label(line))
        if line.level == 0:
            made.append(tree)
        branch[line.level :] = [tree]
    return made


def _lines(trace: Trace, deepest: int) -> Iterator[Line]:
    """The lines of all trees, from the top down."""
    steps = {step.name: step for step in trace.steps}
    shown: set[str] = set()
    later: dict[str, None] = {trace.steps[-1].name: None}  # roots still to come, in order
    while later:
        root = next(iter(later))
        del later[root]
        stack = [(root, 0)]
        while stack:
            name, level = stack.pop()
            step = steps[name]
            if step.op != "constant" and (name in shown or name in later):
                yield Line(level, _name(step), note="above" if name in shown else "below")
            elif step.inputs and level == deepest:
                later[name] = None
                yield Line(level, _name(step), note="below")
            else:
                shown.add(name)
                yield _full(step, level)
                stack += [(source, level + 1) for source in reversed(step.inputs)]


def _full(step: Step, level: int) -> Line:
    value, gradient = abbreviated(step.value, NUMBERS), abbreviated(step.upstream, NUMBERS)
    return Line(level, _name(step), value, gradient)


def _name(step: Step) -> str:
    told = title(step)
    return told if len(told) <= NAME else told[: NAME - len(CUT)] + CUT

"""Runs what a student wrote: first the values, then the gradients against finite differences."""

import runpy
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mlptrain.arrays import Array, Arrays, Into, Shape
from mlptrain.errors import ConfigError
from mlptrain.graph.apply import apply
from mlptrain.graph.node import Node
from mlptrain.optim.optimizer import Optimizer
from mlptrain.tools.exercise.tasks import Exercise
from mlptrain.tools.gradcheck import Row, check, node_case

STEPS = 5
RATE = 0.1


@dataclass(frozen=True)
class Verdict:
    """What is right, and what is not; passed where nothing is wrong."""

    right: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the exercise is done."""
        return not self.wrong


class Mistake(Exception):
    """What the student's code did that cannot be judged."""


def judge(task: Exercise, file: Path) -> Verdict:
    """The verdict on a file; ConfigError where there is none."""
    if not file.is_file():
        raise ConfigError(f"{file}: no such file; begin with: mlptrain exercise start {task.number}")
    try:
        written = _run(file, lambda: runpy.run_path(str(file)))
        if isinstance(task.model, Node):
            return _gate(task, task.model, _Written(written, file, task, task.model))
        return _rule(task.model, _function(written, "step", file), file)
    except Mistake as mistake:
        return Verdict((), (str(mistake),))


def _run(file: Path, call: Callable[[], Any]) -> Any:
    """What a call of the student's code gives; Mistake, with its line, for whatever it raises."""
    try:
        with np.errstate(all="ignore"):
            return call()
    except NotImplementedError as error:
        raise Mistake(f"{error}: not written yet") from error
    except SyntaxError as error:
        raise Mistake(f"{file.name}:{error.lineno}: {error.msg}") from error
    except Exception as error:
        own = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == str(file)]
        line = f":{own[-1].lineno}" if own else ""
        raise Mistake(f"{file.name}{line}: {type(error).__name__}: {error}") from error


def _function(written: Mapping[str, Any], name: str, file: Path) -> Callable[..., Any]:
    found = written.get(name)
    if not callable(found):
        raise Mistake(f"{file.name}: there is no function {name}(...)")
    function: Callable[..., Any] = found
    return function


class _Written(Node):
    """The student's forward and backward as a node that the gradient check takes."""

    def __init__(self, written: Mapping[str, Any], file: Path, task: Exercise, model: Node) -> None:
        self._forward = _function(written, "forward", file)
        self._backward = _function(written, "backward", file)
        self._file, self._task, self._model = file, task, model

    def shape(self, *inputs: Shape) -> Shape:
        return self._model.shape(*inputs)

    def piece(self, *inputs: Array) -> Array | None:
        return self._model.piece(*inputs)

    def forward(self, inputs: Arrays, out: Array, saved: Arrays) -> None:
        found = _run(self._file, lambda: self._forward(*(x.copy() for x in inputs)))
        out[...] = _array("forward", found, out.shape)

    def backward(self, upstream: Array, inputs: Arrays, out: Array, saved: Arrays, into: Into) -> None:
        found = _run(self._file, lambda: self._backward(upstream.copy(), *(x.copy() for x in inputs)))
        parts = found if isinstance(found, tuple) else (found,)
        names = self._task.names
        if len(parts) != len(names):
            wanted = ", ".join(f"d{name}" for name in names)
            raise Mistake(f"backward: it must return {wanted}, that is {len(names)}, got {len(parts)}")
        for name, part, place in zip(names, parts, into, strict=False):
            place[...] = _array(f"backward: d{name}", part, place.shape)


def _array(what: str, found: Any, shape: Shape) -> Array:
    """What a function returned, of the shape that it must have."""
    if found is None:
        raise Mistake(f"{what}: nothing comes back; end with a return")
    try:
        array = np.asarray(found, np.float64)
    except (TypeError, ValueError):
        raise Mistake(f"{what} must be an array of numbers, got {type(found).__name__}") from None
    if array.shape != shape:
        raise Mistake(f"{what} has the shape {array.shape}; it must be {shape}, that of its input")
    return array


def _gate(task: Exercise, model: Node, node: _Written) -> Verdict:
    """Values first: of a wrong value the gradients say nothing."""
    inputs = task.inputs()
    wanted = apply(model, *inputs, dtype=np.float64)
    found = np.empty(wanted.shape)
    node.forward(inputs, found, ())
    wrong = _different("forward", found, wanted)
    if not wrong and task.name in OVERFLOWS:
        wrong = _overflow(node, inputs)
    if wrong:
        return Verdict((), (wrong,))
    right, faults = ["forward: the right values"], []
    names = "".join(task.names) + "y" * bool(task.classes)
    case = node_case(task.name, node, inputs, 0, gradients=len(task.names), names=names)
    for row in check(case):
        if row.passed:
            right.append(f"backward: d{row.tensor} agrees with finite differences")
        else:
            faults.append(_fault(row))
    return Verdict(tuple(right), tuple(faults))


def _fault(row: Row) -> str:
    """The worst entry of a gradient that is wrong, and its units where several are."""
    entry = row.worst
    if entry is None:
        return f"backward: d{row.tensor} is not a number"
    numbers = f"is {entry.analytic:.6g}, and by finite differences {entry.numerical:.6g}"
    units = f", units {list(row.wrong_units)} are wrong" if len(row.wrong_units) > 1 else ""
    return f"backward: d{row.tensor}{_place(entry.index)} {numbers}{units}"


OVERFLOWS = {"softmax", "softmax_loss"}
"""Exercises whose forward must take scores of 1000."""


def _overflow(node: _Written, inputs: Arrays) -> str:
    """What is wrong where the scores are large; "" where nothing is."""
    large = [inputs[0] * 1000, *inputs[1:]]
    out = np.empty(node.shape(*(x.shape for x in large)))
    node.forward(large, out, ())
    if np.isfinite(out).all():
        return ""
    return "forward: scores of 1000 make it inf or nan; subtract the largest score of each row first"


def _rule(kind: Callable[[], Optimizer], step: Callable[..., Any], file: Path) -> Verdict:
    """A few steps beside those of the optimizer."""
    start = np.array([1.0, -2.0, 0.5])
    rule, wanted, found, state = kind(), start.copy(), start.copy(), dict[str, Any]()
    rule.attach(wanted)
    for number in range(1, STEPS + 1):
        dw = np.array([1.0, -0.1, 4.0]) * wanted + [0.0, 0.0, 3.0 * (-1) ** number]
        rule.step(wanted, dw, RATE)
        call = partial(step, found.copy(), dw, state, RATE)
        found = _array("step", _run(file, call), start.shape)
        if wrong := _different(f"step {number}: w", found, wanted):
            done = () if number == 1 else (f"the first {number - 1} of {STEPS} steps are right",)
            return Verdict(done, (wrong,))
    return Verdict((f"all {STEPS} steps are those of {type(rule).__name__}",), ())


def _different(what: str, found: Array, wanted: Array) -> str:
    """The entry that is farthest off, in words; "" where all agree."""
    close = np.isclose(found, wanted, rtol=1e-7, atol=1e-10)
    if close.all():
        return ""
    off = np.where(close, -1.0, np.nan_to_num(np.abs(found - wanted), nan=np.inf))
    at = tuple(int(i) for i in np.unravel_index(off.argmax(), off.shape))
    return f"{what}{_place(at)} is {float(found[at]):.6g}, it should be {float(wanted[at]):.6g}"


def _place(index: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, index))}]" if index else ""

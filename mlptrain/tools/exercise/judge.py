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
        line = f":{error.lineno}" if error.lineno else ""
        raise Mistake(f"{file.name}{line}: {error.msg}") from error
    except (Exception, SystemExit) as error:  # exit(0) would look like an exercise that is done
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
        names = self._task.names
        several = isinstance(found, tuple) or (isinstance(found, list) and len(names) > 1)
        parts = found if several else (found,)
        if len(parts) != len(names):
            wanted = ", ".join(f"d{name}" for name in names)
            raise Mistake(f"backward: it must return {wanted}, that is {len(names)}, got {len(parts)}")
        for name, part, place in zip(names, parts, into, strict=False):
            place[...] = _array(f"backward: d{name}", part, place.shape, like=name)

    def gradients(self, inputs: Arrays, upstream: float) -> list[Array]:
        """What backward gives, after forward, where this number flows into all of the output."""
        out = np.empty(self.shape(*(x.shape for x in inputs)))
        into = [np.empty(x.shape) for x in inputs[: len(self._task.names)]]
        self.forward(inputs, out, ())
        self.backward(np.full(out.shape, upstream), inputs, out, (), into)
        return into


def _array(what: str, found: Any, shape: Shape, like: str = "") -> Array:
    """What a function returned, of the shape that it must have: that of the array called `like`."""
    if found is None:
        raise Mistake(f"{what}: nothing comes back; end with a return")
    try:
        array = np.asarray(found, np.float64)
    except (TypeError, ValueError):
        raise Mistake(f"{what} must be an array of numbers, got {type(found).__name__}") from None
    if array.shape != shape:
        wanted = f"{shape}, that of {like}" if like else f"{shape}" if shape else "one number"
        raise Mistake(f"{what} has the shape {array.shape}; it must be {wanted}")
    return array


FORWARD = "forward: the right values"


def _gate(task: Exercise, model: Node, node: _Written) -> Verdict:
    """Values first: of a wrong value the gradients say nothing."""
    inputs = task.inputs()
    wanted = apply(model, *inputs, dtype=np.float64)
    found = np.empty(wanted.shape)
    node.forward(inputs, found, ())
    wrong = _different("forward", found, wanted)
    if not wrong and task.name in OVERFLOWS:
        large = _large(inputs)
        node.forward(large, found, ())
        wanted = apply(model, *large, dtype=np.float64)
        wrong = _overflow("forward", found) or _different("scores of 1000: forward", found, wanted)
    if wrong:
        return Verdict((), (wrong,))
    try:
        return _gradients(task, node, inputs)
    except Mistake as mistake:
        return Verdict((FORWARD,), (str(mistake),))


def _gradients(task: Exercise, node: _Written, inputs: Arrays) -> Verdict:
    """The verdict on backward, where forward is right."""
    right, faults = [FORWARD], []
    labels = "y" * bool(task.classes)
    case = node_case(
        task.name, node, inputs, 0, gradients=len(task.names), names="".join(task.names) + labels
    )
    for row, once, twice in zip(
        check(case), node.gradients(inputs, 1), node.gradients(inputs, 2), strict=True
    ):
        if row.passed:
            right.append(f"backward: d{row.tensor} agrees with finite differences")
        else:
            same = once.any() and np.array_equal(once, twice)
            faults.append(_fault(row) + "; it is the same for every upstream gradient" * bool(same))
    if not faults and task.name in OVERFLOWS:
        (ds,) = node.gradients(_large(inputs), 1)
        faults += filter(None, [_overflow("backward", ds)])
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
"""Exercises that must take scores of 1000."""


def _large(inputs: Arrays) -> list[Array]:
    return [inputs[0] * 1000, *inputs[1:]]


def _overflow(what: str, found: Array) -> str:
    """What is wrong with a result for large scores; "" where it is finite."""
    if np.isfinite(found).all():
        return ""
    return f"{what}: scores of 1000 make it inf or nan; subtract the largest score of each row first"


def _rule(kind: Callable[[], Optimizer], step: Callable[..., Any], file: Path) -> Verdict:
    """Two vectors in turn: what one remembers must not reach the other."""
    first, second = (_steps(kind, step, file) for _ in range(2))
    if first.passed and not second.passed:
        return Verdict(first.right, ("a second w, with a new state, goes wrong: keep all in state",))
    return first


def _steps(kind: Callable[[], Optimizer], step: Callable[..., Any], file: Path) -> Verdict:
    """A few steps beside those of the optimizer; the last gradient is so small that eps counts."""
    start = np.array([1.0, -2.0, 0.5, 1.0])
    rule, wanted, found, state = kind(), start.copy(), start.copy(), dict[str, Any]()
    rule.attach(wanted)
    for number in range(1, STEPS + 1):
        dw = np.array([1.0, -0.1, 4.0, 1e-7]) * wanted + [0.0, 0.0, 3.0 * (-1) ** number, 0.0]
        rule.step(wanted, dw, RATE)
        call = partial(step, found.copy(), dw.copy(), state, RATE)
        found = _array("step", _run(file, call), start.shape, like="w")
        if wrong := _different(f"step {number}: w", found, wanted, dw):
            done = () if number == 1 else (f"the first {number - 1} of {STEPS} steps are right",)
            return Verdict(done, (wrong,))
    return Verdict((f"all {STEPS} steps are those of {type(rule).__name__}",), ())


def _different(what: str, found: Array, wanted: Array, dw: Array | None = None) -> str:
    """The entry that is farthest off, in words, and its gradient; "" where all agree."""
    close = np.isclose(found, wanted, rtol=1e-7, atol=1e-10)
    if close.all():
        return ""
    off = np.where(close, -1.0, np.nan_to_num(np.abs(found - wanted), nan=np.inf))
    at = tuple(int(i) for i in np.unravel_index(off.argmax(), off.shape))
    where = "" if dw is None else f" where dw is {float(dw[at]):.3g}"
    return f"{what}{_place(at)} is {float(found[at]):.6g}, it should be {float(wanted[at]):.6g}{where}"


def _place(index: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, index))}]" if index else ""

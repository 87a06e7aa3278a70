"""What all optimizers have in common: an update rule applied to one flat vector, block by block.

The rule of each optimizer is a handful of passes over memory. Done on the whole vector, each pass
would fetch it from main memory again; done on blocks that stay in the cache, only the first one does.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from functools import partial
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.arrays import Array, Arrays, Segment
from mlptrain.bounds import Positive
from mlptrain.graph.memory import zeros
from mlptrain.optim.blocks import Blocks
from mlptrain.optim.scalars import Scalars

FLUSH_EVERY = 100
"""Updates after which subnormal numbers become 0. Weights that only decay end there, and the moments of
inputs that are always 0; a processor takes about ten times as long for each."""


class Stretch(NamedTuple):
    """What holds within one block: slices with a factor on the rate, and what decays at what factor.

    Factors are for a few small slices as a rule, such as biases: the rule itself goes over the block
    as a whole.
    """

    factors: tuple[tuple[slice, Array], ...]
    decaying: tuple[tuple[slice, float], ...]


class Optimizer(ABC):
    """An update rule. Keyword-only constructor arguments are its hyperparameters.

    `slots` names the vectors of state, each as long as the parameters; they start at 0. `t` counts
    the updates done. A rule with `weight_decay` first takes W <- W (1 - lr weight_decay) where the
    parameters decay.
    """

    slots: ClassVar[tuple[str, ...]] = ()
    weight_decay: float = 0.0

    def __init__(self, *, learning_rate: Positive) -> None:
        self.learning_rate = learning_rate
        self.t = 0

    def attach(self, w: Array, segments: Sequence[Segment] = (), threads: int = 1) -> None:
        """Allocate the state for the flat vector `w`; its segments say which rate and decay hold where.

        Without segments the whole vector learns at the rate of the step, and none of it decays.
        """
        self.t = 0
        self._segments, self._threads = segments or [Segment(0, w.size)], threads
        self._settle(w, slice(0, w.size), [zeros(w.shape, w.dtype) for _ in self.slots])

    def sliced(self, w: Array, part: slice, state: Sequence[Array]) -> Self:
        """The same rule for a part of `w`, with its state in other memory: vectors as long as `w`."""
        other = copy(self)
        other._settle(w, part, state)
        return other

    def _settle(self, w: Array, part: slice, state: Sequence[Array]) -> None:
        self.part = part
        self.state = dict(zip(self.slots, state, strict=True))
        self._vectors = tuple(state)
        self._scalars = Scalars(w.dtype)
        self._blocks = Blocks(part.stop - part.start, self._threads, part.start)
        self._stretches = {
            block.start: stretch(block, self._segments, w.dtype) for block in self._blocks.all()
        }
        self._scratch = [zeros((self._blocks.length,), w.dtype) for _ in range(self._blocks.threads)]
        is_whole = part == slice(0, w.size) and len(self._stretches) == 1
        self._uncut = self._stretches[0] if is_whole else None
        self._whole = (*self._vectors, self._scratch[0])

    def step(self, w: Array, dw: Array, lr: float) -> None:
        """Update `w` in place, given the gradient `dw` and the learning rate of this step."""
        self.t += 1
        numbers = self._scalars.of(self.numbers(lr))
        if self._uncut is not None:  # most networks for tables
            self._update_stretch(w, dw, lr, numbers, self._uncut, *self._whole)
        else:
            self._blocks.run(partial(self._update_block, w, dw, lr, numbers))
        if self.t % FLUSH_EVERY == 0:
            self._blocks.run(partial(self._flush_block, w))

    def _update_block(
        self, w: Array, dw: Array, lr: float, numbers: Arrays, block: slice, thread: int
    ) -> None:
        views = [vector[block] for vector in self._vectors]
        scratch = self._scratch[thread][: block.stop - block.start]
        found = self._stretches[block.start]
        self._update_stretch(w[block], dw[block], lr, numbers, found, *views, scratch)

    def _update_stretch(
        self, w: Array, dw: Array, lr: float, numbers: Arrays, stretch: Stretch, *arrays: Array
    ) -> None:
        if self.weight_decay:
            for decaying, factor in stretch.decaying:
                weights = w[decaying]
                np.multiply(weights, 1 - lr * factor * self.weight_decay, weights)
        self.change(dw, numbers, *arrays)
        change = arrays[-1]
        for part, rate in stretch.factors:
            few = change[part]
            np.multiply(few, rate, few)
        np.subtract(w, change, w)

    def _flush_block(self, w: Array, block: slice, thread: int) -> None:
        for vector in (w, *self._vectors):
            flush_subnormals(vector[block])

    @abstractmethod
    def numbers(self, lr: float) -> tuple[float, ...]:
        """What the rule multiplies by or adds in step `t`, at the learning rate `lr`.

        `change` has each as an array without axes, in the floats of the parameters.
        """

    @abstractmethod
    def change(self, dw: Array, numbers: Arrays, *arrays: Array) -> None:
        """The rule for one block: write what is taken off its parameters into the last array.

        dw       the gradient
        numbers  those of this step
        arrays   the state, then the scratch that takes the result, all as long as the block
        """


def stretch(block: slice, segments: Sequence[Segment], dtype: DTypeLike) -> Stretch:
    """What the segments say about a block.

    >>> segments = [Segment(0, 4, decays=True), Segment(4, 6, 0.1), Segment(6, 9)]
    >>> found = stretch(slice(2, 9), segments, float)
    >>> found.factors, found.decaying
    (((slice(2, 4, None), array(0.1)),), ((slice(0, 2, None), 1.0),))
    """
    inside = [
        (
            slice(max(each.start, block.start) - block.start, min(each.stop, block.stop) - block.start),
            each,
        )
        for each in segments
        if each.start < block.stop and each.stop > block.start
    ]
    return Stretch(
        tuple((part, np.array(each.rate, dtype)) for part, each in inside if each.rate != 1),
        tuple((part, each.rate) for part, each in inside if each.decays),
    )


def flush_subnormals(x: Array) -> None:
    """Set to 0 what is too small for a normal number; NaN stays.

    >>> x = np.array([1e-40, -1.0, 0.0, 1e-37], np.float32)
    >>> flush_subnormals(x)
    >>> x.tolist() == [0, -1, 0, np.float32(1e-37)]
    True
    """
    x *= np.abs(x) >= np.finfo(x.dtype).smallest_normal

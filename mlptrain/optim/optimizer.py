"""What all optimizers have in common: an update rule applied to one flat vector, block by block.

The rule of each optimizer is a handful of passes over memory. Done on the whole vector, each pass
would fetch it from main memory again; done on blocks that stay in the cache, only the first one does.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import numpy as np

from mlptrain.arrays import Array
from mlptrain.bounds import Positive
from mlptrain.graph.memory import zeros
from mlptrain.optim.blocks import Blocks

FLUSH_EVERY = 100
"""Updates after which subnormal numbers become 0. Weights that only decay end there, and the moments of
inputs that are always 0; a processor takes about ten times as long for each."""


class Optimizer(ABC):
    """An update rule. Keyword-only constructor arguments are its hyperparameters.

    `slots` names the vectors of state, each as long as the parameters; they start at 0. `t` counts
    the updates done.
    """

    slots: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, learning_rate: Positive) -> None:
        self.learning_rate = learning_rate
        self.t = 0

    def attach(self, w: Array, weights: Sequence[Array] = (), threads: int = 1) -> None:
        """Allocate the state for the flat vector `w`; `weights` are its views that may decay."""
        self.t = 0
        self.weights = weights
        self.state = {slot: zeros(w.shape, w.dtype) for slot in self.slots}
        self._vectors = tuple(self.state.values())
        self._blocks = Blocks(w.size, threads)
        self._scratch = [zeros((self._blocks.length,), w.dtype) for _ in range(self._blocks.threads)]

    def step(self, w: Array, dw: Array, lr: float) -> None:
        """Update `w` in place, given the gradient `dw` and the learning rate of this step."""
        self.t += 1
        if w.size == self._blocks.length:
            self.update(w, dw, lr, *self._vectors, self._scratch[0])
        else:
            self._blocks.run(partial(self._update_block, w, dw, lr))
        if self.t % FLUSH_EVERY == 0:
            self._blocks.run(partial(self._flush_block, w))

    def _update_block(self, w: Array, dw: Array, lr: float, block: slice, thread: int) -> float:
        views = [vector[block] for vector in self._vectors]
        scratch = self._scratch[thread][: block.stop - block.start]
        self.update(w[block], dw[block], lr, *views, scratch)
        return 0.0

    def _flush_block(self, w: Array, block: slice, thread: int) -> float:
        for vector in (w, *self._vectors):
            flush_subnormals(vector[block])
        return 0.0

    @abstractmethod
    def update(self, w: Array, dw: Array, lr: float, *arrays: Array) -> None:
        """The rule for one block: parameters, gradient, rate, then state and scratch of its length."""


def flush_subnormals(x: Array) -> None:
    """Set to 0 what is too small for a normal number; NaN stays.

    >>> x = np.array([1e-40, -1.0, 0.0, 1e-37], np.float32)
    >>> flush_subnormals(x)
    >>> x.tolist() == [0, -1, 0, np.float32(1e-37)]
    True
    """
    x *= np.abs(x) >= np.finfo(x.dtype).smallest_normal

"""The limits of a step in NumPy.

matmul  the matrix products alone, through np.matmul into given arrays: X W forward; X^T dZ and, but for
        the first layer, dZ W^T backward, at the shapes of a step
bare    the same and the memory that a step has to move beside them: the batch is gathered, the
        gradients are read once more, and parameters and state of the optimizer are read and written
        in one call each. No bias, activation or loss, and no formula of an optimizer has so few calls
"""

import os

from mlptrain.__main__ import SPIN

os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", SPIN)  # as the command does, before NumPy is loaded

import numpy as np
import workload as shared
from threadpoolctl import threadpool_info, threadpool_limits
from workload import Array, Options, Workload

from mlptrain.graph.memory import zeros
from mlptrain.optim.blocks import Blocks
from mlptrain.training.gradients import quick_sum

VARIANTS = ("matmul", "bare")
STATES = {"momentum": 1, "adam": 2}
"""Vectors of state that an optimizer keeps."""


class Products:
    """The arrays of a step, filled with normal numbers, so that no product meets a special value."""

    def __init__(self, options: Options, work: Workload) -> None:
        rng = np.random.default_rng(options.seed)

        def normal(*shape: int) -> Array:
            array = zeros(shape, options.dtype)
            array[...] = rng.standard_normal(shape)
            return array

        count = sum(W.size for W in work.weights)
        self.parameters, self.gradient = zeros((count,), options.dtype), zeros((count,), options.dtype)
        np.concatenate([W.ravel() for W in work.weights], out=self.parameters)
        self.weights = views(self.parameters, work.weights)
        self.gradients = views(self.gradient, work.weights)
        self.activations = [normal(options.batch, size) for size in options.sizes]
        self.scores = [normal(options.batch, size) for size in options.sizes[1:]]
        self.upstream = [normal(options.batch, size) for size in options.sizes[1:]]
        self.downstream = [zeros(a.shape, a.dtype) for a in self.activations]

    def step(self, rows: Array) -> None:
        for x, W, z in zip(self.activations, self.weights, self.scores, strict=False):
            np.matmul(x, W, out=z)
        for k in reversed(range(len(self.weights))):
            np.matmul(self.activations[k].T, self.upstream[k], out=self.gradients[k])
            if k > 0:
                np.matmul(self.upstream[k], self.weights[k].T, out=self.downstream[k])


class BareStep(Products):
    """The products and the memory traffic around them."""

    def __init__(self, options: Options, work: Workload) -> None:
        super().__init__(options, work)
        self.X = work.X
        states = [zeros(self.gradient.shape, options.dtype) for _ in range(STATES[options.optimizer])]
        self.vectors = (*states, self.parameters)
        self.blocks = Blocks(self.parameters.size, options.threads)

    def step(self, rows: Array) -> None:
        self.X.take(rows, 0, self.activations[0], "clip")
        super().step(rows)
        quick_sum(self.gradient)
        self.blocks.run(self.move)

    def move(self, block: slice, thread: int) -> float:
        for vector in self.vectors:
            np.add(vector[block], self.gradient[block], vector[block])
        return 0.0


def views(flat: Array, like: list[Array]) -> list[Array]:
    """Consecutive parts of a flat vector in the shapes of these arrays."""
    ends = np.cumsum([W.size for W in like])
    return [flat[end - W.size : end].reshape(W.shape) for end, W in zip(ends, like, strict=True)]


def main() -> None:
    """Time, report. There is no loss: nothing is trained."""
    options = shared.read_options(VARIANTS)
    work = Workload.of(options)
    limit = {"matmul": Products, "bare": BareStep}[options.variant](options, work)

    def run(first: int, stop: int) -> None:
        for rows in work.batches[first:stop]:
            limit.step(rows)

    with threadpool_limits(options.threads):
        blocks = shared.time_blocks(work, run)
    (blas,) = [each for each in threadpool_info() if each["user_api"] == "blas"]
    kernel = str(blas.get("architecture", "unknown"))
    shared.report(options, blocks, None, {"numpy": np.__version__, "kernel": kernel})


if __name__ == "__main__":
    main()

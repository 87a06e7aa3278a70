"""The limit of a step: its matrix products and nothing else, through np.matmul into given arrays.

matmul  X W forward; X^T dZ and, but for the first layer, dZ W^T backward, at the shapes of a step
"""

import numpy as np
import workload as shared
from threadpoolctl import threadpool_limits
from workload import Array, Options, Workload

VARIANTS = ("matmul",)


class Products:
    """The arrays of a step, filled with normal numbers, so that no product meets a special value."""

    def __init__(self, options: Options, work: Workload) -> None:
        rng = np.random.default_rng(options.seed)

        def normal(*shape: int) -> Array:
            return rng.standard_normal(shape).astype(options.dtype)

        self.weights = work.weights
        self.activations = [normal(options.batch, size) for size in options.sizes]
        self.scores = [normal(options.batch, size) for size in options.sizes[1:]]
        self.upstream = [normal(options.batch, size) for size in options.sizes[1:]]
        self.downstream = [np.empty_like(a) for a in self.activations]
        self.gradients = [np.empty_like(W) for W in work.weights]

    def step(self) -> None:
        for x, W, z in zip(self.activations, self.weights, self.scores, strict=False):
            np.matmul(x, W, out=z)
        for k in reversed(range(len(self.weights))):
            np.matmul(self.activations[k].T, self.upstream[k], out=self.gradients[k])
            if k > 0:
                np.matmul(self.upstream[k], self.weights[k].T, out=self.downstream[k])

    def run(self, first: int, stop: int) -> None:
        for _ in range(first, stop):
            self.step()


def main() -> None:
    """Time, report. There is no loss: nothing is trained."""
    options = shared.read_options(VARIANTS)
    work = Workload.of(options)
    with threadpool_limits(options.threads):
        blocks = shared.time_blocks(work, Products(options, work).run)
    shared.report(options, blocks, None, {"numpy": np.__version__})


if __name__ == "__main__":
    main()

"""The same matrix products as in products_peer.py, by PyTorch: torch.mm into given tensors."""

import numpy as np
import torch
import workload as shared
from torch import Tensor
from workload import Options, Workload


class Products:
    """The tensors of a step, filled with normal numbers."""

    def __init__(self, options: Options, work: Workload) -> None:
        rng = np.random.default_rng(options.seed)

        def normal(*shape: int) -> Tensor:
            return torch.from_numpy(rng.standard_normal(shape).astype(options.dtype))

        self.weights = [torch.from_numpy(W) for W in work.weights]
        self.gradients = [torch.empty_like(W) for W in self.weights]
        self.activations = [normal(options.batch, size) for size in options.sizes]
        self.scores = [normal(options.batch, size) for size in options.sizes[1:]]
        self.upstream = [normal(options.batch, size) for size in options.sizes[1:]]
        self.downstream = [torch.empty_like(a) for a in self.activations]

    def run(self, first: int, stop: int) -> None:
        for _ in range(first, stop):
            for x, W, z in zip(self.activations, self.weights, self.scores, strict=False):
                torch.mm(x, W, out=z)
            for k in reversed(range(len(self.weights))):
                torch.mm(self.activations[k].T, self.upstream[k], out=self.gradients[k])
                if k > 0:
                    torch.mm(self.upstream[k], self.weights[k].T, out=self.downstream[k])


def main() -> None:
    """Time, report. There is no loss: nothing is trained."""
    options = shared.read_options(("mm",))
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    work = Workload.of(options)
    with torch.no_grad():
        blocks = shared.time_blocks(work, Products(options, work).run)
    shared.report(options, blocks, None, {"torch": torch.__version__})


if __name__ == "__main__":
    main()

"""PyTorch's side of the benchmark.

eager          modules and autograd, plain optimizer
eager-foreach  the same with the optimizer's foreach implementation
eager-fused    the same with the fused optimizer
compile        torch.compile of network and loss, with the fused optimizer

The batch is gathered with index_select into a buffer that is allocated once; no data loader.
"""

from collections.abc import Callable

import torch
import workload as shared
from torch import Tensor, nn
from workload import Options, Workload

VARIANTS = ("eager", "eager-foreach", "eager-fused", "compile")


def network(options: Options, work: Workload) -> nn.Sequential:
    """Linear, ReLU, dropout ..., with the shared initial weights."""
    layers: list[nn.Module] = []
    for W, b in zip(work.weights, work.biases, strict=True):
        if layers:
            layers.append(nn.ReLU())
            if options.dropout > 0:
                layers.append(nn.Dropout(options.dropout))
        linear = nn.Linear(*W.shape, dtype=getattr(torch, options.dtype))
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(W.T))
            linear.bias.copy_(torch.from_numpy(b))
        layers.append(linear)
    return nn.Sequential(*layers)


def make_optimizer(options: Options, model: nn.Module) -> torch.optim.Optimizer:
    """The optimizer in the implementation that the variant asks for."""
    fused = options.variant in ("eager-fused", "compile")
    foreach = options.variant == "eager-foreach"
    implementation = {"fused": True} if fused else {"foreach": foreach}
    if options.optimizer == "momentum":
        return torch.optim.SGD(
            model.parameters(), options.learning_rate, momentum=shared.MOMENTUM, **implementation
        )
    betas = (shared.BETA1, shared.BETA2)
    return torch.optim.Adam(
        model.parameters(), options.learning_rate, betas, shared.EPS, **implementation
    )


def training(
    options: Options, work: Workload, model: nn.Module, X: Tensor, y: Tensor
) -> Callable[[int, int], None]:
    """The function that trains on a range of batches."""
    optimizer = make_optimizer(options, model)
    criterion = nn.CrossEntropyLoss()

    def batch_loss(rows: Tensor, labels: Tensor) -> Tensor:
        return criterion(model(rows), labels)

    if options.variant == "compile":
        batch_loss = torch.compile(batch_loss, dynamic=False)
    batches = torch.from_numpy(work.batches).unbind(0)
    X_batch, y_batch = X[: options.batch].clone(), y[: options.batch].clone()

    def run(first: int, stop: int) -> None:
        for rows in batches[first:stop]:
            torch.index_select(X, 0, rows, out=X_batch)
            torch.index_select(y, 0, rows, out=y_batch)
            optimizer.zero_grad(set_to_none=True)
            batch_loss(X_batch, y_batch).backward()
            optimizer.step()

    return run


def full_loss(model: nn.Module, X: Tensor, y: Tensor) -> float:
    """The loss over all rows, without dropout."""
    model.eval()
    with torch.no_grad():
        return nn.functional.cross_entropy(model(X), y).item()


def main() -> None:
    """Train, time, report."""
    options = shared.read_options(VARIANTS)
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    torch.manual_seed(options.seed)
    work = Workload.of(options)
    model = network(options, work)
    X, y = torch.from_numpy(work.X), torch.from_numpy(work.y)
    run = training(options, work, model, X, y)
    try:
        blocks = shared.time_blocks(work, run)
    except Exception as fault:
        if options.variant != "compile":
            raise
        # The compiler fails in many ways, and that it does is what we want to know.
        shared.report_failure(options, f"torch.compile: {type(fault).__name__}: {fault}")
        return
    shared.report(options, blocks, full_loss(model, X, y), {"torch": torch.__version__})


if __name__ == "__main__":
    main()

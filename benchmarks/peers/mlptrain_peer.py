"""This program's side of the benchmark: the step of `mlptrain fit`, checks included."""

import os
import tempfile
from pathlib import Path

from mlptrain.__main__ import SPIN

os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", SPIN)  # as the command does, before NumPy is loaded

import numpy as np
import workload as shared
from threadpoolctl import threadpool_limits
from workload import Options, Workload

import mlptrain
from mlptrain.config import load_config
from mlptrain.training.build import build
from mlptrain.training.evaluate import evaluate
from mlptrain.training.experiment import Experiment
from mlptrain.training.record import Progress
from mlptrain.training.trainer import take_step


def experiment_for(options: Options, work: Workload) -> Experiment:
    """What `mlptrain fit` would build, with the shared initial weights."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npz"
        np.savez(path, X=work.X, y=work.y)
        config = load_config(
            {
                "data": {"train": str(path), "val": 0, "test": 0, "scale": "none"},
                "model": {
                    "hidden": list(options.sizes[1:-1]),
                    "dtype": options.dtype,
                    "dropout": options.dropout,
                },
                "optimizer": {"name": options.optimizer, "learning_rate": options.learning_rate},
                "train": {"batch_size": options.batch},
            }
        )
        experiment = build(config, options.threads)
    parameters = experiment.network.parameters
    for number, (W, b) in enumerate(zip(work.weights, work.biases, strict=True), 1):
        parameters[f"layer{number}.W"].value[...] = W
        parameters[f"layer{number}.b"].value[...] = b
    return experiment


def main() -> None:
    """Train, time, report."""
    options = shared.read_options(("default",))
    threadpool_limits(options.threads, user_api="blas")
    work = Workload.of(options)
    experiment, progress = experiment_for(options, work), Progress()
    batches = list(work.batches)

    def run(first: int, stop: int) -> None:
        for rows in batches[first:stop]:
            take_step(experiment, progress, rows, options.learning_rate)

    blocks = shared.time_blocks(work, run)
    data = experiment.data
    loss = evaluate(experiment.network, data.train, data.preprocessing).data_loss()
    shared.report(options, blocks, loss, {"mlptrain": mlptrain.__version__, "numpy": np.__version__})


if __name__ == "__main__":
    main()

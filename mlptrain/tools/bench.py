"""Where the time of a training step goes, and how close it comes to its limit: its matrix products.

The products are timed on their own, at the same shapes, with the same number of threads.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from statistics import median

from mlptrain.config import load_config
from mlptrain.config.load import Source
from mlptrain.config.overrides import Overrides
from mlptrain.data.batches import batches, epoch_order
from mlptrain.system.threads import use_threads
from mlptrain.training.build import build
from mlptrain.training.experiment import Experiment
from mlptrain.training.gradients import is_finite
from mlptrain.training.minibatches import load_batch
from mlptrain.training.products import multiply, products
from mlptrain.training.record import Progress
from mlptrain.training.trainer import take_step

SECONDS = 1.0
"""How long each figure is measured."""

BLOCKS = 9
"""A figure is the median over so many blocks of repetitions."""


@dataclass(frozen=True)
class Benchmark:
    """Times in milliseconds: a whole step, its phases measured apart, and its products alone."""

    step_ms: float
    phases_ms: dict[str, float]
    examples_per_second: float
    products_ms: float
    threads: int

    def document(self) -> dict[str, object]:
        """What `--json` prints."""
        return {
            "step_ms": self.step_ms,
            "phases_ms": self.phases_ms,
            "examples_per_second": self.examples_per_second,
            "products_ms": self.products_ms,
            "products_over_step": self.products_ms / self.step_ms,
            "threads": self.threads,
        }


def bench(config: Source, overrides: Overrides = (), *, threads: int | None = None) -> Benchmark:
    """Where the time of a training step goes, on the data of a config."""
    return benchmark(build(load_config(config, overrides), threads))


def benchmark(experiment: Experiment) -> Benchmark:
    """Time the step of `fit` on the experiment's own data; its parameters change."""
    with use_threads(experiment.threads):
        return _measured(experiment)


def _measured(experiment: Experiment) -> Benchmark:
    network, progress = experiment.network, Progress()
    order = epoch_order(experiment.seed, 0, len(experiment.data.train))
    steps = cycle(list(islice(batches(order, experiment.rows_per_step), experiment.steps_per_epoch)))
    lr = experiment.optimizer.learning_rate * 1e-3  # thousands of steps must not run away
    step_ms = timed(lambda: take_step(experiment, progress, next(steps), lr))
    rows = next(steps)[: experiment.batch_size]
    masks = network.training.mask_streams(experiment.seed, progress.step)
    plan = network.training.graph.plan(len(rows))
    w, dw = network.parameters.values, network.parameters.gradients
    phases = {
        "batch": timed(lambda: load_batch(experiment, next(steps)[: len(rows)], masks)),
        "forward": timed(plan.forward),
        "backward": timed(plan.backward),
        "check": timed(lambda: is_finite(float(plan.value(network.training.loss)), dw)),
        "update": timed(lambda: experiment.optimizer.step(w, dw, 0.0)),
    }
    return Benchmark(
        step_ms=step_ms,
        phases_ms=phases,
        examples_per_second=1e3 * len(rows) / step_ms,
        products_ms=timed(partial(multiply, products(network, plan))),
        threads=experiment.threads,
    )


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call: the median over blocks, after a warm-up."""
    once = duration(work, 3)
    repeats = max(1, int(SECONDS / BLOCKS / max(once, 1e-7)))
    return 1e3 * median(duration(work, repeats) for _ in range(BLOCKS))


def duration(work: Callable[[], object], repeats: int) -> float:
    """Seconds of one call, averaged over `repeats`."""
    started = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - started) / repeats

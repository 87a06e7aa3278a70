"""What a run needs, built and ready: data, network, optimizer, schedule, and how to train."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from mlptrain.arrays import Array
from mlptrain.data.batches import steps_per_epoch
from mlptrain.data.dataset import Dataset, Rows
from mlptrain.data.preprocessing.targets import class_masses
from mlptrain.metrics.decision import Criterion, Threshold, best_threshold
from mlptrain.metrics.lopsided import headline
from mlptrain.nn.network import Network
from mlptrain.optim import Optimizer
from mlptrain.optim.schedules import Schedule
from mlptrain.training.average import Average
from mlptrain.training.shards import Shards

MOST_TRAINING_ROWS = 2000
"""Training losses and metrics are measured on this many rows at most, drawn at random."""
FEWEST_ROWS = 8
"""With batch norm a shorter last minibatch joins the one before, and so does less than half a one."""


@dataclass(frozen=True)
class Interval:
    """How often something is due: every `count` epochs, or every `count` steps."""

    count: int = 1
    unit: Literal["epochs", "steps"] = "epochs"

    def due(self, step: int, per_epoch: int) -> bool:
        """Whether it is due when `step` steps are done."""
        every = self.count if self.unit == "steps" else self.count * per_epoch
        return step % every == 0


@dataclass(frozen=True)
class EarlyStopping:
    """Stop after `patience` evaluations in a row that were not better by more than `min_delta`."""

    patience: int
    min_delta: float = 0.0


@dataclass(frozen=True)
class Monitor:
    """The value of a record that decides which parameters are the best."""

    key: str
    larger_is_better: bool
    last_of_ties: bool = False

    def is_best(self, value: float, best: float | None) -> bool:
        """Whether the epoch of this value takes the place of the best so far."""
        return self.better(value, best) or (self.last_of_ties and value == best)

    def better(self, value: float, best: float | None, min_delta: float = 0.0) -> bool:
        """Whether `value` is strictly better than `best`; a value that is not finite never is."""
        if not math.isfinite(value):
            return False
        if best is None:
            return True
        gain = value - best if self.larger_is_better else best - value
        return gain > min_delta


@dataclass(frozen=True)
class Decision:
    """How a threshold between two classes is chosen; `positive` is the number of a class."""

    positive: Literal[0, 1]
    criterion: Criterion

    def threshold(self, probabilities: Array, y: Array, weights: Array | None) -> Threshold:
        """The best one on rows of these probabilities (N, 2) and classes (N,)."""
        of_positive, is_positive = probabilities[:, self.positive], y == self.positive
        value = best_threshold(of_positive, is_positive, self.criterion, weights)
        return Threshold(self.positive, value)


@dataclass(frozen=True)
class Experiment:
    """Everything that `train` reads.

    Only parameters, running statistics, the state of the optimizer and averages of weights change.
    """

    data: Dataset
    network: Network
    optimizer: Optimizer
    schedule: Schedule
    monitor: Monitor
    seed: int
    epochs: int
    batch_size: int
    accumulate: int = 1  # minibatches whose gradients add up to one step
    drop_last: bool = False
    clip_norm: float | None = None
    nonfinite: Literal["abort", "skip", "rollback"] = "abort"
    early_stopping: EarlyStopping | None = None
    eval_every: Interval = Interval()
    threads: int = 1
    log_histograms: bool = False
    calibrate: bool = False
    decision: Decision | None = None
    average: Average | None = None
    shards: Shards | None = None  # None: a minibatch is learned from as a whole
    max_seconds: float | None = None  # over all sittings of the run

    @property
    def rows_per_step(self) -> int:
        """Training rows that one optimizer step learns from."""
        return self.batch_size * self.accumulate

    @cached_property
    def fewest_rows(self) -> int:
        """Rows that a minibatch needs: batch norm takes mean and variance over them.

        From one row it learns nothing, from two or three a variance that may be anything.
        """
        if not self.network.training.wiring.running:
            return 1
        return min(FEWEST_ROWS, max(2, self.batch_size // 2))

    @cached_property
    def measured(self) -> Rows:
        """The training rows on which losses and metrics are measured, the same throughout a run."""
        return self.data.train.sample(MOST_TRAINING_ROWS, self.seed)

    @cached_property
    def headline(self) -> tuple[str, ...]:
        """The metrics that people read first, by the training rows."""
        data = self.data
        if data.classes is None:
            return (self.network.loss.headline,)
        y = cast(NDArray[np.integer], data.train.y)
        usual, masses = (
            self.network.loss.headline,
            class_masses(y, len(data.classes), data.train.weights),
        )
        return headline(usual, masses)

    @cached_property
    def steps_per_epoch(self) -> int:
        """Optimizer steps in one pass over the training rows."""
        return steps_per_epoch(
            len(self.data.train),
            self.rows_per_step,
            drop_last=self.drop_last,
            fewest=self.fewest_rows,
        )

    def out_of_time(self, seconds: float) -> bool:
        """Whether a run that has taken so long is to end."""
        return self.max_seconds is not None and seconds >= self.max_seconds

    @property
    def total_steps(self) -> int:
        """T of the schedules."""
        return self.epochs * self.steps_per_epoch

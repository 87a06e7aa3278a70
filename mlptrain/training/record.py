"""One evaluation during training: what is printed, judged and kept as a line of metrics.jsonl."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlptrain.bounds import Whole
from mlptrain.data.dataset import Rows
from mlptrain.training.average import Average
from mlptrain.training.evaluate import Evaluation
from mlptrain.training.experiment import Experiment
from mlptrain.training.sharded_scores import scores_of

Values = Mapping[str, float | int | None]


@dataclass
class Progress:
    """Where a run stands. `step` counts the steps done: it fixes epoch, batch and randomness."""

    step: Whole = 0
    best: float | None = None
    best_epoch: Whole | None = None
    stale: Whole = 0  # evaluations in a row without an improvement, for early stopping
    skipped: Whole = 0  # steps in a row that were dropped because they were not finite
    rate_factor: float = 1.0  # halved by every rollback
    poisoned: list[Whole] = field(default_factory=list)  # steps to leave out, one for each rollback
    seconds: float = 0.0  # wall time, over all sittings of the run
    stopped: str | None = None  # why the run ended before its last epoch


@dataclass(frozen=True)
class Record:
    """The values of one evaluation, in the order of interface and file."""

    values: Values
    is_best: bool
    histograms: Mapping[str, Any] | None = None  # of the step before, where they are asked for
    averaged: bool = False  # whether the best are not the parameters, but their averages

    def __getitem__(self, key: str) -> float | int | None:
        return self.values[key]

    def line(self) -> dict[str, Any]:
        """What stands in metrics.jsonl."""
        more = {} if self.histograms is None else {"histograms": self.histograms}
        return {**self.values, **more}


class Clock:
    """Wall time of the whole run, and examples per second since the last evaluation."""

    def __init__(self, seconds_before: float) -> None:
        self._origin = time.perf_counter() - seconds_before
        self.resume()

    def count(self, examples: int) -> None:
        """A minibatch of so many examples is done."""
        self._examples += examples

    def seconds(self) -> float:
        """Since the run began, over all sittings."""
        return time.perf_counter() - self._origin

    def examples_per_second(self) -> float:
        """Since the last evaluation ended."""
        return self._examples / max(time.perf_counter() - self._since, 1e-9)

    def resume(self) -> None:
        """An evaluation is over."""
        self._examples = 0
        self._since = time.perf_counter()


def measure(
    experiment: Experiment, progress: Progress, lr: float, grad_norm: float, clock: Clock
) -> Record:
    """Evaluate, and note in `progress` whether this is the best so far or the end of the run.

    lr, grad_norm   of the step before; the norm is that before clipping
    """
    speed = clock.examples_per_second()
    with np.errstate(all="ignore"):  # a network that overflows on some rows is a null, not a warning
        measured = _losses_and_metrics(experiment)
    values: dict[str, float | int | None] = {
        "epoch": progress.step // experiment.steps_per_epoch,
        "step": progress.step,
        "learning_rate": lr,
        **measured,
        "grad_norm": grad_norm,
    }
    key = experiment.monitor.key
    value, averaged = values[key], False
    if experiment.average is not None:
        mean = values[f"average_{key}"] = _monitored_average(experiment, experiment.average)
        averaged = mean is not None and experiment.monitor.better(mean, value)
        value = mean if averaged else value
    progress.seconds = clock.seconds()
    is_best = _judge(experiment, progress, value)
    clock.resume()
    timing = {"seconds": progress.seconds, "examples_per_second": speed}
    return Record({**values, **timing}, is_best, averaged=averaged)


def _monitored_average(experiment: Experiment, average: Average) -> float | None:
    """The value that the monitor follows, of the averages of the weights."""
    split, _, metric = experiment.monitor.key.partition("_")
    rows = experiment.data.val if split == "val" else None
    with np.errstate(all="ignore"), average.in_place(experiment.network):
        loss, metrics = _evaluated(experiment, split, rows or experiment.measured)
        if metric != "loss":
            return metrics[experiment.monitor.key]
        penalty = experiment.network.regularization_loss() if split == "train" else 0.0
        return None if loss is None else loss + penalty


def _losses_and_metrics(experiment: Experiment) -> dict[str, float | None]:
    data, network = experiment.data, experiment.network
    loss, metrics = _evaluated(experiment, "train", experiment.measured)
    penalty = network.regularization_loss()
    values: dict[str, float | None] = {
        "train_loss": None if loss is None else loss + penalty,
        "data_loss": loss,
        "regularization_loss": penalty,
        **metrics,
    }
    if data.val is not None:
        values["val_loss"], metrics = _evaluated(experiment, "val", data.val)
        values.update(metrics)
    return values


def _evaluated(
    experiment: Experiment, split: str, rows: Rows
) -> tuple[float | None, dict[str, float | None]]:
    scores, made = scores_of(experiment, split, rows), experiment.data.preprocessing
    evaluation = Evaluation(experiment.network, rows.with_targets_in_memory(), scores, made)
    metrics = evaluation.metrics(_names(experiment, split))
    return evaluation.data_loss(), {f"{split}_{name}": value for name, value in metrics.items()}


def _names(experiment: Experiment, split: str) -> Iterable[str]:
    """The metric that every record has, those of the headline, and the one that the monitor follows."""
    usual = experiment.network.loss.headline
    watched, _, metric = experiment.monitor.key.partition("_")
    followed = [metric] if watched == split and metric != "loss" else []
    return dict.fromkeys([usual, *experiment.headline, *followed])


def _judge(experiment: Experiment, progress: Progress, value: float | None) -> bool:
    """Update best and patience; whether the parameters are the best so far."""
    monitor, stopping = experiment.monitor, experiment.early_stopping
    is_best = value is not None and monitor.is_best(value, progress.best)
    min_delta = stopping.min_delta if stopping else 0.0
    improved = value is not None and monitor.better(value, progress.best, min_delta)
    progress.stale = 0 if improved else progress.stale + 1
    if is_best and value is not None:
        progress.best = float(value)
        progress.best_epoch = progress.step // experiment.steps_per_epoch
    if progress.best is None:
        progress.stale = 0  # what was never defined cannot have stopped improving
    elif stopping and progress.stale >= stopping.patience:
        progress.stopped = (
            f"{monitor.key} has not improved for {progress.stale} evaluations; "
            f"best {progress.best:.6g} at epoch {progress.best_epoch}"
        )
    return is_best

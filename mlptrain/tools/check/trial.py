"""The first steps of training, watched closely: the loss, the size of the updates, what is left."""

import math
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from mlptrain.config import Config
from mlptrain.data.dataset import Rows
from mlptrain.errors import DivergenceError
from mlptrain.nn.network import Network
from mlptrain.training.build import optimizer_for
from mlptrain.training.evaluate import evaluate
from mlptrain.training.experiment import Experiment, Interval
from mlptrain.training.record import Progress
from mlptrain.training.trainer import train

STEPS = 100
EARLY = 10
"""So many updates are measured: later, a rate that is too high has made the weights large."""
LOOKS = (1, 2, 3, 5, 10, 20, 50, STEPS)
"""After these steps the loss is measured."""
WORK = 2e10
"""Multiply-adds that a trial may take; a large network does fewer steps."""
FEWEST = 10
MOST_TIMES = 1000
"""At so many steps the schedule is asked for its factor, at most."""


@dataclass(frozen=True)
class Trial:
    """What happened: the total loss on the sample after some steps, and the updates of each layer.

    losses     step -> loss; 0 is before the first
    ratios     name of W -> the largest |update| / |W| of the early steps
    reach      how far W could come in the whole run, relative to |W|, if all updates were as large
    diverged   why it stopped, if it did
    """

    losses: dict[int, float]
    ratios: dict[str, float]
    reach: dict[str, float]
    network: Network
    diverged: str = ""

    @property
    def steps(self) -> int:
        """How many steps were done."""
        return max(self.losses)

    @property
    def peak(self) -> tuple[int, float]:
        """The step with the largest loss, and that loss."""
        step = max(self.losses, key=lambda each: self.losses[each])
        return step, self.losses[step]


def first_steps(
    experiment: Experiment, config: Config, network: Network, sample: Rows, share: float = 1.0
) -> Trial:
    """Train a copy for a hundred steps, as `fit` would, or at a share of its rate."""
    optimizer = optimizer_for(config, network)
    optimizer.learning_rate *= share
    copy = replace(
        experiment,
        network=network,
        optimizer=optimizer,
        nonfinite="abort",
        eval_every=Interval(10**9),
    )
    # One that starts at 0 has no size that an update could be held against.
    drawn = [each for each in network.parameters.weights() if each.spec.start == "drawn"]
    weights = {weight.name: weight.value for weight in drawn}
    before = {name: W.copy() for name, W in weights.items()}
    ratios: dict[str, list[float]] = {name: [] for name in weights}
    losses, diverged = {0: total_loss(copy, sample)}, ""
    try:
        for step, _ in enumerate(islice(train(copy, Progress()), affordable(copy)), 1):
            if step <= EARLY:
                for name, W in weights.items():
                    ratios[name].append(ratio(W - before[name], before[name]))
                    np.copyto(before[name], W)
            if step in LOOKS:
                losses[step] = total_loss(copy, sample)
    except DivergenceError as error:
        diverged = error.faults[0]
    largest = {name: max(found) for name, found in ratios.items() if found}
    reaches = {name: reach(copy, found) for name, found in ratios.items() if found}
    return Trial(losses, largest, reaches, network, diverged)


def reach(experiment: Experiment, ratios: list[float]) -> float:
    """The largest early update, at the full rate, times all steps of the schedule."""
    total, per_epoch = experiment.total_steps, experiment.steps_per_epoch
    rates = [experiment.schedule(t, total, per_epoch) for t in range(len(ratios))]
    stride = -(-total // MOST_TIMES)
    times = range(0, total, stride)
    steps = sum(experiment.schedule(t, total, per_epoch) for t in times) * total / len(times)
    return steps * max(each / rate if rate else 0.0 for each, rate in zip(ratios, rates, strict=True))


def affordable(experiment: Experiment) -> int:
    """How many steps fit into WORK."""
    per_step = 3 * experiment.rows_per_step * experiment.network.parameters.values.size
    return min(experiment.total_steps, STEPS, max(FEWEST, int(WORK / per_step)))


def ratio(update: np.ndarray, W: np.ndarray) -> float:
    """|update| / |W|, in float64: a rate that is too high overflows soon enough.

    Weights that start near 0 have no size of their own yet; they count as half of Xavier's.
    """
    least = 0.5 * math.sqrt(2 * W.size / sum(W.shape))
    size = float(np.linalg.norm(W.astype(np.float64)))
    return float(np.linalg.norm(update.astype(np.float64))) / max(size, least)


def total_loss(experiment: Experiment, rows: Rows) -> float:
    """Data loss and penalty of the prediction graph; infinite where it is not a number."""
    network = experiment.network
    with np.errstate(all="ignore"):
        loss = evaluate(network, rows, experiment.data.preprocessing).data_loss() or 0.0
        loss += network.regularization_loss()
    return loss if math.isfinite(loss) else math.inf

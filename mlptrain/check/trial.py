"""The first steps of training, watched closely: the loss, the size of the updates, what is left."""

import math
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from mlptrain.build import optimizer_for
from mlptrain.config import Config
from mlptrain.data.dataset import Rows
from mlptrain.errors import DivergenceError
from mlptrain.experiment import Experiment, Interval
from mlptrain.graph import apply
from mlptrain.network import Network
from mlptrain.record import Progress
from mlptrain.trainer import train

STEPS = 100
EARLY = 10
"""So many updates are measured: later, a rate that is too high has made the weights large."""
LOOKS = (1, 2, 3, 5, 10, 20, 50, STEPS)
"""After these steps the loss is measured."""
WORK = 2e10
"""Multiply-adds that a trial may take; a large network does fewer steps."""
FEWEST = 10


@dataclass(frozen=True)
class Trial:
    """What happened: the total loss on the sample after some steps, and the updates of each layer.

    losses     step -> loss; 0 is before the first
    ratios     name of W -> the largest |update| / |W| of the early steps
    diverged   why it stopped, if it did
    """

    losses: dict[int, float]
    ratios: dict[str, float]
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


def first_steps(experiment: Experiment, config: Config, network: Network, sample: Rows) -> Trial:
    """Train a copy for a hundred steps, as `fit` would."""
    copy = replace(
        experiment,
        network=network,
        optimizer=optimizer_for(config, network),
        nonfinite="abort",
        eval_every=Interval(10**9),
    )
    matrices = {weight.name: weight.value for weight in network.parameters.weights()}
    weights = {name: W for name, W in matrices.items() if W.any()}  # those at 0 have no scale yet
    ratios: dict[str, list[float]] = {name: [] for name in weights}
    losses, diverged = {0: total_loss(network, sample)}, ""
    before = {name: W.copy() for name, W in weights.items()}
    try:
        for step, _ in enumerate(islice(train(copy, Progress()), affordable(copy)), 1):
            if step <= EARLY:
                for name, W in weights.items():
                    ratios[name].append(ratio(W - before[name], before[name]))
                    np.copyto(before[name], W)
            if step in LOOKS:
                losses[step] = total_loss(network, sample)
    except DivergenceError as error:
        diverged = error.faults[0]
    largest = {name: max(found) for name, found in ratios.items() if found}
    return Trial(losses, largest, network, diverged)


def affordable(experiment: Experiment) -> int:
    """How many steps fit into WORK."""
    per_step = 3 * experiment.batch_size * experiment.network.parameters.values.size
    return min(experiment.total_steps, STEPS, max(FEWEST, int(WORK / per_step)))


def ratio(update: np.ndarray, W: np.ndarray) -> float:
    """|update| / |W|, in float64: a rate that is too high overflows soon enough."""
    return float(np.linalg.norm(update.astype(np.float64)) / np.linalg.norm(W.astype(np.float64)))


def total_loss(network: Network, rows: Rows) -> float:
    """Data loss and penalty of the prediction graph; infinite where it is not a number."""
    targets = (rows.y,) if rows.weights is None else (rows.y, rows.weights)
    with np.errstate(all="ignore"):
        scores = network.scores(rows.X)
        loss = float(apply(network.loss, scores, *targets, dtype=network.dtype))
        loss += network.regularization_loss()
    return loss if math.isfinite(loss) else math.inf

"""The learning-rate range test: what the loss does while the rate grows from step to step.

One short training from the start, at a rate that is multiplied by the same factor after every step
(Smith, 2017, "Cyclical learning rates for training neural networks"). Where the rate is too small the
loss stays; then it falls, the faster the larger the rate; then it turns and jumps. A tenth of the rate
at which it turns is a good rate to begin with: the test gives each rate one step only, and a training
that has to stand a rate for thousands of steps needs a smaller one.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from mlptrain.config import load_config
from mlptrain.config.load import Source
from mlptrain.config.overrides import Overrides
from mlptrain.data.source import RowNumbers
from mlptrain.errors import DivergenceError
from mlptrain.system.threads import use_threads
from mlptrain.training.experiment import Experiment
from mlptrain.training.record import Progress
from mlptrain.training.trainer import rows_of_steps, take_step
from mlptrain.training.warm_start import begin

LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 280
"""From where to where, in so many steps: 40 to each power of ten."""
MEMORY = 0.9
"""Share of the smoothed loss that stays at a step: it looks back about ten steps."""
ENOUGH = 4.0
"""The test ends where the smoothed loss is so many times its lowest, and above where it began."""
SAFE = 0.1
"""The suggestion is this share of the rate at which the smoothed loss is lowest."""
FALL = 0.02
"""By this share the smoothed loss has to fall at all."""


@dataclass(frozen=True)
class RangeTest:
    """What was found: after a step at each rate the loss of the next minibatch, plain and smoothed."""

    rates: list[float]
    losses: list[float]
    smoothed: list[float]
    ended: str  # why no larger rate was tried

    @property
    def turn(self) -> int:
        """The place of the lowest smoothed loss."""
        return int(np.argmin(self.smoothed))

    @property
    def suggestion(self) -> float | None:
        """A learning rate to begin with; None where the loss falls at no rate."""
        if not self.smoothed[self.turn] < (1 - FALL) * self.smoothed[0]:
            return None
        return SAFE * self.rates[self.turn]

    def document(self) -> dict[str, object]:
        """What `--json` prints."""
        return {
            "suggestion": self.suggestion,
            "lowest_at": self.rates[self.turn],
            "ended": self.ended,
            "rates": self.rates,
            "losses": self.losses,
            "smoothed": self.smoothed,
        }


def find_rate(config: Source, overrides: Overrides = (), *, threads: int | None = None) -> RangeTest:
    """Try rates on the network and the training rows of a config; nothing is kept of it."""
    _, experiment, _ = begin(load_config(config, overrides), threads)
    experiment = replace(experiment, nonfinite="abort", average=None)
    rates, losses, smoothed = list[float](), list[float](), list[float]()
    ended = f"the rate {HIGHEST:g} was reached"
    with use_threads(experiment.threads):
        try:
            for rate, loss in tried(experiment):
                rates.append(rate)
                losses.append(loss)
                smoothed.append(next_smoothed(smoothed, loss))
                if smoothed[-1] > max(ENOUGH * min(smoothed), smoothed[0]):
                    ended = f"the loss rises at {rate:.2g}"
                    break
        except DivergenceError:
            ended = "loss or gradient is no longer finite"
    if not rates:
        raise DivergenceError("the loss is not finite before any rate is tried; see mlptrain check")
    return RangeTest(rates, losses, smoothed, ended)


def tried(experiment: Experiment) -> Iterator[tuple[float, float]]:
    """Each rate of a step, and the loss of the minibatch after it."""
    progress, training = Progress(), experiment.network.training
    growth = (HIGHEST / LOWEST) ** (1 / (STEPS - 1))
    for step, rows in enumerate(itertools.islice(minibatches(experiment), STEPS + 1)):
        plan, _ = take_step(experiment, progress, rows, LOWEST * growth**step)
        if step:
            yield LOWEST * growth ** (step - 1), float(plan.value(training.loss))


def minibatches(experiment: Experiment) -> Iterator[RowNumbers]:
    """The rows of each step, epoch after epoch."""
    for epoch in itertools.count():
        yield from rows_of_steps(experiment, epoch)


def next_smoothed(smoothed: list[float], loss: float) -> float:
    """The mean of all losses so far, each weighing MEMORY times the one after it.

    >>> round(next_smoothed([1.0], 2.0), 4)  # (0.9 * 1 + 2) / (0.9 + 1)
    1.5263
    """
    before = len(smoothed)
    if not before:
        return loss
    mass = math.fsum(MEMORY**k for k in range(before + 1))
    return smoothed[-1] + (loss - smoothed[-1]) / mass

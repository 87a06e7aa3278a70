"""Who takes part in a run, asked before anything of it is written."""

from collections.abc import Callable

from mlptrain.config import Config
from mlptrain.training.experiment import Experiment

Join = Callable[[Config, Experiment], Experiment]
"""The same experiment, as all who take part train it; an error where they cannot."""


def alone(config: Config, experiment: Experiment) -> Experiment:
    """Nobody else takes part."""
    return experiment

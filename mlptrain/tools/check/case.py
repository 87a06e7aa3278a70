"""What the checks look at: a config that is built once, and trials on copies of its network."""

from functools import cached_property
from typing import NamedTuple

import numpy as np

from mlptrain.arrays import Array
from mlptrain.config import Config
from mlptrain.data.dataset import Dataset, Rows
from mlptrain.graph.plan import Plan
from mlptrain.nn.members import flat
from mlptrain.nn.network import Network
from mlptrain.tools.check.trial import Trial, first_steps
from mlptrain.training.build import build, network_on

SAMPLE = 2000
"""Most checks look at this many training rows at most, drawn at random."""
GENTLE = 0.03
"""The share of the config's rate that a rate under suspicion is compared with."""


class Computed(NamedTuple):
    """A network and its training graph with the values and gradients of both passes."""

    network: Network
    plan: Plan

    def activations(self) -> dict[str, Array]:
        """The outputs (N, M) of each hidden layer: `layer1`, `layer2`, …; of each member in turn."""
        hidden = self.network.training.wiring.hidden
        return {name: flat(self.plan.value(output)) for name, output in hidden.items()}

    def scores(self) -> Array:
        """The scores (N, C); of an ensemble the mean of its members'."""
        scores = self.plan.value(self.network.training.scores)
        return scores.mean(axis=0) if scores.ndim == 3 else scores

    def data_loss(self) -> float:
        """The loss without the penalty."""
        return float(self.plan.value(self.network.training.data_loss))

    def loss(self) -> float:
        """The loss that training descends."""
        return float(self.plan.value(self.network.training.loss))


class Case:
    """A config and what is made from it. Every look at the network is at a fresh copy."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.experiment = build(config)
        self.initial = self.experiment.network.parameters.values.copy()

    @property
    def data(self) -> Dataset:
        """The rows of all sets."""
        return self.experiment.data

    @property
    def scale(self) -> str:
        """How the number columns are scaled."""
        return self.config.data.scale

    @cached_property
    def sample(self) -> Rows:
        """Training rows in memory, classes in proportion."""
        return self.data.train.sample(SAMPLE, self.config.seed)

    @cached_property
    def start(self) -> Computed:
        """The network with its initial weights, run forward and backward on the sample."""
        return run(self.network(self.config), self.sample, self.config.seed)

    @cached_property
    def trial(self) -> Trial:
        """The first steps of training at the config's own rate."""
        return first_steps(self.experiment, self.config, self.network(self.config), self.sample)

    @cached_property
    def gentle_trial(self) -> Trial:
        """The same at a lower rate."""
        network = self.network(self.config)
        return first_steps(self.experiment, self.config, network, self.sample, GENTLE)

    def network(self, config: Config) -> Network:
        """A network of `config`, which may differ in penalty and dropout, with the initial weights."""
        network = network_on(config, self.data)
        network.parameters.values[...] = self.initial
        return network


def run(network: Network, rows: Rows, seed: int) -> Computed:
    """The training graph of a network on these rows, both passes done."""
    plan = network.training.fill(rows.inputs.arrays, rows.y, rows.weights, seed)
    with np.errstate(all="ignore"):  # what is not finite is for the checks to find
        plan.forward()
        plan.backward()
    return Computed(network, plan)

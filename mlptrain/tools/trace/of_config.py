"""The graph of a config, on a minibatch of its own rows: the one that `fit` trains."""

import numpy as np

from mlptrain.config import load_config
from mlptrain.config.load import Source
from mlptrain.config.overrides import Overrides
from mlptrain.graph.plan import Plan
from mlptrain.nn.network import TrainingGraph
from mlptrain.training.build import build, in_float64


def plan_of_config(config: Source, overrides: Overrides = (), *, rows: int) -> Plan:
    """A plan of its training graph in float64 that has run both ways, and keeps all that it computes.

    The weights are those that training starts with, the rows are drawn from the training rows.
    """
    checked = load_config(config, overrides)
    experiment = in_float64(build(checked), checked)
    network = experiment.network
    training = TrainingGraph(network, network.penalties, network.training.weights is not None)
    training.graph.keeps_all = True
    taken = experiment.data.train.sample(rows, checked.seed)
    plan = training.fill(taken.inputs.arrays, taken.y, taken.weights, checked.seed)
    with np.errstate(all="ignore"):
        plan.forward()
        plan.backward()
    return plan

"""The graph of a config, on a minibatch of its own rows: the one that `fit` trains."""

from collections.abc import Collection

import numpy as np

from mlptrain.config import load_config
from mlptrain.config.load import Source
from mlptrain.config.overrides import Overrides
from mlptrain.graph.plan import Plan
from mlptrain.nn.network import TrainingGraph
from mlptrain.tools.trace.collapse import collapse
from mlptrain.tools.trace.steps import Trace, steps_of
from mlptrain.training.build import build, in_float64


def plan_of_config(config: Source, overrides: Overrides = (), *, rows: int) -> Plan:
    """A plan of its training graph in float64 that has run both ways, and keeps all that it computes.

    The weights are those that training starts with, the rows are drawn from the training rows.
    """
    checked = load_config(config, overrides)
    experiment = in_float64(build(checked, threads=1), checked)
    network = experiment.network
    training = TrainingGraph(network, network.penalties, network.training.weights is not None)
    training.graph.keeps_all = True
    taken = experiment.data.train.sample(rows, checked.seed)
    plan = training.fill(taken.inputs.arrays, taken.y, taken.weights, checked.seed)
    with np.errstate(all="ignore"):
        plan.forward()
        plan.backward()
    return plan


def sizes_of_config(config: Source, overrides: Overrides = (), *, rows: int) -> Plan:
    """A plan for so many rows that has not run, in the dtype of the config: its shapes are enough."""
    return build(load_config(config, overrides), threads=1).network.training.graph.plan(rows)


def trace_of_config(
    config: Source, overrides: Overrides = (), *, rows: int, opened: Collection[str] = ()
) -> Trace:
    """The graph of a config, each layer as one gate, or as its own gates if it is in `opened`."""
    plan = plan_of_config(config, overrides, rows=rows)
    with np.errstate(all="ignore"):
        steps = steps_of(plan)
    return Trace(str(config), collapse(steps, opened))

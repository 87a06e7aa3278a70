"""What a linear model on the same columns is worth: our own engine without a hidden layer.

It reads what the network reads, so bins, one-hot columns and embeddings are its own as well. A network
that is no better has nothing to gain from its hidden layers.
"""

from collections.abc import Mapping
from copy import copy

import numpy as np

from mlptrain.arrays import Array
from mlptrain.config import Config
from mlptrain.config.model import Model
from mlptrain.config.schema import Regularization
from mlptrain.data.dataset import Dataset, Rows
from mlptrain.data.preprocessing.class_target import ClassTarget
from mlptrain.nn.network import Network
from mlptrain.optim.lbfgs import minimized
from mlptrain.system.threads import use_threads
from mlptrain.training.baseline import BESIDE
from mlptrain.training.build import initialize, network_on
from mlptrain.training.evaluate import Evaluation, evaluate

STEPS = 60
WORK = 5e9
"""Multiply-adds that the fit may take, about a second: of more training rows as many are drawn."""
FEWEST = 2
"""So many rows for each input at least, else there is no linear model."""


def linear_network(config: Config, data: Dataset) -> Network | None:
    """A linear model of the training rows; None where it would take too long, or is what the config is.

    Lowest is the loss of the config plus sum W^2 / 2n, over n rows: ridge and logistic regression as
    scikit-learn has them by default. Steps of L-BFGS on all rows at once, always on one thread: with
    another number they end elsewhere, and more would wait for the memory all the same.
    """
    if not config.model.hidden:
        return None
    inputs = len(data.features)
    outputs = _outputs(config, data)
    affordable = int(WORK / (3 * STEPS * max(1, inputs * outputs)))
    count = min(len(data.train), affordable)
    if count < min(len(data.train), FEWEST * inputs):
        return None
    model = Model(hidden=(), dtype=config.model.dtype)
    plain = {"model": model, "regularization": Regularization(l2=1 / (2 * count))}
    bare = config.model_copy(update=plain)
    network, rows = network_on(bare, data), data.train.sample(count, config.seed)
    if network.architecture.codes:  # at 0 embeddings and weights would keep each other there
        initialize(bare, network)
    plan = network.training.fill(rows.inputs.arrays, rows.y, rows.weights, config.seed)
    values, gradients = network.parameters.values, network.parameters.gradients

    def loss(w: Array) -> tuple[float, Array]:
        values[...] = w
        plan.forward()
        plan.backward()
        return float(plan.value(network.training.loss)), gradients.astype(np.float64)

    with use_threads(1), np.errstate(all="ignore"):  # a step too far is taken back
        found, value = minimized(loss, values, STEPS)
    values[...] = found
    return network if np.isfinite(value) else None


def _outputs(config: Config, data: Dataset) -> int:
    """Scores of a row."""
    return len(data.classes) if data.classes is not None else len(data.targets)


def linear_evaluation(config: Config, data: Dataset, rows: Rows) -> Evaluation | None:
    """The linear model of the training rows on others."""
    network = linear_network(config, data)
    return None if network is None else evaluate(network, rows, data.preprocessing)


def linear_figures(config: Config, data: Dataset, rows: Rows) -> Mapping[str, float | None] | None:
    """The metrics that people read first, as `baseline` has them."""
    found = linear_evaluation(config, data, rows)
    return None if found is None else headline_figures(found)


def linear_answers(config: Config, data: Dataset, rows: Rows) -> Array | None:
    """(N, C) what the linear model says of rows: scores, or predictions in the unit of the target."""
    found = linear_evaluation(config, data, rows)
    if found is None:
        return None
    return found.scores if found.network.loss.classifies else found.predictions()


def figures_of_answers(evaluation: Evaluation, answers: Array) -> Mapping[str, float | None]:
    """Those of linear models that have each held out some of the rows, by what they say of all."""
    network, made = copy(evaluation.network), evaluation.preprocessing
    network.calibration = None
    scores = answers
    if not isinstance(made.target, ClassTarget):
        scores = network.loss.link(made.target.scaled(np.asarray(answers, np.float64)))
    return headline_figures(Evaluation(network, evaluation.rows, scores, made))


def headline_figures(found: Evaluation) -> Mapping[str, float | None]:
    """The metrics that people read first, and those that `baseline` has beside them."""
    names = dict.fromkeys([*found.headline(), *BESIDE])
    return found.metrics([name for name in names if name in found.network.loss.metrics])

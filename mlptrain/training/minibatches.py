"""A minibatch on its way into the training graph: its rows, its dropout masks, its share of a step."""

from collections.abc import Iterator, Sequence

import numpy as np

from mlptrain.arrays import Array, RowArray
from mlptrain.data.batches import batches
from mlptrain.data.inputs import take
from mlptrain.data.source import RowNumbers
from mlptrain.graph.plan import Plan
from mlptrain.system.sums import sum_in_order
from mlptrain.training.experiment import Experiment


def load_batch(experiment: Experiment, rows: RowNumbers, masks: Sequence[np.random.Generator]) -> Plan:
    """Gather the rows of a minibatch straight into the training graph, and draw its dropout masks."""
    training, data = experiment.network.training, experiment.data.train
    plan = training.graph.plan(len(rows))
    data.inputs.take(rows, *[plan.value(value) for value in training.inputs])
    take(data.y, rows, plan.value(training.y))
    if training.weights is not None and data.weights is not None:
        take(data.weights, rows, plan.value(training.weights))
    if masks:
        training.draw_masks(plan, masks)
    return plan


def shares(experiment: Experiment, rows: RowNumbers) -> Iterator[tuple[RowNumbers, float]]:
    """The minibatches of a step, each with its share of the loss."""
    minibatches = list(batches([rows], experiment.batch_size, experiment.fewest_rows))
    return zip(minibatches, shares_of(experiment, minibatches), strict=True)


def shares_of(experiment: Experiment, pieces: Sequence[RowNumbers]) -> list[float]:
    """What each piece of a step has of its loss: its share of the rows, or of their weights."""
    data, loss, count = experiment.data.train, experiment.network.loss, sum(map(len, pieces))
    if not weighs_rows(experiment):
        return [len(rows) / count for rows in pieces]
    masses = [
        loss.mass(taken(data.y, rows), None if data.weights is None else taken(data.weights, rows))
        for rows in pieces
    ]
    total = sum_in_order(masses)
    return [
        mass / total if total else len(rows) / count for mass, rows in zip(masses, pieces, strict=True)
    ]


def weighs_rows(experiment: Experiment) -> bool:
    """Whether some rows count for more than others."""
    return (
        experiment.data.train.weights is not None or experiment.network.loss.class_weights is not None
    )


def taken(array: RowArray, rows: RowNumbers) -> Array:
    """array[rows], from memory or from a file."""
    out = np.empty((len(rows), *array.shape[1:]), array.dtype)
    take(array, rows, out)
    return out

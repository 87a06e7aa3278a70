"""Rows without weight: a minibatch of nothing else teaches nothing, and the user should know."""

import numpy as np

from mlptrain.data.source import BLOCK
from mlptrain.training.experiment import Experiment


def weightless_notes(experiment: Experiment) -> list[str]:
    """A note where minibatches whose weights are all 0 are to be expected in the run."""
    share = share_without_weight(experiment)
    minibatches = -(-len(experiment.data.train) // experiment.batch_size)
    idle = minibatches * share**experiment.batch_size  # expected in an epoch
    if idle * experiment.epochs < 1 or share == 1:
        return []
    return [
        f"{share:.3g} of the training rows weigh 0: in {idle / minibatches:.2g} of the minibatches of "
        f"{experiment.batch_size} all do, and nothing is learned; raise train.batch_size, or leave "
        "these rows out"
    ]


def share_without_weight(experiment: Experiment) -> float:
    """The share of training rows whose weight, that of their class included, is 0."""
    rows, loss = experiment.data.train, experiment.network.loss
    empty = 0
    for start in range(0, len(rows), BLOCK):
        here = slice(start, start + BLOCK)
        y = np.asarray(rows.y[here])
        each = loss.row_weights((y, y) if rows.weights is None else (y, y, rows.weights[here]))
        if each is None:
            return 0.0
        empty += int(np.count_nonzero(each == 0))
    return empty / len(rows)

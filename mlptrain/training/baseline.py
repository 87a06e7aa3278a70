"""What a model is worth that reads no column: the same answer for every row."""

from collections.abc import Mapping
from copy import copy

import numpy as np

from mlptrain.arrays import Array
from mlptrain.data.preprocessing.class_target import ClassTarget
from mlptrain.data.preprocessing.targets import class_masses
from mlptrain.metrics.metric import row_weights
from mlptrain.nn.losses.quantile import QuantileLoss
from mlptrain.training.evaluate import Evaluation

BESIDE = ("log_loss", "mae")
"""Shown beside the metrics that people read first, where there are any."""


def baseline(evaluation: Evaluation) -> Mapping[str, float | None]:
    """The metrics that people read first, of the constant that fits the rows of an evaluation best.

    Of classes that is the share of each, so the largest class is named; of numbers their mean; of
    quantiles those of the rows. A model that is no better has learned nothing.
    """
    network = copy(evaluation.network)
    network.calibration = None  # shares are calibrated
    rows, made = evaluation.rows, evaluation.preprocessing
    scores = np.repeat(constant(evaluation), len(rows), axis=0)
    names = [*evaluation.headline(), *BESIDE]
    known = [name for name in dict.fromkeys(names) if name in network.loss.metrics]
    return Evaluation(network, rows, scores, made).metrics(known)


def constant(evaluation: Evaluation) -> Array:
    """(1, C) the scores of that constant."""
    loss, rows, made = evaluation.network.loss, evaluation.rows, evaluation.preprocessing
    w = row_weights(rows.weights, len(rows))
    if isinstance(made.target, ClassTarget):
        masses = class_masses(rows.y.astype(np.int64), len(made.target.classes), w)
        shares = np.maximum(masses / max(masses.sum(), 1.0), np.finfo(np.float32).tiny)
        return loss.weighted(np.log(shares)[None])
    truth = np.asarray(evaluation.truth(), np.float64)
    if isinstance(loss, QuantileLoss):
        each = np.quantile(truth, loss.levels, axis=0, weights=w, method="inverted_cdf")
        answer = each.T.reshape(1, -1)
    else:
        answer = (w @ truth / max(w.sum(), np.finfo(np.float64).tiny))[None]
    return loss.link(made.target.scaled(answer))

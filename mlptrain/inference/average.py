"""Several members as one model: what they know together, and the average of what they predict.

Averaged are probabilities, margins of a hinge loss, or numbers in the target's own unit. Scores of the
average are made so that whoever reads scores need not know: the softmax of log p is p.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mlptrain.arrays import Array
from mlptrain.config import Config
from mlptrain.data.preprocessing.class_target import ClassTarget
from mlptrain.data.preprocessing.columns.column import Column
from mlptrain.data.preprocessing.number_target import NumberTarget
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.targets import Target
from mlptrain.errors import CheckpointError
from mlptrain.inference.member import Member
from mlptrain.metrics.decision import Threshold
from mlptrain.metrics.probability import log_softmax
from mlptrain.nn.losses.loss import Loss
from mlptrain.nn.network import Network
from mlptrain.training.build import settings_of
from mlptrain.training.evaluate import predictions


def common_config(members: Sequence[Member], folds: int) -> Config:
    """The config from which the members were trained: with `train.folds`, and no fold held out.

    Of candidates that are averaged it is that of the first.
    """
    config = members[0].config
    data = config.data.model_copy(update={"fold": None})
    train = config.train.model_copy(update={"folds": folds})
    return config.model_copy(update={"data": data, "train": train})


def joint_preprocessing(members: Sequence[Member], config: Config) -> Preprocessing:
    """What the members know together of the columns; its target has the scale of the first.

    A category that one member has seen is known, and the range of a column is that over all.
    """
    settings, first = settings_of(config), members[0].preprocessing
    others = [{each.name: each for each in member.preprocessing.columns} for member in members]
    columns = tuple(
        column.together(_same_kind(column, [other.get(column.name) for other in others]), settings)
        for column in first.columns
    )
    return replace(first, columns=columns, target=_unbounded(first.target))


def _same_kind(column: Column, others: Sequence[Column | None]) -> list[Any]:
    return [other for other in others if type(other) is type(column)]


def _unbounded(target: Target) -> Target:
    """The same scale; an average of predictions may lie where the first member has none."""
    return replace(target, low=(), high=()) if isinstance(target, NumberTarget) else target


def check_alike(path: Path, members: Sequence[Member]) -> None:
    """CheckpointError unless all members predict the same thing from the same columns."""
    first = _meaning(members[0])
    for number, member in enumerate(members[1:], 2):
        for what, other in _meaning(member).items():
            if other != first[what]:
                raise CheckpointError(
                    f"{path}: its member {number} has other {what} than the first, so they have no "
                    "average; train the folds again"
                )


def _meaning(member: Member) -> dict[str, Any]:
    made = member.preprocessing
    return {
        "columns": (made.inputs, made.transform, made.reading, made.weight),
        "targets": made.targets,
        "classes": made.classes,
        "loss": member.config.loss,
        "precision": member.config.model.dtype,
        "thresholds": member.threshold and member.threshold.positive,
    }


def to_average(network: Network, made: Preprocessing, scores: Array) -> Array:
    """(N, C) what is averaged of one member: log p, scores of a hinge loss, else predictions.

    p is calibrated and without class weights.
    """
    loss, scores = network.loss, scores.astype(np.float64)
    if loss.gives_probabilities:
        with np.errstate(all="ignore"):  # what is not finite shows in the result
            if network.calibration is not None:
                return np.log(predictions(network, scores, made))
            return log_softmax(loss.unweighted(scores))
    return scores if loss.classifies else predictions(network, scores, made)


def averaged(
    each: Sequence[Array], loss: Loss, joint: Preprocessing, weights: Sequence[float]
) -> Array:
    """(N, C) the scores that stand for the weighted mean of what the members predict."""
    with np.errstate(all="ignore"):
        if loss.gives_probabilities:
            return loss.weighted(mean_of_logs(each, weights))
        mean = weighted_mean(each, weights)
        if isinstance(joint.target, ClassTarget):
            return mean
        return loss.link(joint.target.scaled(mean))


def stand_in(network: Network) -> Network:
    """A member's network as that of the average, of which nothing is left to be calibrated."""
    other = copy(network)
    other.calibration = None
    return other


def joint_threshold(path: Path, members: Sequence[Member], found: Threshold | None) -> Threshold | None:
    """The threshold of the whole, else the mean of the members': of folds that are not at their end."""
    mean = mean_threshold(members)
    if found is not None and (mean is None or mean.positive != found.positive):
        raise CheckpointError(f"{path}: its threshold is not of its members; train the folds again")
    return found or mean


def mean_threshold(members: Sequence[Member]) -> Threshold | None:
    """The mean of the members' thresholds; None where one has none."""
    found = [member.threshold for member in members if member.threshold is not None]
    if len(found) < len(members):
        return None
    weights = [member.weight for member in members]
    mean = weighted_mean([np.asarray(each.value) for each in found], weights)
    return Threshold(found[0].positive, float(mean))


def weighted_mean(each: Sequence[Array], weights: Sequence[float]) -> Array:
    """sum w x / sum w; the plain mean where all weights are equal, which rounds less."""
    if len(set(weights)) == 1:
        return np.asarray(np.mean(each, axis=0))
    return np.asarray(np.average(each, axis=0, weights=weights))


def mean_of_logs(logs: Sequence[Array], weights: Sequence[float]) -> Array:
    """The logarithm of a weighted mean, from logarithms.

    >>> np.exp(mean_of_logs([np.log([[0.2, 0.8]]), np.log([[0.6, 0.4]])], [1, 1])).round(6)
    array([[0.4, 0.6]])
    >>> np.exp(mean_of_logs([np.log([[0.2, 0.8]]), np.log([[0.6, 0.4]])], [3, 1])).round(6)
    array([[0.3, 0.7]])
    """
    if len(set(weights)) == 1:
        return np.asarray(np.logaddexp.reduce(logs) - np.log(len(logs)))
    weighted = [log + np.log(weight) for log, weight in zip(logs, weights, strict=True)]
    return np.asarray(np.logaddexp.reduce(weighted) - np.log(np.sum(weights)))

"""What is fitted on the validation rows once the parameters stand: a temperature and a threshold.

Both belong to the parameters of a checkpoint and are fitted anew for each: none is ever without them.
"""

from contextlib import nullcontext
from dataclasses import asdict
from typing import Any, Literal

import numpy as np

from mlptrain.config import Config
from mlptrain.data.dataset import Dataset
from mlptrain.data.source import finder
from mlptrain.errors import ConfigError
from mlptrain.messages import advice, count, some
from mlptrain.metrics.calibration import fit_calibration
from mlptrain.metrics.metric import row_weights
from mlptrain.training.evaluate import evaluate, probabilities
from mlptrain.training.experiment import Decision, Experiment


def fitted_on_val(experiment: Experiment, *, averaged: bool = False) -> dict[str, Any]:
    """The entries of a checkpoint, None where not asked for, or where scores are not finite.

    With `averaged` for the averages of the weights.
    """
    found: dict[str, Any] = {"calibration": None, "threshold": None}
    data, decision = experiment.data, experiment.decision
    if data.val is None or not (experiment.calibrate or decision):
        return found
    mean = experiment.average if averaged else None
    with nullcontext() if mean is None else mean.in_place(experiment.network):
        evaluation = evaluate(experiment.network, data.val, data.preprocessing)
    scores, y, weights = evaluation.scores, evaluation.rows.y, evaluation.rows.weights
    if not np.isfinite(scores).all():
        return found
    calibration, loss = None, experiment.network.loss
    if experiment.calibrate:
        calibration = fit_calibration(loss.unweighted(scores), y, weights)
        found["calibration"] = asdict(calibration)
    if decision is not None:
        p = probabilities(loss, scores, calibration)
        found["threshold"] = asdict(decision.threshold(p, y, weights))
    return found


def calibrates(config: Config, data: Dataset) -> bool:
    """Whether a temperature is to be fitted; ConfigError where the validation rows do not allow it."""
    if config.calibration == "none":
        return False
    if len(classes_in_val(data)) < 2:
        raise ConfigError(f"calibration: {_validation(data)}; set a larger data.val, or none here")
    return True


def decision_for(config: Config, data: Dataset) -> Decision | None:
    """How the threshold is chosen; ConfigError where classes or validation rows do not allow it."""
    asked, classes = config.decision, data.classes or ()
    if asked is None:
        return None
    if len(classes) != 2:
        found = f"{count(len(classes), 'class', 'classes')} ({some(classes)})"
        raise ConfigError(f"decision: is between two classes, and the target has {found}; leave it out")
    place = 1 if asked.positive is None else finder(classes)(asked.positive)
    if place < 0:
        what = f"{asked.positive!r} is no class; {advice(asked.positive or '', classes)}"
        raise ConfigError(f"decision.positive: {what}")
    if len(classes_in_val(data)) < 2:
        raise ConfigError(f"decision: {_validation(data)}; set a larger data.val, or null here")
    positive: Literal[0, 1] = 1 if place else 0
    return Decision(positive, asked.criterion())


def classes_in_val(data: Dataset) -> list[str]:
    """The classes of the validation rows whose weight is not 0."""
    if data.val is None or data.classes is None:
        return []
    rows = data.val.with_targets_in_memory()
    there = np.unique(rows.y[row_weights(rows.weights, len(rows)) > 0])
    return [data.classes[c] for c in there]


def _validation(data: Dataset) -> str:
    """What is wrong with validation rows of fewer than two classes."""
    if data.val is None:
        return "needs validation rows, and there are none"
    held = classes_in_val(data)
    return (
        f"the {count(len(data.val), 'validation row')} hold only {some(held) if held else 'weight 0'}"
    )

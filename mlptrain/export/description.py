"""A whole model as one document: what every form of export is made from.

It is JSON but for its arrays: `columns` say how values are read, each of the `members` has its
`features`, its `steps` and what is done with its scores, and the rest says what is predicted.
"""

import base64
import json
from dataclasses import asdict
from typing import Any

import numpy as np

from mlptrain.data.preprocessing.checks import REFUSES
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.data.preprocessing.number_target import NumberTarget
from mlptrain.export.features import features_of, fields_of, known_of
from mlptrain.export.policies import policies_of
from mlptrain.export.steps import refused, steps_of, tables_of
from mlptrain.inference.classes import typed
from mlptrain.inference.member import Member
from mlptrain.inference.model import Model
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.losses.loss import Loss
from mlptrain.nn.losses.softmax import SoftmaxLoss
from mlptrain.version import __version__

Document = dict[str, Any]
RESPONSES = {
    "softmax": "softmax",
    "hinge": "scores",
    "sigmoid": "sigmoid",
    "mse": "identity",
    "mae": "identity",
    "huber": "identity",
    "poisson": "exp",
    "quantile": "sorted",
}
"""What is done with the scores of each loss."""


def describe(model: Model) -> Document:
    """The document of a model; ConfigError that names a part which no export knows."""
    joint, loss = model.preprocessing, model.network.loss
    name = _loss_name(loss)
    if name not in RESPONSES:
        raise refused(f"the loss {name}")
    target, classes = joint.target, joint.classes
    values = target.values if isinstance(target, FlagTarget) else None
    return {
        "mlptrain": __version__,
        "columns": fields_of(joint),
        "polar": joint.transform == "polar",
        "required": joint.missing in REFUSES or joint.transform == "polar",
        "known": known_of(joint),
        "dtype": np.dtype(model.network.dtype).name,
        "members": [_member(each) for each in model.members],
        "response": RESPONSES[name],
        "per_target": loss.per_target,
        "names": loss.columns(joint.targets),
        "classes": None if classes is None else list(classes),
        "typed": None if classes is None else list(typed(classes)),
        "values": None if values is None else [list(typed(pair)) for pair in values],
        "texts": None if values is None else [list(pair) for pair in values],
        "policies": policies_of(model),
        "threshold": None if model.threshold is None else asdict(model.threshold),
    }


def _member(member: Member) -> Document:
    network, made = member.network, member.preprocessing
    name = _loss_name(network.loss)
    calibration = network.calibration
    return {
        "weight": member.weight,
        "features": features_of(made, tables_of(network)),
        "steps": steps_of(network, RESPONSES[name]),
        "log_weights": _log_weights(network.loss),
        "calibration": None if calibration is None else asdict(calibration),
        "decode": _decode(made.target, network.loss.per_target),
    }


def _loss_name(loss: Loss) -> str:
    return next(name for name, kind in LOSSES.items() if kind is type(loss))


def _log_weights(loss: Loss) -> Any:
    """(C,) what class weights add to the scores, in float64; 0.0 where there are none."""
    if isinstance(loss, SoftmaxLoss) and loss.class_weights is not None:
        return loss.log_weights()
    return 0.0


def _decode(target: Any, per_target: int) -> Document | None:
    """What brings numbers to their own unit: (K L,) of each prediction."""
    if not isinstance(target, NumberTarget):
        return None
    arrays = {
        key: np.repeat(getattr(target, key), per_target) for key in ("mean", "std", "low", "high")
    }
    kept = {key: array if len(array) else None for key, array in arrays.items()}
    return {**kept, "log": target.log}


def as_json(document: Document) -> str:
    """The document with its arrays as base64, so that every bit is kept."""
    return json.dumps(document, default=_packed, separators=(",", ":"))


def _packed(item: Any) -> Any:
    array = np.asarray(item)
    if array.dtype.kind == "O":
        raise TypeError(f"{type(item).__name__} has no place in an export")
    array = array.astype(array.dtype.newbyteorder("<"), order="C")
    bits = base64.b64encode(array.tobytes()).decode()
    return {"dtype": array.dtype.str, "shape": list(array.shape), "base64": bits}

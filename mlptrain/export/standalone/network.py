"""From what the first layer reads to scores, probabilities and numbers."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
BATCH = 1024


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), without an overflow."""
    return (np.tanh(x * 0.5) + 1) * 0.5


def exponential(x: Array, alpha: float, scale: float) -> Array:
    """scale (max(x, 0) + alpha (e^min(x, 0) - 1))."""
    return (np.expm1(np.minimum(x, 0)) * alpha + np.maximum(x, 0)) * scale


def gelu(x: Array) -> Array:
    """0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))."""
    t = np.tanh((x * x * 0.044715 + 1) * x * math.sqrt(2 / math.pi))
    return (t + 1) * x * 0.5


def activated(step: dict[str, Any], x: Array) -> Array:
    """x behind an activation function."""
    name = step["name"]
    if name in ("elu", "selu"):
        return exponential(x, step["alpha"], step["scale"])
    if name == "leaky_relu":
        return x * np.where(x > 0, 1, step["slope"]).astype(x.dtype)
    if name == "maxout":
        return x.reshape(*x.shape[:-1], -1, step["pieces"]).max(axis=-1)
    plain: dict[str, Callable[[], Array]] = {
        "relu": lambda: np.maximum(x, 0),
        "gelu": lambda: gelu(x),
        "silu": lambda: x * sigmoid(x),
        "mish": lambda: x * np.tanh(np.logaddexp(x, 0)),
        "softplus": lambda: np.logaddexp(x, 0),
        "sigmoid": lambda: sigmoid(x),
        "tanh": lambda: np.asarray(np.tanh(x)),
        "identity": lambda: x,
    }
    return np.asarray(plain[name]())


def linear(step: dict[str, Any], x: Array) -> Array:
    """x (s W) + b; of several members with a W or an s each, or with one that they share."""
    W, b, s = step["W"], step["b"], step["factor"]
    W = W if s is None else W * s[..., None]
    if W.ndim == 3:
        y = x @ W
        return y if b is None else y + b[..., None, :]
    y = (x.reshape(-1, x.shape[-1]) @ W).reshape(*x.shape[:-1], -1)
    return y if b is None else y + b


def layer_norm(step: dict[str, Any], x: Array) -> Array:
    """gamma (x - mean) / sqrt(variance + eps) + beta, over the units of each row."""
    h = x - x.mean(axis=-1, keepdims=True)
    h = h * (1 / np.sqrt((h * h).mean(axis=-1, keepdims=True) + step["eps"]))
    return h * step["gamma"] + step["beta"]


def combined(step: dict[str, Any], x: Array) -> Array:
    """The scores of an ensemble, whose response is the mean of the members' responses."""
    if step["response"] == "softmax":
        return log_mean_exp(log_softmax(x))
    if step["response"] == "sigmoid":
        return log_mean_exp(-np.logaddexp(-x, 0)) - log_mean_exp(-np.logaddexp(x, 0))
    return log_mean_exp(x) if step["response"] == "exp" else np.asarray(x.mean(axis=0))


def log_mean_exp(x: Array) -> Array:
    """log of the mean e^x over the members."""
    largest = x.max(axis=0)
    return np.asarray(np.log(np.exp(x - largest).mean(axis=0)) + largest)


STEPS = {
    "divide": lambda step, x: x * step["factor"],
    "linear": linear,
    "norm": lambda step, x: (x - step["mean"]) * step["factor"] + step["shift"],
    "layer_norm": layer_norm,
    "activation": activated,
    "combine": combined,
}


def log_softmax(scores: Array) -> Array:
    """log of softmax along the last axis."""
    s = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(s - np.log(np.exp(s).sum(axis=-1, keepdims=True)))


def scores_of(steps: list[dict[str, Any]], X: Array) -> Array:
    """(N, C) the scores of one member."""
    found = []
    with np.errstate(all="ignore"):
        for start in range(0, max(len(X), 1), BATCH):
            x = X[start : start + BATCH]
            for step in steps:
                x = STEPS[step["op"]](step, x)
            found.append(x)
    return np.concatenate(found)


def in_own_unit(member: dict[str, Any], model: dict[str, Any], scores: Array) -> Array:
    """(N, K) the numbers, or the probabilities of a yes, that one member predicts."""
    if model["response"] == "exp":
        scores = np.exp(scores)
    elif model["response"] == "sigmoid":
        return np.exp(-np.logaddexp(0, -scores)).astype(np.float64)
    elif model["response"] == "sorted":
        by_level = scores.reshape(len(scores), -1, model["per_target"])
        scores = np.sort(by_level, axis=2).reshape(scores.shape)
    decode = member["decode"]
    y = scores.astype(np.float64) * decode["std"] + decode["mean"]
    if decode["log"] is not None:
        y = np.exp(y) if decode["log"] == "log" else np.expm1(y)
    return y if decode["low"] is None else np.clip(y, decode["low"], decode["high"])


def softmax(scores: Array) -> Array:
    """exp(s) / sum exp(s) of each row."""
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(p / p.sum(axis=1, keepdims=True))


def probabilities(member: dict[str, Any], scores: Array) -> Array:
    """(N, C) of one member, without class weights and calibrated."""
    scores, calibration = (scores - member["log_weights"]).astype(np.float64), member["calibration"]
    if calibration is None:
        return softmax(scores)
    unknown = 1 / (calibration["rows"] + 1)
    p = softmax(scores / calibration["temperature"])
    return (1 - unknown) * p + unknown / p.shape[1]


def log_probabilities(member: dict[str, Any], scores: Array) -> Array:
    """The logarithms of these; uncalibrated ones may be too small for a float."""
    if member["calibration"] is None:
        return log_softmax(scores.astype(np.float64) - member["log_weights"])
    return np.log(probabilities(member, scores))


def answers(model: dict[str, Any], each: list[Array]) -> tuple[Array, Array]:
    """(N, C) scores that name a class, and probabilities; or (N, K) numbers, twice."""
    members = model["members"]
    pairs = list(zip(members, each, strict=True))
    weights = [member["weight"] for member in members]
    with np.errstate(all="ignore"):
        if model["response"] == "softmax":
            if len(each) == 1:
                return each[0], probabilities(members[0], each[0])
            logs = [log_probabilities(member, scores) for member, scores in pairs]
            mean = mean_of_logs(logs, weights)
            return mean + members[0]["log_weights"], softmax(mean)
        if model["response"] == "scores":
            found = each[0] if len(each) == 1 else weighted_mean(each, weights)
            return found, found
        if len(each) > 1:
            pairs = [(member, scores.astype(np.float64)) for member, scores in pairs]
        numbers = weighted_mean([in_own_unit(member, model, s) for member, s in pairs], weights)
        return numbers, numbers


def weighted_mean(each: list[Array], weights: list[float]) -> Array:
    """sum w x / sum w, in float64."""
    if len(set(weights)) == 1:
        return np.asarray(np.mean(each, axis=0, dtype=np.float64))
    return np.asarray(np.average([x.astype(np.float64) for x in each], axis=0, weights=weights))


def mean_of_logs(logs: list[Array], weights: list[float]) -> Array:
    """The logarithm of a weighted mean, from logarithms."""
    if len(set(weights)) == 1:
        return np.asarray(np.logaddexp.reduce(logs) - np.log(len(logs)))
    weighted = [log + np.log(weight) for log, weight in zip(logs, weights, strict=True)]
    return np.asarray(np.logaddexp.reduce(weighted) - np.log(np.sum(weights)))

"""What is explained of a prediction: the scale on which contributions add up.

That is the log-odds of a class (or the margin, of a hinge loss), and of a number its own unit, or its
logarithm where the network predicts that.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.data.preprocessing.number_target import NumberTarget
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.metrics.metric import Floats
from mlptrain.metrics.probability import softmax
from mlptrain.nn.losses import Loss
from mlptrain.nn.network import Network

Function = Callable[[Floats], tuple[Floats, Floats]]
"""Scores (N, C) -> values (N,) and their derivatives by the scores, (N, C)."""


@dataclass(frozen=True)
class Output:
    """One number that is explained: its name, and how the scores make it."""

    name: str
    function: Function


def outputs_of(network: Network, made: Preprocessing, chosen: int) -> list[Output]:
    """What there is to explain: of classes the chosen one, else every number predicted."""
    loss = network.loss
    if made.classes is not None:
        name = made.classes[chosen]
        if loss.gives_probabilities:
            return [Output(f"log-odds of {name}", log_odds(loss, chosen))]
        return [Output(f"margin of {name}", margin(chosen))]
    names = loss.columns(made.targets)
    return [Output(*named) for named in zip(*numbers(made, names), strict=True)]


def log_odds(loss: Loss, c: int) -> Function:
    """log p_c / (1 - p_c) = s_c - log sum_{k != c} e^s_k, without class weights and calibration."""

    def function(scores: Floats) -> tuple[Floats, Floats]:
        others = loss.unweighted(np.array(scores))
        own = others[:, c].copy()
        others[:, c] = -np.inf
        largest = others.max(axis=1)
        rest = largest + np.log(np.exp(others - largest[:, None]).sum(axis=1))
        slopes = -softmax(others)
        slopes[:, c] = 1.0
        return own - rest, slopes

    return function


def margin(c: int) -> Function:
    """s_c - max_{k != c} s_k."""

    def function(scores: Floats) -> tuple[Floats, Floats]:
        others, rows = np.array(scores), np.arange(len(scores))
        own = others[:, c].copy()
        others[:, c] = -np.inf
        rival, slopes = others.argmax(axis=1), np.zeros_like(scores)
        slopes[rows, rival] = -1.0
        slopes[:, c] = 1.0
        return own - others[rows, rival], slopes

    return function


def numbers(made: Preprocessing, names: list[str]) -> tuple[list[str], list[Function]]:
    """What a regression, or a yes or no for each target, predicts: score * factor + center."""
    target = made.target
    if isinstance(target, FlagTarget):
        named = [f"log-odds of {n}={pair[1]}" for n, pair in zip(names, target.values, strict=True)]
        return named, [affine(k, 1.0, 0.0) for k in range(len(names))]
    assert isinstance(target, NumberTarget)
    each = len(names) // len(target.names)  # of quantiles there are several of each target
    scales = [(target.std[k // each], target.mean[k // each]) for k in range(len(names))]
    if target.amounts:  # the network predicts the logarithm of y / std
        logs = [affine(k, 1.0, float(np.log(std))) for k, (std, _) in enumerate(scales)]
        return [f"log of {name}" for name in names], logs
    prefix = {None: "", "log": "log of ", "log1p": "log(1 + y) of "}[target.log]
    return [prefix + name for name in names], [affine(k, *scale) for k, scale in enumerate(scales)]


def affine(k: int, factor: float, center: float) -> Function:
    """Score k times a factor, plus a center."""

    def function(scores: Floats) -> tuple[Floats, Floats]:
        slopes = np.zeros_like(scores)
        slopes[:, k] = factor
        return scores[:, k] * factor + center, slopes

    return function

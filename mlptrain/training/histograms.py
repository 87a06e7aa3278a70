"""Histograms of one step: activations, gradients, and how far each layer moved.

They show what a loss curve hides: units that are dead, gradients that vanish or explode on their way
down, a learning rate that is too high. With `train.log_histograms` they stand in each line of
metrics.jsonl, under the key `histograms`.
"""

from typing import Any

import numpy as np

from mlptrain.arrays import Array
from mlptrain.graph.plan import Plan
from mlptrain.nn.members import flat
from mlptrain.training.experiment import Experiment

BINS = 40


def histograms(experiment: Experiment, plan: Plan, update: Array) -> dict[str, Any]:
    """What a step did to each layer; call it after the step.

    plan    the training graph as the step left it, with the values of its minibatch
    update  (P,)  parameters after the step minus those before

    {"layer1": {"activations": H, "dead": share, "gradients": H, "update_ratio": ratio}, ...}
    where H is `histogram` and the last layer has scores for activations. `dead` is the share of units
    that are 0 for every row. The ratio is |change of W| / |W|; about 1e-3 is healthy (Karpathy,
    CS231n notes, "Neural Networks Part 3").
    """
    moved = updates_by_name(experiment, update)
    layers: dict[str, Any] = {}
    wiring = experiment.network.training.wiring
    for layer, output in wiring.outputs.items():
        weight = wiring.weights[layer]
        activations = flat(plan.value(output))
        layers[layer] = {
            "activations": histogram(activations),
            "dead": float((activations == 0).all(axis=0).mean()),
            "gradients": histogram(weight.gradient),
            "update_ratio": ratio(moved[weight.name], weight.value - moved[weight.name]),
        }
    return layers


def updates_by_name(experiment: Experiment, update: Array) -> dict[str, Array]:
    """The flat change as views with the names and shapes of the parameters."""
    views, start = {}, 0
    for parameter in experiment.network.parameters:  # in the order of the flat vector
        stop = start + parameter.value.size
        views[parameter.name] = update[start:stop].reshape(parameter.value.shape)
        start = stop
    return views


def histogram(values: Array) -> dict[str, Any]:
    """{"low", "high", "counts"}: BINS bins of equal width from the lowest to the highest value.

    What is not finite is left out.

    >>> histogram(np.array([0.0, 1.0, 1.0]))["counts"][-1]
    2
    """
    flat = np.asarray(values, np.float64).ravel()
    finite = flat[np.isfinite(flat)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if not high > low:  # NumPy would widen the range by 1, which hides a spread of 0
        return {"low": low, "high": high, "counts": [finite.size] + [0] * (BINS - 1)}
    counts, _ = np.histogram(finite, BINS, (low, high))
    return {"low": low, "high": high, "counts": counts.tolist()}


def ratio(change: Array, before: Array) -> float | None:
    """|change| / |before|, both as vectors; None where nothing was there to be changed."""
    size = float(np.linalg.norm(before.astype(np.float64)))
    return float(np.linalg.norm(change.astype(np.float64))) / size if size > 0 else None

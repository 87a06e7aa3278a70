"""Rows that may be labelled wrongly: members of a run of folds that did not see them say another."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlptrain.errors import ConfigError
from mlptrain.inference.model import Model
from mlptrain.inference.out_of_fold import OutOfFold, out_of_fold
from mlptrain.messages import count, some
from mlptrain.metrics.metric import Floats
from mlptrain.storage.fold_directory import some_folds
from mlptrain.tools.check.verdict import Finding, doubt, fine

NAME = "wrong labels"
FAR = 6.0
"""A residual beyond so many robust standard deviations is no noise."""
TO_SIGMA = 1.4826
"""The median absolute deviation times this is the standard deviation of a normal distribution."""
SHOWN = 8


def suspects(run: Path) -> Finding:
    """What the rows held out say of their own labels, the most doubtful row first."""
    if not some_folds(run):
        raise ConfigError(f"--labels {run}: is no run of folds; train one with fit CONFIG --folds 5")
    model = Model.load(run)
    found = out_of_fold(model)
    if model.preprocessing.classes is None:
        named = numbers(model, found)
    elif model.network.loss.gives_probabilities:
        named = classes(model.preprocessing.classes, found)
    else:
        raise ConfigError(f"--labels {run}: its loss gives no probabilities; train with loss: softmax")
    rows = count(len(found.places), "row")
    if not named:
        return Finding(NAME, *fine(f"no label of {rows} is contradicted by those who did not see it"))
    line = f"{len(named):,} of {rows} are contradicted by the members that did not see them"
    advice = f"look at them in the file; why: mlptrain explain {run} --row {named[0].split()[1]}"
    return Finding(NAME, *doubt(f"{line}: {some(named, SHOWN)}", advice.replace(",", "")))


def classes(names: Sequence[str], found: OutOfFold) -> list[str]:
    """By confident learning (Northcutt, Jiang and Chuang, 2021).

    A row of class i is suspect where P(j) is at least what the rows of class j have on average, for a
    class j other than i, and P(i) is below the average of its own; the largest P(j) - P(i) comes first.
    """
    p, y = np.asarray(found.evaluation.predictions(), np.float64), found.evaluation.rows.y
    margins = margin(p, np.asarray(y, np.int64))
    order = np.argsort(-margins, kind="stable")
    doubtful = order[margins[order] > 0]
    best = p.argmax(axis=1)
    return [
        f"row {found.places[i] + 1} ({names[y[i]]}, P({names[best[i]]}) {p[i, best[i]]:.2f})"
        for i in doubtful
    ]


def margin(p: Floats, y: NDArray[np.int64]) -> Floats:
    """P(j) - P(i) of the rows that are suspect, 0 of the others.   p (N, C), y (N,).

    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.95, 0.05]])
    >>> margin(p, np.array([0, 0, 1, 1])).round(2)  # the last one looks like the first class
    array([0. , 0. , 0. , 0.9])
    """
    rows, best = np.arange(len(y)), p.argmax(axis=1)
    usual = np.array([p[y == c, c].mean() if (y == c).any() else np.inf for c in range(p.shape[1])])
    doubtful = (best != y) & (p[rows, best] >= usual[best]) & (p[rows, y] < usual[y])
    return np.where(doubtful, p[rows, best] - p[rows, y], 0.0)


def numbers(model: Model, found: OutOfFold) -> list[str]:
    """By residuals far beyond the others', on the scale that the network learns."""
    loss = model.network.loss
    truth, predicted = found.evaluation.truth(), loss.point(found.evaluation.predictions())
    residuals = np.asarray(truth - predicted, np.float64)
    centred = np.abs(residuals - np.median(residuals, axis=0))
    spread = TO_SIGMA * np.median(centred, axis=0)
    far = (centred / np.maximum(spread, np.finfo(np.float64).tiny)).max(axis=1)
    order = np.argsort(-far, kind="stable")
    return [
        f"row {found.places[i] + 1} ({truth[i, 0]:.4g}, predicted {predicted[i, 0]:.4g})"
        for i in order[far[order] > FAR]
    ]

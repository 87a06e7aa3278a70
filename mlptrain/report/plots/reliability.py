"""The reliability diagram: is a class that got 0.9 right nine times in ten?"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mlptrain.metrics.metric import Array, Floats, row_weights
from mlptrain.metrics.probability import CALIBRATION_BINS
from mlptrain.report.plots.canvas import Axes, Theme, new_figure
from mlptrain.report.plots.titles import Picture
from mlptrain.report.results import Results


class Bins(NamedTuple):
    """For each bin of the highest probability: weight of its rows, their mean, how many are right.

    weight, confidence, accuracy  (15,)  0 where a bin is empty
    """

    weight: Floats
    confidence: Floats
    accuracy: Floats


def obstacle(results: Results) -> str:
    """Why there is no diagram; "" if there is."""
    if results.model.network.loss.gives_probabilities:
        return ""
    return f"its loss ({results.config.loss.name}) gives no probabilities"


def bins(probabilities: Array, y: Array, weights: Array | None) -> Bins:
    """The bins of the metric `calibration_error`, whose value is the weighted mean of their gaps."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    edges = np.arange(1, CALIBRATION_BINS) / CALIBRATION_BINS
    place, w = np.searchsorted(edges, confidence), row_weights(weights, len(y))
    total, sure, hits = (
        np.bincount(place, values, minlength=CALIBRATION_BINS).astype(np.float64)
        for values in (w, w * confidence, w * right)
    )
    share = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    return Bins(total, sure * share, hits * share)


def draw(runs: Sequence[Results], theme: Theme) -> Picture:
    """Accuracy over confidence, with the diagonal where both agree; below, how many rows that is."""
    (run,) = runs
    found = bins(run.evaluation.predictions(), run.rows.y, run.rows.weights)
    figure = new_figure(5.6, 5.6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
    lefts = np.arange(CALIBRATION_BINS) / CALIBRATION_BINS
    some, width = found.weight > 0, 1 / CALIBRATION_BINS
    upper.plot([0, 1], [0, 1], "--", color=theme.ink, linewidth=1, label="confidence is accuracy")
    upper.bar(
        lefts[some], found.accuracy[some], width, align="edge", color=theme.palette[0],
        edgecolor=theme.paper, label="accuracy",
    )  # fmt: skip
    upper.plot(
        found.confidence[some], found.accuracy[some], "o", color=theme.palette[1],
        markeredgecolor=theme.paper, clip_on=False, zorder=3, label="mean confidence of a bin",
    )  # fmt: skip
    upper.set_ylabel("accuracy")
    upper.set_ylim(0, 1.02)
    figure.legend(loc="outside upper left", ncols=3, columnspacing=1.2)  # inside it would cover bars
    upper.set_title(
        f"{run.split}: {len(run.rows):,} rows, {run.stated('calibration_error', 'accuracy')}"
    )
    counts(lower, lefts, found.weight, theme)
    return Picture(figure, words(run, found))


def counts(axes: Axes, lefts: Floats, weight: Floats, theme: Theme) -> None:
    """How many rows are in each bin."""
    axes.bar(
        lefts, weight, 1 / CALIBRATION_BINS, align="edge", color=theme.palette[0],
        edgecolor=theme.paper,
    )  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_ylabel("rows")
    axes.set_xlabel("confidence: probability of the predicted class")


def words(run: Results, found: Bins) -> str:
    """The diagram in words."""
    confidence = (found.confidence @ found.weight) / found.weight.sum()
    return (
        f"Reliability diagram of the {run.split} rows: mean confidence {confidence:.4g}, "
        f"{run.stated('accuracy', 'calibration_error')}."
    )

"""What a regression leaves over: errors over predictions, and how they are distributed."""

from collections.abc import Sequence

import numpy as np

from mlptrain.metrics.metric import Array, Floats
from mlptrain.report.console import number
from mlptrain.report.plots.canvas import WIDTH, Axes, Theme, colour, new_figure, shown
from mlptrain.report.plots.predictions import obstacle as obstacle
from mlptrain.report.plots.titles import Picture
from mlptrain.report.results import Results

PANELS = 4
"""Targets that are drawn at most."""
BINS, DENSE = 30, 500
TREND = 10
"""Parts of the rows, by prediction, whose mean error is marked."""


def draw(runs: Sequence[Results], theme: Theme) -> Picture:
    """For each target two panels side by side."""
    (run,) = runs
    truth = run.evaluation.truth()
    predicted = run.model.network.loss.point(run.evaluation.predictions())
    targets = run.model.preprocessing.targets[:PANELS]
    figure = new_figure(WIDTH, 3.2 * len(targets) + 0.3)
    grid = figure.subplots(len(targets), 2, squeeze=False, width_ratios=[2, 1], sharey="row")
    for i, ((left, right), target) in enumerate(zip(grid, targets, strict=True)):
        error = np.asarray(truth[:, i] - predicted[:, i], np.float64)
        over_predictions(left, predicted[:, i], error, theme)
        right.hist(error, BINS, orientation="horizontal", color=colour(theme, 0))
        right.axhline(0, color=theme.ink, linewidth=1, linestyle="--")
        left.set_xlabel(f"predicted {shown(target)}")
        left.set_ylabel("true minus predicted")
        right.set_xlabel("rows")
    said = f"{run.split}: {len(truth):,} rows, {run.stated('rmse', 'mae', 'r2')}"
    figure.suptitle(said, fontsize=10.5, x=0.02, ha="left")
    return Picture(figure, words(run, truth, predicted))


def over_predictions(axes: Axes, predicted: Array, error: Floats, theme: Theme) -> None:
    """A point for each row; a line of mean errors, which should stay at 0."""
    dense = len(error) > DENSE
    axes.plot(
        predicted, error, "o", color=colour(theme, 0), markersize=3 if dense else 5,
        alpha=0.35 if dense else 0.7, markeredgewidth=0, rasterized=dense,
    )  # fmt: skip
    parts = np.array_split(np.argsort(predicted, kind="stable"), TREND)
    parts = [part for part in parts if len(part)]
    means = [(predicted[part].mean(), error[part].mean()) for part in parts]
    axes.plot(*zip(*means, strict=True), "-", color=theme.palette[1], linewidth=2)
    axes.axhline(0, color=theme.ink, linewidth=1, linestyle="--")
    axes.set_title("orange: mean of each tenth")
    axes.grid(True)


def words(run: Results, truth: Array, predicted: Array) -> str:
    """The picture in words."""
    error = truth - predicted
    low, middle, high = np.quantile(error, [0.05, 0.5, 0.95])
    return (
        f"Errors of the {run.split} rows, true minus predicted: median {number(float(middle))}, nine "
        f"in ten between {number(float(low))} and {number(float(high))}; "
        f"{run.stated('rmse', 'mae', 'r2')}."
    )

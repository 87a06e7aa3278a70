"""Predicted against true values of a regression."""

from collections.abc import Sequence

import numpy as np

from mlptrain.metrics.metric import Array
from mlptrain.report.console import number
from mlptrain.report.plots.canvas import Axes, Theme, colour, new_figure, shown
from mlptrain.report.plots.obstacles import no_numbers
from mlptrain.report.plots.titles import Picture
from mlptrain.report.results import Results

PANELS = 9
"""Targets that are drawn at most."""


def obstacle(results: Results) -> str:
    """Why there is no such picture; "" if there is."""
    return no_numbers(results)


def draw(runs: Sequence[Results], theme: Theme) -> Picture:
    """A point for each row, and the line on which they would lie; a panel for each target."""
    (run,) = runs
    truth = run.evaluation.truth()
    predicted = run.model.network.loss.point(run.evaluation.predictions())
    targets = run.model.preprocessing.targets[:PANELS]
    columns = min(3, len(targets))
    rows = -(-len(targets) // columns)
    size = 5.2 if columns == 1 else 2.7
    figure = new_figure(columns * size, rows * size + 0.3)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for i, (axes, target) in enumerate(zip(grid, targets, strict=False)):
        panel(axes, truth[:, i], predicted[:, i], theme)
        axes.set_xlabel(f"true {shown(target)}")
        axes.set_ylabel(f"predicted {shown(target)}")
    for axes in grid[len(targets) :]:
        axes.set_visible(False)
    figure.suptitle(
        f"{run.split}: {len(truth):,} rows, {run.stated('rmse', 'r2')}",
        fontsize=10.5,
        x=0.02,
        ha="left",
    )
    return Picture(figure, words(run, truth, predicted))


def panel(axes: Axes, truth: Array, predicted: Array, theme: Theme) -> None:
    """One target; both axes have the same range."""
    both = np.concatenate([truth, predicted])
    both = both[np.isfinite(both)]
    low, high = (both.min(), both.max()) if len(both) else (0.0, 1.0)
    margin = 0.04 * (high - low) or 1.0
    limits = (low - margin, high + margin)
    axes.plot(limits, limits, "--", color=theme.ink, linewidth=1)
    dense = len(truth) > 500
    axes.plot(
        truth, predicted, "o", color=colour(theme, 0), markersize=3 if dense else 5,
        alpha=0.35 if dense else 0.7, markeredgewidth=0, rasterized=dense,
    )  # fmt: skip
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    axes.grid(True)


def words(run: Results, truth: Array, predicted: Array) -> str:
    """The picture in words."""
    worst = np.abs(predicted - truth).max()
    return (
        f"Predicted against true values of the {len(truth):,} {run.split} rows: "
        f"{run.stated('rmse', 'mae', 'r2')}; the largest error is {number(worst)}."
    )

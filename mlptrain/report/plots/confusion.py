"""The confusion matrix: true classes against predicted ones."""

from collections.abc import Sequence

import numpy as np

from mlptrain.report.plots.canvas import Theme, new_figure, sequential, shown
from mlptrain.report.plots.obstacles import no_classes
from mlptrain.report.plots.titles import Picture
from mlptrain.report.results import Results

WITH_NUMBERS = 20
"""Classes up to which every cell has its number."""
WITH_NAMES = 50
"""Classes up to which every row has its name."""


def obstacle(results: Results) -> str:
    """Why there is no matrix; "" if there is."""
    return no_classes(results)


def draw(runs: Sequence[Results], theme: Theme) -> Picture:
    """True classes down, predicted classes across; the colour is the share of the true class."""
    (run,) = runs
    matrix = np.array(run.evaluation_report.confusion)
    names = [shown(name) for name in run.model.preprocessing.classes or ()]
    size = min(9.0, 2.6 + 0.46 * len(names)) if len(names) <= WITH_NUMBERS else 7.5
    figure = new_figure(max(size + 0.7, 4.6), max(size, 3.4))
    axes = figure.subplots()
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1e-12)
    drawn = axes.imshow(share, cmap=sequential(theme), vmin=0, vmax=1)
    if len(names) <= WITH_NUMBERS:
        for (i, j), value in np.ndenumerate(matrix):
            if value:
                ink = theme.paper if share[i, j] > 0.5 else theme.ink
                axes.text(j, i, f"{value:.4g}", ha="center", va="center", color=ink, fontsize=9)
    step = -(-len(names) // WITH_NAMES)
    places = range(0, len(names), step)
    long = max(map(len, names)) > 3
    axes.set_xticks(places, [names[i] for i in places], rotation=90 if long and len(names) > 4 else 0)
    axes.set_yticks(places, [names[i] for i in places])
    axes.tick_params(length=0)
    axes.spines[:].set(visible=True, color=theme.faint)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"{run.split}: {len(run.rows):,} rows, {run.stated('accuracy')}")
    figure.colorbar(drawn, label="share of the true class", shrink=0.8)
    return Picture(figure, words(run, matrix, names))


def words(run: Results, matrix: np.ndarray, names: Sequence[str]) -> str:
    """The matrix in words: how many rows are right, and the most frequent mistake."""
    wrong = matrix - np.diag(matrix.diagonal())
    right = f"{matrix.trace():.6g} of {matrix.sum():.6g} are right"
    text = f"Confusion matrix of the {run.split} rows: {right}"
    if wrong.max() > 0:
        i, j = divmod(int(wrong.argmax()), len(names))
        text += f"; the most frequent mistake is {names[j]} for {names[i]}, {wrong[i, j]:.6g} times"
    return text + "."

"""Decision boundaries of classifiers with two features, with the points: a panel for each run."""

from collections.abc import Sequence
from textwrap import wrap

import numpy as np

from mlptrain.data.dataset import Rows
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.inference.evaluation_report import splits
from mlptrain.metrics.classification import accuracy
from mlptrain.metrics.metric import Array, Floats
from mlptrain.metrics.ranking import margins
from mlptrain.report.plots.canvas import WIDTH, Axes, Theme, colour, marker, mix, new_figure, rgb, shown
from mlptrain.report.plots.obstacles import no_classes
from mlptrain.report.plots.titles import Picture, titles
from mlptrain.report.results import Results

GRID = 240
"""Points of the plane in each direction at which the model is asked."""
MOST_POINTS = 2000
IN_LEGEND = 10
TINT = 0.28
LINE = 26
"""Characters of a title that fit beside each other above a panel."""


def obstacle(results: Results) -> str:
    """Why there is no boundary to draw; "" if there is."""
    preprocessing = results.model.preprocessing
    if reason := no_classes(results):
        return reason
    if len(preprocessing.inputs) != 2:
        return f"it has {len(preprocessing.inputs)} features, but a decision boundary is drawn for two"
    plain = [
        each for each in preprocessing.columns if isinstance(each, Number) and each.kind == "number"
    ]
    return (
        ""
        if len(plain) == len(preprocessing.features) == 2
        else "its features are not just two numbers"
    )


def draw(runs: Sequence[Results], theme: Theme) -> Picture:
    """A panel for each run, in the units of the file; wrongly classified points are ringed."""
    across = min(3, len(runs))
    down = -(-len(runs) // across)
    size = 6.2 if len(runs) == 1 else 3.3
    figure = new_figure(max(across * size, WIDTH - 1), down * size * 0.86 + 0.6)
    figure.set_layout_engine("compressed")  # for panels whose sides have a fixed ratio
    grid = figure.subplots(down, across, squeeze=False).ravel()
    stated = []
    for axes, run, title in zip(grid, runs, titles(runs), strict=False):
        panel(axes, run, run.own_units.train, theme)
        reached = accuracies(run)
        axes.set_title("\n".join([*wrap(title, LINE), *reached]))
        stated.append(f"{title}: {', '.join(reached)}")
    for axes in grid[len(runs) :]:
        axes.set_visible(False)
    handles = legend(grid[0], runs[0].model.preprocessing.classes or (), theme)
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 6))
    return Picture(figure, f"Decision boundary with the training points. {'; '.join(stated)}.")


def accuracies(run: Results) -> list[str]:
    """Of the training points, which are drawn, and of those that are held out, if there are any."""
    found = []
    for split, rows in splits(run.own_units).items():
        right = accuracy(run.model.scores(rows.inputs.numbers[:]), rows.y, rows.weights)
        found.append(f"{split} accuracy {right:.3g}")
    return found


def panel(axes: Axes, run: Results, rows: Rows, theme: Theme) -> None:
    """Regions, boundaries, points."""
    X = rows.inputs.numbers[:]
    limits = [extent(X[:, i]) for i in (0, 1)]
    x, y = (np.linspace(*each, GRID) for each in limits)
    plane = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    scores = run.model.scores(plane.astype(X.dtype)).reshape(GRID, GRID, -1)
    tints = np.array([rgb(mix(colour(theme, k), theme.paper, TINT)) for k in range(scores.shape[-1])])
    axes.imshow(
        tints[scores.argmax(axis=-1)], origin="lower", extent=(*limits[0], *limits[1]), aspect="auto",
        interpolation="nearest", zorder=0,
    )  # fmt: skip
    distance = np.moveaxis(margins(scores.reshape(GRID * GRID, -1)).reshape(scores.shape), -1, 0)
    for above in distance:
        if above.min() < 0 < above.max():
            axes.contour(x, y, above, levels=[0], colors=theme.ink, linewidths=0.9, zorder=1)
    points(axes, run, rows, theme)
    first, second = run.model.preprocessing.inputs
    axes.set(xlim=limits[0], ylim=limits[1], xlabel=shown(first), ylabel=shown(second))
    width, height = (high - low for low, high in limits)
    if 0.5 <= width / height <= 2:  # in the same unit, or as good as: a circle is a circle
        axes.set_aspect("equal")


def extent(values: Array) -> tuple[float, float]:
    """From the smallest to the largest value, and a little more."""
    low, high = float(values.min()), float(values.max())
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin


def points(axes: Axes, run: Results, rows: Rows, theme: Theme) -> None:
    """Colour and marker tell the class, a ring a wrong decision."""
    some = rows.sample(MOST_POINTS, run.config.seed)
    X, y = some.inputs.numbers[:], some.y
    wrong = run.model.scores(X).argmax(axis=1) != y
    size = 26 if len(X) < 400 else 14
    for k in range(len(run.model.preprocessing.classes or ())):
        for these, edge, width in ((~wrong, theme.paper, 0.5), (wrong, theme.ink, 1.4)):
            chosen: Floats = X[(y == k) & these]
            axes.scatter(
                chosen[:, 0], chosen[:, 1], s=size, marker=marker(k), color=colour(theme, k),
                edgecolors=edge, linewidths=width, zorder=3,
            )  # fmt: skip


def legend(axes: Axes, classes: Sequence[str], theme: Theme) -> list[object]:
    """A symbol for each class, and one for what is wrong."""
    handles: list[object] = []
    for k, name in enumerate(classes[:IN_LEGEND]):
        handles += axes.plot([], [], marker(k), color=colour(theme, k), label=shown(name))
    handles += axes.plot(
        [], [], "o", markerfacecolor=theme.paper, markeredgecolor=theme.ink, markeredgewidth=1.4,
        label="misclassified",
    )  # fmt: skip
    return handles

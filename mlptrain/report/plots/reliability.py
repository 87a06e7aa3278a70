"""The reliability of each class: of the rows that are given P(class) = 0.3, are 30 % of that class?"""

from collections.abc import Sequence

import numpy as np

from mlptrain.metrics.metric import Floats
from mlptrain.metrics.ranking import positive_class
from mlptrain.metrics.reliability import Reliability, reliability
from mlptrain.report.plots.canvas import Axes, Theme, new_figure, shown
from mlptrain.report.plots.obstacles import no_classes
from mlptrain.report.plots.titles import Picture
from mlptrain.report.results import Results

PANELS, ACROSS = 12, 4


def obstacle(results: Results) -> str:
    """Why there is no diagram; "" if there is."""
    if reason := no_classes(results):
        return reason
    if results.model.network.loss.gives_probabilities:
        return ""
    return f"its loss ({results.config.loss.name}) gives no probabilities"


def found_in(run: Results) -> dict[str, Reliability]:
    """Of the positive one of two classes, or of each class, the first where there are many."""
    p, y, weights = run.evaluation.predictions(), run.rows.y, run.rows.weights
    classes = run.model.preprocessing.classes or ()
    chosen = [positive_class(y, weights)] if len(classes) == 2 else range(min(PANELS, len(classes)))
    return {classes[c]: reliability(p[:, c], y == c, weights) for c in chosen}


def draw(runs: Sequence[Results], theme: Theme) -> Picture:
    """True share over P(class) with 95 % intervals, and the diagonal where both agree."""
    (run,) = runs
    found = found_in(run)
    across = min(ACROSS if len(found) > 6 else 3, len(found))
    down = -(-len(found) // across)
    size = 4.6 if across == 1 else 2.6
    figure = new_figure(across * size, down * size + 0.5)
    grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for axes, (name, each) in zip(grid.ravel(), found.items(), strict=False):
        panel(axes, each, theme)
        axes.set_title(f"P({shown(name)})")
    for axes in grid.ravel()[len(found) :]:
        axes.set_visible(False)
    for axes in grid[:, 0]:
        axes.set_ylabel("true share")
    for axes in grid.ravel()[: len(found)][-across:]:  # the lowest of each column
        axes.set_xlabel("predicted probability")
        axes.tick_params(labelbottom=True)
    said = f"{run.split}: {len(run.rows):,} rows, {run.stated('calibration_error')}\n95 % intervals"
    if len(classes := run.model.preprocessing.classes or ()) > PANELS:
        said += f"; the first {PANELS} of {len(classes)} classes"
    figure.suptitle(said, fontsize=10.5, x=0.02, ha="left")
    return Picture(figure, words(run, found))


def panel(axes: Axes, each: Reliability, theme: Theme) -> None:
    """One class; a larger point stands for more rows."""
    axes.plot([0, 1], [0, 1], "--", color=theme.ink, linewidth=1)
    reach = np.stack([each.share - each.low, each.high - each.share]).clip(0)
    axes.errorbar(
        each.predicted, each.share, yerr=reach, fmt="none", ecolor=theme.palette[0], elinewidth=1.2,
        capsize=2.5,
    )  # fmt: skip
    axes.scatter(
        each.predicted, each.share, s=sizes(each.weight), color=theme.palette[0],
        edgecolor=theme.paper, zorder=3,
    )  # fmt: skip
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    axes.grid(True)


def sizes(weight: Floats) -> Floats:
    """Areas of points, from few rows to many."""
    return 14 + 70 * weight / weight.max()


def words(run: Results, found: dict[str, Reliability]) -> str:
    """The diagram in words: in how many bins the interval holds the probability."""
    parts = []
    for name, each in found.items():
        right = int(((each.low <= each.predicted) & (each.predicted <= each.high)).sum())
        parts.append(f"P({name}) is within the interval of the share in {right} of {len(each.share)}")
    stated = run.stated("log_loss", "brier")
    return f"Reliability of the {run.split} rows in bins of a tenth, {stated}: {'; '.join(parts)}."

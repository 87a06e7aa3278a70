"""How well rows are ranked: ROC and precision-recall curves; of two classes also gain and lift."""

from collections.abc import Sequence

import numpy as np

from mlptrain.metrics.metric import Floats
from mlptrain.metrics.operating import Operating, operating
from mlptrain.metrics.ranking import positive_class
from mlptrain.report.plots.canvas import WIDTH, Axes, Theme, colour, new_figure, shown
from mlptrain.report.plots.obstacles import no_classes
from mlptrain.report.plots.titles import Picture
from mlptrain.report.results import Results

CLASSES = 8
"""Curves that can be told apart."""
POINTS = 400
"""Points of a curve: more cannot be seen, and would make a page large."""
FEWEST_CALLED = 0.005
"""Lift is drawn from this share of the rows on: of a handful it says nothing."""


def obstacle(results: Results) -> str:
    """Why there are no curves; "" if there are."""
    return no_classes(results)


def curves_of(run: Results) -> dict[str, Operating]:
    """Those of the positive one of two classes, or of each class against the others."""
    predicted, y, weights = run.evaluation.predictions(), run.rows.y, run.rows.weights
    classes = run.model.preprocessing.classes or ()
    own = run.model.threshold
    two = own.positive if own is not None else positive_class(y, weights)
    chosen = [two] if len(classes) == 2 else range(min(len(classes), CLASSES))
    found = {classes[c]: operating(predicted[:, c], y == c, weights) for c in chosen}
    return {name: each for name, each in found.items() if each is not None}


def draw(runs: Sequence[Results], theme: Theme) -> Picture:
    """A curve for each class; dashes show what calling rows at random would do."""
    (run,) = runs
    found, two = curves_of(run), len(run.model.preprocessing.classes or ()) == 2
    figure = new_figure(WIDTH, 7.0 if two else 3.9)
    grid = figure.subplots(2 if two else 1, 2, squeeze=False).ravel()
    for number, (name, each) in enumerate(found.items()):
        line = {"color": colour(theme, number), "label": shown(name)}
        roc(grid[0], each, line)
        precision_recall(grid[1], each, line)
        if two:
            gain(grid[2], each, line, theme)
            lift(grid[3], each, line, theme)
    grid[0].plot([0, 1], [0, 1], "--", color=theme.ink, linewidth=1)
    _named(grid[0], "ROC", "share of the others called", "share found (recall)")
    _named(grid[1], "precision and recall", "share found (recall)", "precision")
    if two:
        _named(grid[2], "gain", "share of all rows called", "share found (recall)")
        _named(grid[3], "lift", "share of all rows called", "times better than at random")
    for axes in grid:
        axes.grid(True)
    if len(found) > 1:
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
    ranked = f" of {shown(next(iter(found)))}" if two and found else ""
    said = f"{run.split}: {len(run.rows):,} rows, {run.stated('roc_auc', 'average_precision')}{ranked}"
    figure.suptitle(said, fontsize=10.5, x=0.02, ha="left")
    return Picture(figure, words(run, found))


def thinned(*arrays: Floats) -> list[Floats]:
    """The same few places of each, evenly spaced; the ends are among them."""
    places = np.unique(np.linspace(0, len(arrays[0]) - 1, POINTS).astype(int))
    return [each[places] for each in arrays]


def roc(axes: Axes, each: Operating, line: dict[str, str]) -> None:
    """Recall over false alarms."""
    axes.plot(*thinned(each.false_alarms, each.recall), **line)


def precision_recall(axes: Axes, each: Operating, line: dict[str, str]) -> None:
    """Precision over recall, as steps; dashes at the share of the class."""
    recall, precision = thinned(each.recall, each.precision)
    axes.plot(recall, precision, drawstyle="steps-pre", **line)
    share = each.positives / (each.positives + each.negatives)
    axes.axhline(share, color=line["color"], linestyle="--", linewidth=1)
    axes.set_ylim(0, 1.03)


def gain(axes: Axes, each: Operating, line: dict[str, str], theme: Theme) -> None:
    """Recall over the share of the rows that is called."""
    axes.plot(*thinned(each.called, each.recall), **line)
    axes.plot([0, 1], [0, 1], "--", color=theme.ink, linewidth=1)


def lift(axes: Axes, each: Operating, line: dict[str, str], theme: Theme) -> None:
    """Precision over the share of the class, over the share of the rows that is called."""
    enough = each.called >= FEWEST_CALLED
    axes.plot(*thinned(each.called[enough], each.lift[enough]), **line)
    axes.axhline(1, color=theme.ink, linestyle="--", linewidth=1)
    axes.set_ylim(bottom=0)


def _named(axes: Axes, title: str, x: str, y: str) -> None:
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def words(run: Results, found: dict[str, Operating]) -> str:
    """The curves in words: what a tenth of the rows holds."""
    parts = []
    for name, each in found.items():
        tenth = float(np.interp(0.1, each.called, each.recall))
        parts.append(f"the tenth of the rows that speaks most for {name} holds {tenth:.0%} of them")
    return (
        f"ROC and precision-recall curves of the {run.split} rows: "
        f"{run.stated('roc_auc', 'average_precision')}; {'; '.join(parts)}."
    )

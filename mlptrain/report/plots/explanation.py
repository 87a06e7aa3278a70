"""The pictures of `explain`: bars of importances and curves of effects; or bars for one row."""

from pathlib import Path

import numpy as np

from mlptrain.inference.explain.contributions import RowExplanation
from mlptrain.inference.explain.effects import Effect
from mlptrain.inference.explain.explanation import Explanation
from mlptrain.report.plots.canvas import (
    LIGHT,
    WIDTH,
    Axes,
    Figure,
    Theme,
    colour,
    drawing,
    new_figure,
    rendered,
    shown,
)
from mlptrain.report.plots.kinds import form_of
from mlptrain.storage.files import write_file

MOST = 20
"""Bars."""
CURVES = 8
"""Outputs in one panel."""
ACROSS = 3
"""Panels side by side."""


def save_explanation(said: Explanation | RowExplanation, file: Path) -> None:
    """Draw into a file: png, svg or pdf by its suffix."""
    form = form_of(file)
    with drawing(LIGHT):
        figure = columns(said, LIGHT) if isinstance(said, Explanation) else row(said, LIGHT)
        content = rendered(figure, form)
    write_file(file, [content])


def columns(said: Explanation, theme: Theme) -> Figure:
    """Importances with their intervals, and below a panel for each column that matters."""
    known = [each for each in (*said.columns, *said.groups) if each.loss is not None]
    known = sorted(known, key=lambda each: -each.loss.mean)[:MOST]  # type: ignore[union-attr]
    across = min(ACROSS, len(said.effects))
    down = -(-len(said.effects) // ACROSS)
    heights = [0.9 + 0.24 * len(known), 2.6 * down] if down else [0.9 + 0.24 * len(known)]
    figure = new_figure(WIDTH if across < ACROSS else 9.5, sum(heights) + 0.4)
    upper, *lower = np.atleast_1d(figure.subfigures(len(heights), 1, height_ratios=heights))
    bars(upper.subplots(), known, theme)
    for below in lower:
        grid = below.subplots(down, across, squeeze=False).ravel()
        for axes, effect in zip(grid, said.effects, strict=False):
            curves(axes, effect, theme)
        for axes in grid[len(said.effects) :]:
            axes.set_visible(False)
        handles, labels = grid[0].get_legend_handles_labels()
        below.legend(handles, labels, loc="outside lower left", ncols=4)
    return figure


def bars(axes: Axes, known: list, theme: Theme) -> None:  # type: ignore[type-arg]
    """The largest on top."""
    places = np.arange(len(known))[::-1]
    means = [each.loss.mean for each in known]
    reach = [each.loss.high - each.loss.mean for each in known]
    axes.barh(places, means, color=theme.palette[0], xerr=reach, ecolor=theme.ink, height=0.7)
    axes.set_yticks(places, [shown(each.name, 32) for each in known])
    axes.axvline(0, color=theme.ink, linewidth=0.8)
    axes.set_xlabel("growth of the loss where the column is shuffled, with 95 % intervals")
    axes.grid(True, axis="x")


def curves(axes: Axes, effect: Effect, theme: Theme) -> None:
    """Partial dependence, accumulated local effects around its mean, and single rows behind."""
    few = list(effect.partial)[:CURVES]
    at = np.arange(len(effect.at)) if effect.shown is not None else effect.at.astype(np.float64)
    if len(few) == 1:
        axes.plot(at, effect.single[few[0]].T, color=theme.faint, linewidth=0.5, zorder=0)
    for i, name in enumerate(few):
        values = effect.partial[name]
        line = "o" if effect.local is None else "-"
        axes.plot(at, values, line, color=colour(theme, i), label=f"{shown(name)}: mean prediction")
        if effect.local is not None and len(few) == 1:
            label = f"{shown(name)}: local effects"
            local = effect.local[name] + values.mean()
            axes.plot(at, local, "--", color=theme.palette[1], label=label)
    if effect.shown is not None:
        step = max(1, len(at) // 6)
        labels = [shown(each, 10) for each in effect.shown[::step]]
        axes.set_xticks(at[::step], labels, rotation=30, ha="right")
    else:
        edges = np.repeat(at, 1)
        axes.plot(
            edges, np.zeros(len(edges)), "|", color=theme.ink, transform=axes.get_xaxis_transform()
        )
    axes.set_title(shown(effect.column))
    axes.grid(True, axis="y")


def row(said: RowExplanation, theme: Theme) -> Figure:
    """A panel of bars for each output: what the columns add to it, the largest on top."""
    most = min(MOST, max(len(each.columns) for each in said.outputs))
    figure = new_figure(WIDTH, (0.9 + 0.26 * most) * len(said.outputs) + 0.3)
    grid = figure.subplots(len(said.outputs), 1, squeeze=False).ravel()
    for axes, each in zip(grid, said.outputs, strict=True):
        found = each.in_order()[:MOST]
        places = np.arange(len(found))[::-1]
        colours = [theme.high if value > 0 else theme.low for _, value in found]
        axes.barh(places, [value for _, value in found], color=colours, height=0.7)
        names = [f"{name} = {said.values[name]}" if name in said.values else name for name, _ in found]
        axes.set_yticks(places, [shown(name, 36) for name in names])
        axes.axvline(0, color=theme.ink, linewidth=0.8)
        axes.set_xlabel(f"adds to {shown(each.of, 40)}: {each.baseline:.4g} of the mean row")
        axes.set_title(f"row {said.row}: {shown(each.of, 40)} {each.value:.4g}")
        axes.grid(True, axis="x")
    return figure

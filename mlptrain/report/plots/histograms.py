"""Activations, gradients and update ratios of each layer over time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlptrain.errors import CheckpointError
from mlptrain.metrics.metric import Floats
from mlptrain.report.plots.canvas import (
    DASHES,
    WIDTH,
    Axes,
    Figure,
    Theme,
    colour,
    mix,
    new_figure,
    scale,
)
from mlptrain.report.plots.titles import Picture
from mlptrain.report.results import Results, Values

MOST_LAYERS = 8
ROWS = 100
"""Levels on which the values of a panel are drawn."""
HEALTHY = 1e-3
COLUMNS = {"activations": "activations, scores last", "gradients": "gradients of the weights"}


def obstacle(results: Results) -> str:
    """Why there are no histograms; "" if there are."""
    if results.histograms:
        return ""
    return "it has none recorded; set `train.log_histograms: true` and fit again"


def draw(runs: Sequence[Results], theme: Theme) -> Picture:
    """A row for each layer: darker means more of the values; below, how far the weights moved."""
    (run,) = runs
    records = run.histograms
    layers = [layers_of(run, record) for record in records]
    names = list(layers[0])[:MOST_LAYERS]
    steps = np.array([record.get("step", 0) for record in records], np.float64)
    figure = new_figure(WIDTH + 0.5, 1.5 * len(names) + 2.7)
    grid = figure.add_gridspec(len(names) + 1, 2, height_ratios=[1.0] * len(names) + [1.3])
    for i, name in enumerate(names):
        for j, (key, title) in enumerate(COLUMNS.items()):
            axes = figure.add_subplot(grid[i, j])
            panel(axes, steps, [read(run, layer, name, key) for layer in layers], theme)
            axes.set_ylabel(name if j == 0 else "")
            axes.set_title(title if i == 0 else "")
            axes.tick_params(labelbottom=False)
    ratios = update_ratios(figure, grid[len(names), :], run, layers, names, theme)
    return Picture(figure, words(run, layers[-1], names, ratios))


def layers_of(run: Results, record: Values) -> Mapping[str, Any]:
    """The layers of one record."""
    layers = record.get("layers")
    if not isinstance(layers, dict) or not layers:
        raise broken(run)
    return layers


def broken(run: Results) -> CheckpointError:
    """The error for a file that something else has written."""
    file = run.path / "metrics.jsonl"
    return CheckpointError(f"{file}: its histograms are not those of this version; fit again")


def read(run: Results, layers: Mapping[str, Any], layer: str, key: str) -> tuple[float, float, Floats]:
    """Lowest and highest value, and the counts between them."""
    try:
        stored = layers[layer][key]
        counts = np.asarray(stored["counts"], np.float64)
        low, high = float(stored["low"]), float(stored["high"])
    except (KeyError, TypeError, ValueError):
        raise broken(run) from None
    if counts.ndim != 1 or not len(counts) or not low <= high:
        raise broken(run)
    return low, high, counts


def panel(
    axes: Axes, steps: Floats, found: Sequence[tuple[float, float, Floats]], theme: Theme
) -> None:
    """One layer over time, each column a histogram."""
    low, high = min(each[0] for each in found), max(each[1] for each in found)
    if not high > low:
        low, high = low - 1, high + 1
    edges = np.linspace(low, high, ROWS + 1)
    density = np.stack([resampled(each, edges) for each in found], axis=1)
    density = np.log10(1 + 999 * density / max(density.max(), 1e-12))  # the tails are rare
    faint, strong = mix(theme.low, theme.paper, 0.35), mix(theme.low, theme.ink, 0.5)
    shades = scale([theme.paper, faint, theme.low, strong])
    axes.pcolormesh(borders(steps), edges, density, cmap=shades, rasterized=True)
    axes.axhline(0, color=theme.ink, linewidth=0.5)


def borders(steps: Floats) -> Floats:
    """Where the column of each step begins and ends: half way to its neighbours.

    >>> borders(np.array([10.0, 20.0, 30.0]))
    array([ 5., 15., 25., 35.])
    """
    if len(steps) < 2:
        return np.array([0.0, 2 * steps[0] or 1.0])
    middles = (steps[1:] + steps[:-1]) / 2
    first, last = 2 * steps[0] - middles[0], 2 * steps[-1] - middles[-1]
    return np.concatenate([[first], middles, [last]])


def resampled(found: tuple[float, float, Floats], edges: Floats) -> Floats:
    """The share of the values between each two of `edges`; within its own bins they lie evenly."""
    low, high, counts = found
    total = counts.sum() or 1.0
    if not high > low:  # all values are the same
        place = np.clip(np.searchsorted(edges, low, "right") - 1, 0, len(edges) - 2)
        shares: Floats = np.zeros(len(edges) - 1)
        shares[place] = counts.sum() / total
        return shares
    own = np.linspace(low, high, len(counts) + 1)
    below = np.concatenate([[0.0], counts.cumsum()]) / total
    return np.diff(np.interp(edges, own, below))


def update_ratios(
    figure: Figure,
    place: Any,
    run: Results,
    layers: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    theme: Theme,
) -> dict[str, Floats]:
    """|change of W| / |W| of each layer over the steps."""
    axes = figure.add_subplot(place)
    steps = [record.get("step", 0) for record in run.histograms]
    ratios = {}
    for i, name in enumerate(names):
        values = [layer.get(name, {}).get("update_ratio") for layer in layers]
        ratios[name] = np.array([np.nan if value is None else value for value in values], np.float64)
        style = DASHES[(i // 8 + i) % len(DASHES)]
        axes.plot(steps, ratios[name], linestyle=style, color=colour(theme, i), label=name)
    axes.axhline(HEALTHY, color=theme.ink, linewidth=0.9, linestyle=(0, (2, 2)))
    axes.annotate("1e-3", (1.0, HEALTHY), (4, 0), xycoords=("axes fraction", "data"),
                  textcoords="offset points", va="center", fontsize=9)  # fmt: skip
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.set_xlim(*borders(np.asarray(steps, np.float64))[[0, -1]])
    axes.grid(True)
    axes.set_title("update : weight, about 1e-3 is healthy")
    axes.set_ylabel("ratio")
    axes.set_xlabel("step")
    axes.legend(ncols=4, loc="best")
    return ratios


def words(
    run: Results, last: Mapping[str, Any], names: Sequence[str], ratios: Mapping[str, Floats]
) -> str:
    """The end of the run in words."""
    parts = [
        f"{name}: update ratio {ratios[name][-1]:.2g}, dead units {last[name].get('dead', 0):.3g}"
        for name in names
    ]
    count = len(run.histograms)
    return f"Histograms of {run.name} over {count} evaluations; at the end {'; '.join(parts)}."

"""What the first layer learned: its weights as pictures, or as a heat map.

A unit fires for rows that look like its weights: the lecture's templates (P28-P29).
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from mlptrain.arrays import Array
from mlptrain.report.plots.canvas import WIDTH, Theme, diverging, empty_square, new_figure, shown
from mlptrain.report.plots.titles import Picture
from mlptrain.report.results import Results

MOST_PICTURES = 100
MOST_UNITS = 100
MOST_FEATURES = 60
"""A heat map names features up to this number."""


def obstacle(results: Results) -> str:
    """Every network has a first layer."""
    return ""


def first_layer(run: Results) -> Array:
    """W (D, M) of the first layer, with the units of all members of an ensemble."""
    W = run.model.network.parameters.weights()[0].value
    return W if W.ndim == 2 else np.concatenate(W, axis=1)


def is_linear(run: Results) -> bool:
    """Whether each unit of the first layer is a class."""
    model = run.config.model
    return not model.hidden and not model.ensemble and run.model.preprocessing.classes is not None


def image_shape(run: Results) -> tuple[int, ...] | None:
    """The shape of a row as a picture, where the config names one and it fits."""
    shape = run.config.data.image_shape
    return shape if shape and math.prod(shape) == len(first_layer(run)) else None


def is_legible(run: Results) -> bool:
    """Whether the picture says something: it shows pictures, or a heat map names its features."""
    return image_shape(run) is not None or len(first_layer(run)) <= MOST_FEATURES


def strongest(W: Array, most: int) -> Array:
    """The numbers of the units with the largest weights, in their order."""
    order = np.argsort(-np.linalg.norm(W, axis=0), kind="stable")
    return np.sort(order[:most])


def draw(runs: Sequence[Results], theme: Theme) -> Picture:
    """Pictures where `data.image_shape` says how, else a heat map."""
    (run,) = runs
    shape = image_shape(run)
    return heat_map(run, theme) if shape is None else pictures(run, shape, theme)


def pictures(run: Results, shape: tuple[int, ...], theme: Theme) -> Picture:
    """A tile for each unit; one scale for all, so that strong units stand out."""
    W = first_layer(run)
    chosen = strongest(W, MOST_PICTURES)
    tiles = W[:, chosen].T.reshape(len(chosen), *shape)
    across = min(len(chosen), max(1, round(math.sqrt(1.5 * len(chosen)))))
    down = -(-len(chosen) // across)
    by_class = is_linear(run)
    height = 0.86 * WIDTH * (down * (shape[0] + 1)) / (across * (shape[1] + 1))
    figure = new_figure(WIDTH, min(height + (0.7 if by_class else 0.45), 10))
    axes = figure.subplots()
    limit = np.abs(tiles).max() or 1.0
    if tiles.ndim == 4:  # each colour from its most negative to its most positive weight
        axes.imshow(mosaic(tiles / (2 * limit) + 0.5, across, fill=1.0), interpolation="nearest")
    else:
        drawn = axes.imshow(
            mosaic(tiles, across, fill=np.nan), cmap=framed(theme), vmin=-limit, vmax=limit,
            interpolation="nearest",
        )  # fmt: skip
        figure.colorbar(drawn, label="weight", shrink=0.7, pad=0.02)
    empty_square(axes)
    if by_class:
        for i, name in enumerate(run.model.preprocessing.classes or ()):
            row, column = divmod(i, across)
            x, y = column * (shape[1] + 1) + shape[1] / 2 - 0.5, row * (shape[0] + 1) - 0.6
            axes.text(x, y, shown(name, 10), ha="center", va="bottom", fontsize=8)
    title = caption(run, W, len(chosen))
    axes.set_title(title, pad=16 if by_class else 6)
    return Picture(figure, words(W, title))


def framed(theme: Theme) -> Any:
    """The colours of weights, with something else between the tiles."""
    return diverging(theme).with_extremes(bad=theme.faint)


def mosaic(tiles: Array, across: int, fill: float) -> Array:
    """Tiles (n, H, W) or (n, H, W, 3) side by side, a pixel apart."""
    number, height, width = tiles.shape[:3]
    down = -(-number // across)
    size = (down * (height + 1) - 1, across * (width + 1) - 1, *tiles.shape[3:])
    made = np.full(size, fill, tiles.dtype)
    left = number - (down - 1) * across
    if left < across:  # nothing where no tile is
        blank = fill if tiles.ndim == 4 else 0.0
        made[(down - 1) * (height + 1) :, left * (width + 1) :] = blank
    for i, tile in enumerate(tiles):
        row, column = divmod(i, across)
        y, x = row * (height + 1), column * (width + 1)
        made[y : y + height, x : x + width] = tile
    return made


def heat_map(run: Results, theme: Theme) -> Picture:
    """Features down, units across."""
    W = first_layer(run)
    chosen = strongest(W, MOST_UNITS)
    limit = np.abs(W).max() or 1.0
    features = [shown(name) for name in run.model.preprocessing.first_layer]
    named = len(features) <= MOST_FEATURES
    height = 1.6 + (0.2 * len(features) if named else 6.0)
    figure = new_figure(WIDTH, min(max(height, 2.8), 13))
    axes = figure.subplots()
    drawn = axes.imshow(
        W[:, chosen], cmap=diverging(theme), vmin=-limit, vmax=limit, aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    if named:
        axes.set_yticks(range(len(features)), features)
    if is_linear(run) and len(chosen) <= 20:
        axes.set_xticks(
            range(len(chosen)), [shown(name, 10) for name in run.model.preprocessing.classes or ()]
        )
        axes.set_xlabel("class")
    else:
        step = max(1, -(-len(chosen) // 10))
        axes.set_xticks(range(0, len(chosen), step), [str(i) for i in chosen[::step]])
        axes.set_xlabel("unit of the first layer, from 0")  # as `gradcheck` counts
    axes.set_ylabel("feature")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    figure.colorbar(drawn, label="weight", shrink=0.9, pad=0.02)
    title = caption(run, W, len(chosen))
    axes.set_title(title)
    return Picture(figure, words(W, title))


def caption(run: Results, W: Array, drawn: int) -> str:
    """What is drawn: `digits: weights of the 200 units of the first layer`."""
    units = W.shape[1]
    which = f"the {drawn} strongest of {units:,}" if drawn < units else f"the {units}"
    return f"{run.name}: weights of {which} units of the first layer"


def words(W: Array, title: str) -> str:
    """The picture in words."""
    return f"{title}; they lie between {W.min():.4g} and {W.max():.4g}."

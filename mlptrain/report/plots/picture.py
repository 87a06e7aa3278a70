"""What every kind of picture gives: a figure, and the same in words for those who cannot see it."""

from typing import NamedTuple

from mlptrain.report.plots.canvas import Figure


class Picture(NamedTuple):
    """A figure and its alternative text."""

    figure: Figure
    words: str

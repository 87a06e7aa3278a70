"""The picture of a learning-rate range test: the loss over the rate, and what is suggested."""

from pathlib import Path

from mlptrain.report.plots.canvas import LIGHT, Figure, Theme, drawing, new_figure, rendered
from mlptrain.report.plots.kinds import form_of
from mlptrain.storage.files import write_file
from mlptrain.tools.find_rate import RangeTest


def draw(test: RangeTest, theme: Theme) -> Figure:
    """The loss of each minibatch and its smoothed course, with the suggested rate marked."""
    figure = new_figure(6.5, 4.0)
    axes = figure.subplots()
    top = max(2 * test.smoothed[0], 1.1 * max(test.smoothed[: test.turn + 1]))
    axes.plot(test.rates, test.losses, color=theme.faint, linewidth=1, label="minibatch")
    axes.plot(test.rates, test.smoothed, color=theme.palette[0], label="smoothed")
    lowest = test.rates[test.turn], test.smoothed[test.turn]
    axes.plot(*lowest, "o", color=theme.palette[1], label=f"lowest at {lowest[0]:.2g}")
    if test.suggestion is not None:
        label = f"suggested: {test.suggestion:.2g}"
        axes.axvline(test.suggestion, color=theme.palette[2], linestyle="--", label=label)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")  # 0.01: powers would need mathematical text
    axes.set_xlabel("learning rate of the step before")
    axes.set_ylabel("training loss")
    axes.set_ylim(min(0, *test.smoothed), top)  # where it jumps, it may jump anywhere
    axes.set_title("one step at each rate, from low to high")
    axes.legend(loc="upper left")
    axes.grid(True)
    return figure


def save_rates(test: RangeTest, file: Path) -> None:
    """Draw into a file: png, svg or pdf by its suffix."""
    form = form_of(file)
    with drawing(LIGHT):
        content = rendered(draw(test, LIGHT), form)
    write_file(file, [content])

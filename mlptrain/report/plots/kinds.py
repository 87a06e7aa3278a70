"""The kinds of pictures by name, and from runs to a file."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from mlptrain.errors import ConfigError
from mlptrain.report.fold_results import one_by_one, results_of
from mlptrain.report.plots import (
    boundary,
    confusion,
    curves,
    decisions,
    histograms,
    predictions,
    reliability,
    residuals,
    weights,
)
from mlptrain.report.plots.canvas import LIGHT, Theme, drawing, rendered
from mlptrain.report.plots.titles import Picture
from mlptrain.report.results import Results, place_for, tell_written
from mlptrain.storage.files import write_file

FORMATS = ("png", "svg", "pdf")


class Kind(NamedTuple):
    """How to draw it, why a run may not have it, and whether several runs fit into one picture."""

    draw: Callable[[Sequence[Results], Theme], Picture]
    obstacle: Callable[[Results], str]
    several: bool
    needs_model: bool = True


KINDS = {
    "curves": Kind(curves.draw, curves.obstacle, several=True, needs_model=False),
    "weights": Kind(weights.draw, weights.obstacle, several=False),
    "boundary": Kind(boundary.draw, boundary.obstacle, several=True),
    "confusion": Kind(confusion.draw, confusion.obstacle, several=False),
    "decisions": Kind(decisions.draw, decisions.obstacle, several=False),
    "reliability": Kind(reliability.draw, reliability.obstacle, several=False),
    "predictions": Kind(predictions.draw, predictions.obstacle, several=False),
    "residuals": Kind(residuals.draw, residuals.obstacle, several=False),
    "histograms": Kind(histograms.draw, histograms.obstacle, several=False, needs_model=False),
}

OF_SCORES = (
    "boundary",
    "confusion",
    "decisions",
    "reliability",
    "predictions",
    "residuals",
)
"""Pictures of what the network makes of the rows."""


def obstacle(kind: str, run: Results) -> str:
    """Why a run has no picture of this kind; "" if it has."""
    if KINDS[kind].needs_model and not run.has_model:
        return "it has no best.npz yet"
    return KINDS[kind].obstacle(run)


def applicable(run: Results) -> list[str]:
    """The kinds of pictures that a run has."""
    return [kind for kind in KINDS if not obstacle(kind, run)]


def picture(kind: str, runs: Sequence[Results], theme: Theme) -> Picture:
    """Draw; to be called within `drawing(theme)`. ConfigError where the kind does not apply."""
    if len(runs) > 1 and not KINDS[kind].several:
        several = [name for name, each in KINDS.items() if each.several]
        raise ConfigError(
            f"--kind {kind} shows one run, got {len(runs)}; for several there are {', '.join(several)}"
        )
    faults = [
        f"{run.path}: no picture of kind {kind}: {reason}; "
        f"possible for this run: {', '.join(applicable(run)) or 'none yet'}"
        for run in runs
        if (reason := obstacle(kind, run))
    ]
    faults += [
        f"{run.path}: no picture of kind {kind}: the network overflows on the {run.split} rows"
        for run in runs
        if not faults and kind in OF_SCORES and run.overflows
    ]
    if faults:
        raise ConfigError(*faults)
    return KINDS[kind].draw(runs, theme)


def form_of(file: Path) -> str:
    """png, svg or pdf, by the suffix of a file; ConfigError for any other."""
    form = file.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise ConfigError(
            f"-o {file}: pictures are written as .png, .svg or .pdf; choose one of these suffixes"
        )
    return form


def plot(kind: str, paths: Sequence[Path], out: Path | None) -> None:
    """Draw into a file: png, svg or pdf by its suffix, RUN/KIND.png where none is named."""
    runs = [results_of(path) for path in paths]
    shown = runs if kind in OF_SCORES else one_by_one(runs)
    file = place_for(runs, out, f"{kind}.png")
    form = form_of(file)
    with drawing(LIGHT):
        content = rendered(picture(kind, shown, LIGHT).figure, form)
    write_file(file, [content])
    tell_written(file, shown)

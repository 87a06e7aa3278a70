"""Learning curves: loss, metric and learning rate over time, with the best epoch marked."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from mlptrain.errors import CheckpointError, ConfigError
from mlptrain.metrics.metric import Floats
from mlptrain.nn.losses import LOSSES
from mlptrain.report.console import number as spelt
from mlptrain.report.plots.canvas import WIDTH, Axes, Theme, colour, marker, new_figure, shown
from mlptrain.report.plots.titles import Picture, titles
from mlptrain.report.results import Results

DECADES = 100
"""From this ratio of largest to smallest on, losses get a logarithmic axis."""

RUNS = 10
"""So many runs can be told apart in one picture."""
BOTH_SPLITS = 4
"""So many runs have room for the curves of the training rows beside those of the validation rows."""
LETTER, HANDLE = 0.08, 0.55
"""Inches of the legend: a letter, and the line with the gaps beside it."""


def obstacle(results: Results) -> str:
    """Why a run has no curves; "" if it has."""
    return "" if results.records else "it has no evaluation yet"


def series(results: Results, key: str) -> Floats:
    """One value of every record; NaN where it was not finite."""
    values = [record.get(key) for record in results.records]
    if not all(value is None or isinstance(value, int | float) for value in values):
        raise CheckpointError(f"{results.path / 'metrics.jsonl'}: {key} is not a number everywhere")
    return np.array([np.nan if value is None else value for value in values], np.float64)


def clock(runs: Sequence[Results]) -> str:
    """What the time axis counts: epochs, or steps where a run was evaluated within an epoch."""
    times = [series(run, "epoch") for run in runs]
    rising = all(a < b for each in times for a, b in pairwise(each))
    return "epoch" if rising else "step"


def metric_of(results: Results) -> str:
    """The metric that is drawn: the monitored one, else the one that every record has."""
    keys = results.records[0]
    watched = str(results.settings["train"]["monitor"]).partition("_")[2]
    usual = [loss.headline for loss in LOSSES.values() if f"train_{loss.headline}" in keys]
    if not usual:
        raise CheckpointError(f"{results.path / 'metrics.jsonl'}:1: no metric; put the file back")
    return watched if watched != "loss" and f"train_{watched}" in keys else usual[0]


def lines(results: Results) -> list[tuple[str, str, str]]:
    """What the panel of losses shows: (key of the record, label, style)."""
    records = results.records
    shown = [("data_loss", "train", "-")]
    if any("val_loss" in record for record in records):
        shown.append(("val_loss", "validation", "--"))
    if any(record.get("regularization_loss") for record in records):
        shown.append(("train_loss", "train with regularization", ":"))
    return shown


def draw(runs: Sequence[Results], theme: Theme) -> Picture:
    """Curves of one run by split, or of several by run."""
    if len(runs) > RUNS:
        raise ConfigError(f"{len(runs)} runs cannot be told apart in one picture; name {RUNS} at most")
    figure = new_figure(WIDTH, 6.2)
    panels = figure.subplots(3, 1, sharex=True, height_ratios=[3, 2.4, 1.1])
    time = clock(runs)
    if len(runs) == 1:
        _one(panels, runs[0], time, theme)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)  # inside it hides a curve
    else:
        _several(panels, runs, time, theme)
        figure.legend(loc="outside lower center", ncols=columns_of_legend(titles(runs)))
    for axes in panels:
        axes.grid(True)
        axes.margins(x=0.02)
    losses = np.concatenate([line.get_ydata() for line in panels[0].get_lines()])
    if spans_decades(losses):
        panels[0].set_yscale("log")
        panels[0].yaxis.set_major_formatter("{x:g}")  # 0.01: powers would need mathematical text
        panels[0].yaxis.set_minor_formatter("")
    panels[0].set_ylabel("loss")
    metrics = dict.fromkeys(metric_of(run).replace("_", " ") for run in runs)
    panels[1].set_ylabel(", ".join(metrics))
    panels[2].set_ylabel("learning rate")
    panels[2].set_ylim(bottom=0)
    panels[2].set_xlabel(time)
    panels[2].locator_params(axis="x", integer=True)
    said = [words(run, title) for run, title in zip(runs, titles(runs), strict=True)]
    return Picture(figure, " ".join(said))


def spans_decades(values: Floats) -> bool:
    """Whether a logarithmic axis shows more."""
    finite = values[np.isfinite(values)]
    return bool(len(finite)) and finite.min() > 0 and finite.max() / finite.min() > DECADES


def _one(panels: Sequence[Axes], run: Results, time: str, theme: Theme) -> None:
    x, metric = series(run, time), metric_of(run)
    for number, (key, label, style) in enumerate(lines(run)):
        panels[0].plot(x, series(run, key), style, color=colour(theme, number), label=label)
    for number, (split, style) in enumerate((("train", "-"), ("val", "--"))):
        key = f"{split}_{metric}"
        if key in run.records[0]:
            panels[1].plot(x, series(run, key), style, color=colour(theme, number))
    panels[2].plot(x, series(run, "learning_rate"), color=colour(theme, 3))
    best = run.best_record
    if best is not None:
        for axes in panels:
            axes.axvline(best[time], color=theme.ink, linewidth=0.9, linestyle=(0, (2, 2)))
        key = monitored(run)
        if best.get(key) is not None:
            axes = panels[0] if key.endswith("_loss") else panels[1]
            axes.plot([best[time]], [best[key]], "o", color=theme.ink, markersize=5.5, label="best")
        panels[0].set_title(f"{shown(run.name)}: best {at_best(run)}")
    else:
        panels[0].set_title(shown(run.name))


def at_best(run: Results) -> str:
    """`val_loss 0.08386 at epoch 11`, the numbers of the best checkpoint."""
    progress = run.model.checkpoint.progress()
    return f"{monitored(run)} {spelt(progress.best)} at epoch {progress.best_epoch}"


def monitored(run: Results) -> str:
    """The key of a record that decided which epoch is best."""
    key = run.config.train.monitor
    return key if key in run.records[0] else key.replace("val_", "train_")  # no validation rows


def _several(panels: Sequence[Axes], runs: Sequence[Results], time: str, theme: Theme) -> None:
    validated = any("val_loss" in run.records[0] for run in runs)
    both = validated and len(runs) <= BOTH_SPLITS
    styles = {"val": (1.8, "-")} if validated else {"train": (1.6, "-")}
    if both:
        styles["train"] = (1.2, "--")
    for number, (run, title) in enumerate(zip(runs, titles(runs), strict=True)):
        x, metric, ink = series(run, time), metric_of(run), appearance(theme, number, len(run.records))
        for split, (width, style) in styles.items():
            loss = "data_loss" if split == "train" else "val_loss"
            for axes, key in ((panels[0], loss), (panels[1], f"{split}_{metric}")):
                if key in run.records[0]:
                    axes.plot(x, series(run, key), style, linewidth=width, **ink)
        panels[2].plot(x, series(run, "learning_rate"), label=title, **ink)
    solid = "validation rows" if validated else "training rows"
    panels[0].set_title("solid: validation, dashed: train" if both else solid)


def appearance(theme: Theme, number: int, points: int) -> dict[str, Any]:
    """Colour of a run, and markers on its line once the colours come round again."""
    looks: dict[str, Any] = {"color": colour(theme, number)}
    if number >= len(theme.palette):
        looks |= {"marker": marker(number), "markersize": 4, "markevery": max(1, points // 12)}
    return looks


def columns_of_legend(names: Sequence[str]) -> int:
    """As many as fit below the picture beside each other."""
    return max(1, min(4, len(names), int(WIDTH / (LETTER * max(map(len, names)) + HANDLE))))


def words(run: Results, title: str) -> str:
    """The curves in words: where they begin and end."""
    parts = []
    for key, label, _ in lines(run):
        values = series(run, key)
        parts.append(f"{label} loss from {spelt(values[0])} to {spelt(values[-1])}")
    best = f"; best {at_best(run)}" if run.best_record is not None else ""
    return f"Learning curves of {title}: {', '.join(parts)}{best}."

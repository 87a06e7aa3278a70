"""A run as it is watched: a header, a line for each evaluation, a bar on a terminal, and the result."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tqdm import tqdm

from mlptrain.report.console import (
    emit_json,
    number,
    say,
    stderr,
    stdout,
    table,
    tell,
)
from mlptrain.report.results import Results
from mlptrain.report.sparkline import summary as curves
from mlptrain.runs.cross_validation import Folds
from mlptrain.runs.run import Run
from mlptrain.training.experiment import Experiment
from mlptrain.training.record import Record

STEPS_PER_TICK = 20
"""How many steps the bar waits for: drawing must not cost what it shows."""


def watch(run: Run, *, quiet: bool) -> None:
    """Train to the end, showing how it goes unless `quiet`."""
    if quiet:
        for _ in run:
            pass
        return
    tell(run.notes)
    told = len(run.notes)
    say(stderr(), headline(run.experiment))
    keys = columns(run.experiment)
    say(stderr(), line(keys))
    with bar(run) as shown:
        for step, record in enumerate(run, 1):
            if step % STEPS_PER_TICK == 0:
                shown.update(run.progress.step - shown.n)
            if record is not None:
                tqdm.write(
                    line([cell(record, key) for key in keys], best=record.is_best), file=sys.stderr
                )
            if len(run.notes) > told:
                tell(run.notes[told:])
                told = len(run.notes)
    for text in curves(Results(run.directory.path).records):  # with those before a resume
        say(stderr(), text)


def bar(run: Run) -> "tqdm[Any]":
    """A bar over the steps; it is drawn on a terminal only, and gone when the run ends."""
    return tqdm(
        total=run.experiment.total_steps,
        initial=run.progress.step,
        unit="step",
        file=sys.stderr,
        leave=False,
        disable=None,
        mininterval=0.2,
    )


def headline(experiment: Experiment) -> str:
    """Rows, features, classes, parameters: what is about to be trained, on one line."""
    data = experiment.data
    rows = [
        f"{len(part):,} {name}"
        for name, part in (("train", data.train), ("val", data.val), ("test", data.test))
        if part is not None
    ]
    outputs = (
        f"{len(data.classes)} classes"
        if data.classes is not None
        else f"target {', '.join(data.targets)}"
    )
    parameters = experiment.network.parameters.values.size
    threads = "1 thread" if experiment.threads == 1 else f"{experiment.threads} threads"
    return (
        f"{' / '.join(rows)} rows, {len(data.features):,} features, {outputs}, "
        f"{parameters:,} parameters, {experiment.total_steps:,} steps, "
        f"seed {experiment.seed}, {threads}"
    )


def columns(experiment: Experiment) -> list[str]:
    """The keys of a record that are worth a column."""
    metric = "accuracy" if experiment.network.loss.classifies else "rmse"
    keys = ["epoch", "learning_rate", "train_loss", f"train_{metric}"]
    if experiment.data.val is not None:
        keys += ["val_loss", f"val_{metric}"]
    if experiment.monitor.key not in keys:
        keys.append(experiment.monitor.key)
    return [*keys, "examples_per_second"]


def cell(record: Record, key: str) -> str:
    """One value of a record."""
    value = record[key]
    return number(round(value)) if key == "examples_per_second" and value else number(value)


def line(cells: Sequence[str], *, best: bool = False) -> str:
    """Cells under each other; a star marks the best epoch so far."""
    widths = [6, 14, 11, 15, 9, 13, 13, 20]
    names = {"learning_rate": "rate", "examples_per_second": "examples/s"}
    shown = [names.get(each, each) for each in cells]
    return "".join(
        f"{each:>{max(width - 2, 6)}}  " for each, width in zip(shown, widths, strict=False)
    ) + ("*" if best else "")


def fitted(summary: Mapping[str, Any], *, as_json: bool) -> None:
    """How the run ended, and the numbers of its best epoch."""
    if as_json:
        emit_json(summary)
        return
    out = stdout()
    say(out, f"{summary['status']}: {summary['reason']}")
    say(out, best_line(summary))
    if summary.get("test"):
        values = ", ".join(f"{name} {number(value)}" for name, value in summary["test"].items())
        say(out, f"test: {values}")
    say(out, f"{summary['run']}  ({summary['seconds']:.1f} s)")


def best_line(summary: Mapping[str, Any]) -> str:
    """The best value of the monitor and its epoch, or that there is none."""
    monitor, best = summary["monitor"], summary["best"]
    if best is None:
        return f"no best epoch: {monitor} never had a value; last.npz is of the last step"
    return f"best {monitor} {number(best)} at epoch {summary['best_epoch']}"


def dry(experiment: Experiment, *, as_json: bool) -> None:
    """The outcome of a dry run."""
    tell(experiment.data.notes)
    if as_json:
        emit_json(dry_document(experiment))
        return
    say(stdout(), headline(experiment))
    say(stdout(), "the config is valid, and the first step was taken; nothing was written")


def dry_document(experiment: Experiment) -> dict[str, object]:
    """What `--dry-run --json` prints: the sizes of what would be trained."""
    data = experiment.data
    parts = {"train": data.train, "val": data.val, "test": data.test}
    return {
        "rows": {name: len(part) for name, part in parts.items() if part is not None},
        "features": len(data.features),
        "classes": data.classes,
        "targets": data.targets,
        "parameters": int(experiment.network.parameters.values.size),
        "steps": experiment.total_steps,
        "seed": experiment.seed,
    }


def watch_folds(folds: Folds, *, quiet: bool) -> None:
    """Train all folds, each shown like any run unless `quiet`."""
    for fold, run in enumerate(folds, 1):
        if not quiet:
            say(stderr(), f"fold {fold} of {folds.count}")
        watch(run, quiet=quiet)


def fitted_folds(folds: Folds, *, as_json: bool) -> None:
    """One line per metric: mean, standard deviation, and its range over the folds."""
    if as_json:
        emit_json(folds.summary)
        return
    out = stdout()
    rows = folds.summary["rows"]
    say(out, f"{folds.count} folds, {rows:,} rows, each held out once")
    lines = []
    for name, found in folds.summary["metrics"].items():
        values = [value for value in found["values"] if value is not None]
        ends = (min(values), max(values)) if values else (None, None)
        lines.append((name, found["mean"], found["std"], *ends))
    out.print(table(("metric", "mean", "std", "lowest", "highest"), lines))
    say(out, f"{folds.directory}  (folds.json, out_of_fold.csv)")

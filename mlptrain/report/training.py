"""A run as it is watched: a header, a line for each evaluation, a bar on a terminal, and the result."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from mlptrain.inference.evaluation_report import splits
from mlptrain.messages import count
from mlptrain.report.console import emit_json, number, say, stderr, stdout, table, tell
from mlptrain.report.progress import above_bar, progress_bar
from mlptrain.report.results import Results
from mlptrain.report.sparkline import summary as curves
from mlptrain.runs.cross_validation import Folds
from mlptrain.runs.run import Run
from mlptrain.training.experiment import Experiment
from mlptrain.training.record import Record

STEPS_PER_TICK = 20
"""How many steps the bar waits for: drawing must not cost what it shows."""


def watch(run: Run, *, quiet: bool) -> None:
    """Train to the end, showing how it goes unless `quiet`: then only how it began, if unusually."""
    if quiet or run.already_finished:
        tell(run.started if quiet else run.notes)
        for _ in run:
            pass
        return
    tell(run.notes)
    told = len(run.notes)
    say(stderr(), headline(run.experiment))
    keys = columns(run.experiment)
    say(stderr(), line(keys))
    with progress_bar(run.progress.step, run.experiment.total_steps) as shown:
        for step, record in enumerate(run, 1):
            if step % STEPS_PER_TICK == 0:
                shown.update(run.progress.step - shown.n)
            if record is not None:
                above_bar(line([cell(record, key) for key in keys], best=record.is_best))
            if len(run.notes) > told:
                tell(run.notes[told:])
                told = len(run.notes)
    for text in curves(Results(run.directory.path).records):  # with those before a resume
        say(stderr(), text)


def headline(experiment: Experiment) -> str:
    """Rows, features, classes, parameters: what is about to be trained, on one line."""
    data = experiment.data
    rows = " / ".join(f"{len(rows):,} {split}" for split, rows in splits(data).items())
    outputs = (
        f"{len(data.classes)} classes"
        if data.classes is not None
        else f"target {', '.join(data.targets)}"
    )
    parameters = experiment.network.parameters.values.size
    return (
        f"{rows} rows, {len(data.features):,} features, {outputs}, "
        f"{parameters:,} parameters, {experiment.total_steps:,} steps, "
        f"seed {experiment.seed}, {count(experiment.threads, 'thread')}"
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


def fitted(run: Run, *, as_json: bool) -> None:
    """How the run ended, and the numbers of its best epoch."""
    summary = run.summary
    if as_json:
        emit_json(summary)
        return
    out = stdout()
    say(
        out, f"{'already finished' if run.already_finished else summary['status']}: {summary['reason']}"
    )
    say(out, best_of(summary, run))
    if summary.get("test"):
        values = ", ".join(f"{name} {number(value)}" for name, value in summary["test"].items())
        say(out, f"test: {values}")
    say(out, f"{summary['run']}  ({summary['seconds']:.1f} s)")


def best_of(summary: Mapping[str, Any], run: Run) -> str:
    """The best epoch, or why there is none."""
    if summary["best"] is None:
        why = f"{summary['monitor']} was never a finite number, so there is no best.npz"
        return f"{why}; {run.directory.last} holds the parameters of the last step"
    return f"best {summary['monitor']} {number(summary['best'])} at epoch {summary['best_epoch']}"


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
    return {
        "rows": {split: len(rows) for split, rows in splits(data).items()},
        "features": len(data.features),
        "classes": data.classes,
        "targets": data.targets,
        "parameters": int(experiment.network.parameters.values.size),
        "steps": experiment.total_steps,
        "seed": experiment.seed,
    }


def watch_folds(folds: Folds, *, quiet: bool) -> None:
    """Train all folds, each shown like any run unless `quiet`."""
    with closing(iter(folds)) as runs:
        for fold, run in enumerate(runs, 1):
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

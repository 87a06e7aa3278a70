"""A run as it is watched: a header, a line for each evaluation, a bar on a terminal, and the result."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from rich.console import Console

from mlptrain.errors import MLPTrainError
from mlptrain.inference.evaluation_report import splits
from mlptrain.messages import count
from mlptrain.report.baseline import baseline_words
from mlptrain.report.console import emit_json, number, say, stderr, stdout
from mlptrain.report.epoch_table import EpochTable
from mlptrain.report.notes import Notes, tell
from mlptrain.report.progress import above_bar, bar_away, progress_bar
from mlptrain.report.results import Results, Values
from mlptrain.report.sparkline import summary as curves
from mlptrain.report.tables import print_table
from mlptrain.runs.cross_validation import Folds
from mlptrain.runs.run import Run
from mlptrain.runs.side_by_side import News, side_by_side
from mlptrain.tools.course import remarks
from mlptrain.training.combination import KEY
from mlptrain.training.experiment import Experiment

DETAILS = "summary.json"
"""The file of a run that has all notes in full."""

STEPS_PER_TICK = 20
"""How many steps the bar waits for: drawing must not cost what it shows."""


def watch(run: Run, *, quiet: bool, notes: Notes | None = None) -> None:
    """Train to the end, showing how it goes unless `quiet`: then only how it began, if unusually.

    `notes` has told those of other runs: what it knows is not told again.
    """
    notes = notes or Notes(DETAILS)
    if quiet or run.already_finished:
        notes.tell(run.started if quiet else run.notes)
        for _ in run:
            pass
        return
    notes.tell(run.notes)
    told = len(run.notes)
    say(stderr(), headline(run.experiment))
    table = EpochTable(run.experiment, stderr().width)
    say(stderr(), table.heading())
    with progress_bar(run.progress.step, run.experiment.total_steps) as shown:
        for step, record in enumerate(run, 1):
            if step % STEPS_PER_TICK == 0:
                shown.update(run.progress.step - shown.n)
            if record is not None:
                above_bar(table.row(record))
            if len(run.notes) > told:
                with bar_away():
                    notes.tell(run.notes[told:])
                told = len(run.notes)
    records = Results(run.directory.path).records  # with those before a resume
    for text in curves(records, stderr().width):
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


def fitted(run: Run, *, as_json: bool) -> None:
    """How the run ended, and the numbers of its best epoch."""
    summary = run.summary
    if as_json:
        emit_json(summary)
        return
    records = Results(run.directory.path).records  # what cannot be read leaves no half of an answer
    out = stdout()
    say(
        out, f"{'already finished' if run.already_finished else summary['status']}: {summary['reason']}"
    )
    say(out, best_of(summary, records, run))
    if summary.get("test"):
        values = ", ".join(f"{name} {number(value)}" for name, value in summary["test"].items())
        say(out, f"test: {values}")
    for remark in remarks(records, summary):
        say(out, remark)
    if baseline := run.beside.get("baseline"):
        for line in baseline_words(baseline, run.beside.get("linear")):
            say(out, line)
    say(out, f"{summary['run']}  ({summary['seconds']:.1f} s)")


def best_of(summary: Mapping[str, Any], records: Sequence[Values], run: Run) -> str:
    """The best epoch, or why there is none."""
    if summary["best"] is None:
        why = f"{summary['monitor']} was never a finite number, so there is no best.npz"
        return f"{why}; {run.directory.last} holds the parameters of the last step"
    best = f"best {summary['monitor']} {number(summary['best'])} at epoch {summary['best_epoch']}"
    return best if summary.get("test") else f"{best}{metric_of_best(summary, records, run)}"


def metric_of_best(summary: Mapping[str, Any], records: Sequence[Values], run: Run) -> str:
    """`, train_accuracy 0.9933`: what is no loss in the best record, where no test rows say more."""
    best = next((each for each in records if is_best(each, summary)), {})
    split = "val_" if "val_loss" in best else "train_"
    names = [f"{split}{metric}" for metric in run.experiment.headline]
    shown = [name for name in names if name in best and name != summary["monitor"]]
    return "".join(f", {name} {number(best[name])}" for name in shown)


def is_best(record: Mapping[str, Any], summary: Mapping[str, Any]) -> bool:
    """Whether the best checkpoint was written at this record."""
    monitor = record.get(summary["monitor"])
    return bool(record["epoch"] == summary["best_epoch"] and monitor == summary["best"])


def dry(experiment: Experiment, *, as_json: bool) -> None:
    """The outcome of a dry run."""
    tell(experiment.data.notes)
    if as_json:
        emit_json(dry_document(experiment))
        return
    say(stdout(), headline(experiment))
    say(stdout(), "the config is valid, and the first step was taken; no run was begun")


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
    """Train all folds: each shown like any run, or with several at a time all on one bar."""
    notes = Notes(DETAILS)
    if folds.jobs > 1:
        watch_side_by_side(folds, quiet=quiet, notes=notes)
        return
    with closing(iter(folds)) as runs:
        for number, run in runs:
            if not quiet:
                say(stderr(), f"{folds.label(number)} of {folds.count}")
            try:
                watch(run, quiet=quiet, notes=notes)
            except MLPTrainError as error:  # raised when the others are done
                folds.failures[number] = error


def watch_side_by_side(folds: Folds, *, quiet: bool, notes: Notes) -> None:
    """One bar for the steps of all folds, and a line for each that is done."""
    if not quiet:
        say(stderr(), f"{folds.total} folds, {folds.jobs} at a time")
    steps, totals = dict[int, int](), dict[int, int]()
    with progress_bar(0, 0, hidden=quiet) as bar, closing(side_by_side(folds)) as all_news:
        for news in all_news:
            if quiet:
                continue
            if news.total:
                steps[news.number], totals[news.number] = news.step, news.total
                bar.total = sum(totals.values()) * folds.total // len(totals)
                bar.update(sum(steps.values()) - bar.n)
            lines = [f"{folds.label(news.number)}: {text}" for text in ending(news)]
            if news.notes or lines:
                with bar_away():
                    notes.tell(news.notes)
                    for line in lines:
                        say(stderr(), line)


def ending(news: News) -> Iterator[str]:
    """How a fold ended, where it has."""
    if news.outcome is not None:
        run = news.outcome.run
        best = f"best {run['monitor']} {number(run['best'])} at epoch {run['best_epoch']}"
        yield f"{run['status']}, {best}  ({run['seconds']:.1f} s)"
    if news.failure is not None:
        yield "failed"


def fitted_folds(folds: Folds, *, quiet: bool, as_json: bool) -> None:
    """What to expect on new rows; unless `quiet` with what led to it, as tables."""
    if as_json:
        emit_json(folds.summary)
        return
    out = stdout()
    rows = folds.summary["rows"]
    say(out, f"{folds.count} folds, {rows:,} rows, each held out once")
    if not quiet:
        print_folds(out, folds)
    for text in expectations(folds.summary):
        say(out, text)
    say(out, f"{folds.directory}  (folds.json, out_of_fold.csv)")


def print_folds(out: Console, folds: Folds) -> None:
    """A line for each metric: of all rows held out, then mean, deviation and range over the folds."""
    lines = []
    for name, found in folds.summary["metrics"].items():
        values = [value for value in found["values"] if value is not None]
        ends = (min(values), max(values)) if values else (None, None)
        together = folds.summary["out_of_fold"].get(name)
        lines.append((name, together, found["mean"], found["std"], *ends))
    print_table(out, ("metric", "all rows", "mean", "std", "lowest", "highest"), lines)
    if found := folds.summary.get(KEY):
        compared = [
            (each["name"], each["out_of_fold"][found["by"]], each["weight"])
            for each in found["candidates"]
        ]
        print_table(out, ("candidate", f"{found['by']} of all rows", "weight"), compared)


def expectations(summary: Mapping[str, Any]) -> Iterator[str]:
    """What to expect on new rows, by those held out and by those kept for the end."""
    several = len(summary[KEY]["candidates"]) > 1 if KEY in summary else False
    how = "; each fold by what the others choose" if several else ""
    for each in summary["expected"]:
        yield f"expected on new rows: {figure(each)}{how})"
    if test := summary.get("test"):
        for each in test["expected"]:
            yield f"test: {figure(each)}; {count(test['rows'], 'row')} that no fold saw)"
    yield from baseline_words(summary["baseline"], summary.get("linear"))


def figure(expected: Mapping[str, Any]) -> str:
    """A figure with its interval, whose bracket is left open."""
    between = f"{number(expected['low'])} to {number(expected['high'])}"
    return f"{expected['metric']} {number(expected['value'])} (95 %: {between}"

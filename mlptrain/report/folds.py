"""Cross-validation as it is watched, and its outcome: mean and spread of every metric."""

from mlptrain.folds import Folds
from mlptrain.report import training
from mlptrain.report.console import emit_json, say, stderr, stdout, table


def watch(folds: Folds, *, quiet: bool) -> None:
    """Train all folds, each shown like any run unless `quiet`."""
    for number, run in enumerate(folds, 1):
        if not quiet:
            say(stderr(), f"fold {number} of {folds.count}")
        training.watch(run, quiet=quiet)


def finished(folds: Folds, *, as_json: bool) -> None:
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

"""The sections of a page about one run."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from mlptrain.config import dump
from mlptrain.inference.evaluation_report import splits
from mlptrain.report.console import number
from mlptrain.report.html.decisions import decisions, errors, trust
from mlptrain.report.html.elements import Cell, Section, code, figure, folded, listed, paragraph, table
from mlptrain.report.html.explanation import explain, explanation
from mlptrain.report.html.mistakes import mistakes
from mlptrain.report.html.profile import profile
from mlptrain.report.notes import brief
from mlptrain.report.plots import applicable
from mlptrain.report.plots.weights import is_legible
from mlptrain.report.results import Results
from mlptrain.runs.resume import changes_in
from mlptrain.storage.reading import read_bytes
from mlptrain.tools.course import remarks

MOST_RECORDS = 100
"""Rows of the table of evaluations, evenly spaced."""
MOST_CLASSES = 30
"""Classes up to which the confusion matrix is a table, too."""
LARGEST_CONFIG = 1 << 20
LINEAR = "a linear model on the same columns and "
PROMISE = "On the same machine, with the same versions and threads, the same bits come out."
CONTENTS: Mapping[str, tuple[str, Callable[[Results], str]]] = {
    "boundary": ("Decision boundary", lambda run: figure("boundary", [run])),
    "confusion": ("Confusion matrix", lambda run: figure("confusion", [run]) + confusion(run)),
    "decisions": ("Decisions", decisions),
    "reliability": ("Probabilities", trust),
    "predictions": ("Predicted and true", errors),
}
"""The pictures that need a model, each under its title with what goes with it."""


def outcome(run: Results) -> list[str]:
    """How the run ended, in the words of `fit`, or that it has not."""
    found = run.summary
    lines = [f"{found.get('status')}: {found.get('reason')}"]
    if run.best_record is not None:
        best = run.model.checkpoint.progress()  # summary.json has none of a run that was killed
        lines.append(f"Best {found.get('monitor')} {number(best.best)} at epoch {best.best_epoch}.")
    if found.get("seconds") is not None:
        lines.append(f"{number(found['seconds'])} s in all.")
    lines += [f"{each[0].upper()}{each[1:]}." for each in remarks(run.records, found)]
    if run.has_model:
        usual = ("loss", "accuracy", "mean_accuracy", "poisson_deviance", "rmse", "r2")
        stated = run.stated(*dict.fromkeys([*run.evaluation.headline(), *usual]))
        lines.append(f"{run.measured_on}: {stated}.")
        lines += [f"{each}." for each in run.evaluation_report.unnamed()]
    return lines


def sections(run: Results) -> Iterator[Section]:
    """All that apply to a run, in the order of a page."""
    kinds = applicable(run)
    if "curves" in kinds:
        content = figure("curves", [run]) + folded("The numbers", evaluations(run))
        yield Section("curves", "Learning curves", content)
    if "histograms" in kinds:
        yield Section("histograms", "Activations, gradients, updates", figure("histograms", [run]))
    if run.has_model:
        yield from of_model(run, kinds)
    yield Section("config", "Config", code(config(run)))
    if run.has_model:
        yield Section("environment", "Environment", environment(run))
    yield Section("again", "To run it again", again(run))


def of_model(run: Results, kinds: list[str]) -> Iterator[Section]:
    """What needs the best checkpoint, and the rows it was made from."""
    if run.overflows:
        kinds = []
    yield Section("metrics", "Metrics", metrics(run))
    if classes := run.evaluation_report.class_table():
        yield Section("classes", "Classes", table(f"Each class in the {run.split} rows", *classes))
    for kind, (title, content) in CONTENTS.items():
        if kind in kinds:
            yield Section(kind, title, content(run))
    said = None if run.overflows else explain(run)
    if said is not None:
        yield Section("explanation", "Which columns matter", explanation(said))
    if not run.overflows:
        order = [] if said is None else [each.name for each in said.columns]
        yield Section("mistakes", "Worst mistakes", mistakes(run, order))
    if "weights" in kinds and is_legible(run):
        yield Section("weights", "First layer", figure("weights", [run]))
    yield Section("data", "Data", data(run))
    yield Section("columns", "Columns of the file", profile(run))


def evaluations(run: Results) -> str:
    """The records as a table."""
    records = run.records
    places = np.unique(np.linspace(0, len(records) - 1, min(MOST_RECORDS, len(records))).astype(int))
    keys = list(records[0])
    rows = [[value_of(records[i].get(key)) for key in keys] for i in places]
    return table(f"{len(places):,} of {len(records):,} evaluations", keys, rows)


def value_of(value: object) -> float | int | None:
    """A number of a record; whatever else stands there is not shown."""
    return value if isinstance(value, int | float) else None


def metrics(run: Results) -> str:
    """Loss and all metrics of the best checkpoint: what `eval` prints."""
    found = run.evaluation_report
    lines = run.linear([name for name in found.measured if name in found.baseline])
    ends = {each.metric: (each.low, each.high) for each in found.expected}
    heads = ["metric", "this model", *["linear model"] * bool(lines), "same answer", "from", "to"]
    rows: list[list[Cell]] = []
    for name, value in found.measured.items():
        beside: list[Cell] = [lines.get(name)] if lines else []
        rows.append([name, value, *beside, found.baseline.get(name), *ends.get(name, (None, None))])
    others = LINEAR * bool(lines) + "the same answer for every row"
    told = f"Compared with {others}. The 95 % interval, from and to, is for other rows."
    return table(run.measured_on, heads, rows) + paragraph(told)


def confusion(run: Results) -> str:
    """The matrix in numbers."""
    found = run.evaluation_report.confusion_table()
    if found is None or len(run.model.preprocessing.classes or ()) > MOST_CLASSES:
        return ""
    caption = f"Rows are true classes, columns predicted ones ({run.split} rows)"
    return folded("The numbers", table(caption, *found, fixed=True))


def data(run: Results) -> str:
    """Rows of each split, by class; features; sources with their hashes; what was noted."""
    dataset = run.dataset
    there = splits(dataset)
    rows: list[tuple[str | int, ...]] = [("rows", *(len(part) for part in there.values()))]
    if dataset.classes is not None:
        counts = [np.bincount(part.y, minlength=len(dataset.classes)) for part in there.values()]
        rows += [
            (f"of class {name}", *(int(count[i]) for count in counts))
            for i, name in enumerate(dataset.classes)
        ]
    sources = table("SHA-256 of each source", ("source", "hash"), list(dataset.fingerprint.items()))
    target = "Targets" if len(dataset.targets) > 1 else "Target"
    return (
        table("Rows of each split", ("", *there), rows)
        + paragraph(f"{target}: {', '.join(dataset.targets)}. Features: {len(dataset.features):,}.")
        + folded("Names of the features", paragraph(", ".join(dataset.features)))
        + sources
        + listed([*brief(dataset.notes), *run.warnings])
    )


def config(run: Results) -> str:
    """The resolved config; that of the file where there is no checkpoint yet."""
    if run.has_model:
        return dump(run.settings)
    return read_bytes(run.path / "config.yaml", LARGEST_CONFIG).decode("utf-8", "replace")


def environment(run: Results) -> str:
    """What the run ran on."""
    found = run.model.checkpoint["environment"]
    rows = [(key, str(value)) for key, value in found.items() if key != "blas"]
    rows += [
        ("blas", ", ".join(f"{key} {value}" for key, value in each.items() if value is not None))
        for each in found.get("blas", [])
        if isinstance(each, dict)
    ]
    return table("What the run ran on", ("", "version"), rows)


def again(run: Results) -> str:
    """The command that repeats the run, and what it promises."""
    command = run.commands
    if changes := changes_in(run.path):
        promise = "Another result comes out, since settings were changed while the run was interrupted:"
        return code(command) + paragraph(promise) + code("\n".join(changes))
    return code(command) + paragraph(PROMISE)

"""The sections of a page about several runs: what differs, and what came of it."""

from collections.abc import Iterator, Sequence

from mlptrain.report.html.elements import Cell, Section, figure, listed, paragraph, table
from mlptrain.report.html.sections import again
from mlptrain.report.plots.kinds import KINDS, obstacle
from mlptrain.report.plots.titles import differing
from mlptrain.report.results import Results


def sections(runs: Sequence[Results]) -> Iterator[Section]:
    """All that apply to every one of the runs."""
    yield Section("results", "Results", results(runs))
    yield Section("differences", "Settings that differ", differences(runs))
    titles = {"curves": "Learning curves", "boundary": "Decision boundaries"}
    for kind, title in titles.items():
        if KINDS[kind].several and not any(obstacle(kind, run) for run in runs):
            yield Section(kind, title, figure(kind, runs))
    yield Section("again", "To run them again", "".join(again(run) for run in runs))


def results(runs: Sequence[Results]) -> str:
    """A column for each run."""
    rows: list[list[Cell]] = [
        [key, *(stated(run.summary.get(key)) for run in runs)]
        for key in ("status", "monitor", "best", "best_epoch", "parameters", "seconds")
    ]
    rows.append(["split", *(run.split if run.has_model else None for run in runs)])
    rows.append(["rows", *(len(run.rows) if run.has_model else None for run in runs)])
    measured = [run.evaluation_report.measured if run.has_model else {} for run in runs]
    names = dict.fromkeys(name for each in measured for name in each)
    rows += [[name, *(each.get(name) for each in measured)] for name in names]
    columns = ("", *(run.name for run in runs))
    notes = [f"{run.name}: {warning}" for run in runs for warning in run.warnings]
    return table("Runs, with the metrics of their best checkpoints", columns, rows) + listed(notes)


def stated(value: object) -> Cell:
    """A value of summary.json as a cell."""
    return value if isinstance(value, str | int | float) else None


def differences(runs: Sequence[Results]) -> str:
    """The settings that are not the same in all runs."""
    trained = [run for run in runs if run.has_model]
    if len(trained) < 2:
        return paragraph("Fewer than two of the runs have a best.npz yet.")
    found = differing(trained)
    if not found:
        return paragraph("None: the runs have the same config.")
    rows = [(key, *values) for key, values in found.items()]
    return table("Only what differs", ("setting", *(run.name for run in trained)), rows)

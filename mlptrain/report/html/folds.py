"""The sections of a page about a run of folds: how far they agree, and what they are worth together."""

from collections.abc import Iterator, Mapping

from mlptrain.report.fold_results import FoldResults
from mlptrain.report.html.elements import Cell, Section, code, figure, paragraph, table
from mlptrain.report.html.sections import again, config, environment, of_model
from mlptrain.report.plots.curves import RUNS
from mlptrain.report.plots.kinds import OF_SCORES, applicable, obstacle
from mlptrain.storage.state import GOOD

USUAL = ("accuracy", "mean_accuracy", "poisson_deviance", "rmse", "r2")
"""The metrics that stand at the top."""


def outcome(run: FoldResults) -> list[str]:
    """How many members there are, what is not at its end, and what the rows held out say."""
    lines = [f"{len(run.members)} folds; predictions are the average of their members."]
    for member in run.members:
        if (status := member.summary.get("status")) not in GOOD:
            lines.append(f"{member.name}: {status}: {member.summary.get('reason')}")
    if run.has_model:
        stated = run.stated(*dict.fromkeys([*run.evaluation.headline(), "loss", *USUAL]))
        lines.append(f"{run.measured_on}: {stated}.")
    return lines


def sections(run: FoldResults) -> Iterator[Section]:
    """All that apply, in the order of a page."""
    yield Section("folds", "Folds", members(run) + spread(run))
    if len(run.members) <= RUNS and not any(obstacle("curves", each) for each in run.members):
        yield Section("curves", "Learning curves", figure("curves", run.members))
    if run.has_model:
        yield from of_model(run, [kind for kind in applicable(run) if kind in OF_SCORES])
        yield Section("config", "Config", code(config(run)))
        yield Section("environment", "Environment", environment(run))
        yield Section("again", "To run it again", again(run))


def members(run: FoldResults) -> str:
    """A row for each member: how it ended."""
    keys = ("status", "monitor", "best", "best_epoch", "seconds")
    rows = [[each.name, *(_cell(each.summary.get(key)) for key in keys)] for each in run.members]
    return table("The members", ("fold", *keys), rows)


def spread(run: FoldResults) -> str:
    """Mean and standard deviation of each metric over the folds, from folds.json."""
    found = run.summary.get("metrics")
    if not isinstance(found, Mapping):
        return paragraph("The folds are not at their end: folds.json is not written yet.")
    rows = [
        [str(name), _cell(each.get("mean")), _cell(each.get("std"))]
        for name, each in found.items()
        if isinstance(each, Mapping)
    ]
    return table("Each metric over the folds", ("metric", "mean", "std"), rows)


def _cell(value: object) -> Cell:
    return value if isinstance(value, str | int | float) else None

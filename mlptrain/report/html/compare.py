"""The sections of a page about several runs: a row for each, what differs, the curves of the best."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mlptrain.config.dotted import shown
from mlptrain.errors import MLPTrainError
from mlptrain.messages import count
from mlptrain.report.fold_results import FoldResults, results_of
from mlptrain.report.html.elements import Cell, Section, code, figure, folded, listed, paragraph, table
from mlptrain.report.html.sections import PROMISE, again
from mlptrain.report.plots.curves import RUNS
from mlptrain.report.plots.kinds import obstacle
from mlptrain.report.results import Results
from mlptrain.runs.resume import changes_in
from mlptrain.tools.all_runs import KnownRun, known
from mlptrain.tools.run_table import RunTable, is_number, tabulated

FACTS = ("parameters", "seconds", "status")
PANELS = 6
"""Runs whose decision boundaries are drawn."""


def sections(paths: Sequence[Path]) -> Iterator[Section]:
    """All that apply to the runs together."""
    found = tabulated([known(path) for path in paths])
    whole = [run for run in found.runs if not run.is_broken]
    yield Section("runs", "Runs", every_run(found))
    best, faults = readable([run.path for run in whole])
    yield from pictures(best, faults)
    yield Section("again", "To run them again", to_run_again([run.path for run in whole]))


def pictures(best: Sequence[Results], faults: Sequence[str]) -> Iterator[Section]:
    """The curves of the best runs, and their boundaries where each of them has one."""
    if best:
        told = paragraph(f"The best {len(best)}." if len(best) > 1 else "One of the runs has curves.")
        yield Section("curves", "Learning curves", told + figure("curves", best) + listed(faults))
    elif faults:
        yield Section("curves", "Learning curves", listed(faults))
    drawn = best[:PANELS]
    if len(drawn) > 1 and not any(obstacle("boundary", run) for run in drawn):
        yield Section("boundary", "Decision boundaries", figure("boundary", drawn))


def readable(paths: Sequence[Path]) -> tuple[list[Results], list[str]]:
    """The first runs that have curves, as many as one picture shows, and why others were left out."""
    best: list[Results] = []
    faults: list[str] = []
    for path in paths:
        if len(best) == RUNS:
            break
        try:
            run = results_of(path)
            if not isinstance(run, FoldResults) and run.settings and not obstacle("curves", run):
                best.append(run)
        except MLPTrainError as error:
            faults += error.faults
    return best, faults


def every_run(found: RunTable) -> str:
    """A row for each run, the best first, which is marked; below, what cannot be read."""
    tests = dict.fromkeys(key for run in found.runs for key in run.facts if key.startswith("test."))
    monitor = [] if len(found.monitors) == 1 else ["monitor"]
    facts = ["best_epoch", *tests, *found.differing, *FACTS]
    head = found.monitors[0] if len(found.monitors) == 1 else "best"
    marked = winners(found.runs)
    rows: list[list[Cell]] = [
        [
            run.name + ", the best" * (i in marked),
            *(cell(run, key) for key in (*monitor, "best", *facts)),
        ]
        for i, run in enumerate(found.runs)
    ]
    caption = f"{count(len(found.runs), 'run')}, the best first, with the settings that differ"
    same = "" if found.differing else paragraph("No setting differs: the runs have the same config.")
    broken = [f"{run['reason']}" for run in found.runs if run.is_broken]
    names = ("run", *monitor, head, *facts)
    return table(caption, names, rows, marked=marked) + same + listed(broken)


def winners(runs: Sequence[KnownRun]) -> list[int]:
    """The place of the best run by each monitor; none where there is nothing to compare."""
    first: dict[str, int] = {}
    for place, run in enumerate(runs):
        if is_number(run["best"]):
            first.setdefault(run["monitor"], place)
    return list(first.values()) if len(runs) > 1 else []


def cell(run: KnownRun, key: str) -> Cell:
    """A fact, or a setting as YAML has it."""
    if key not in run.settings:
        value = run.facts.get(key)
        return value if isinstance(value, str | int | float) else None
    value = run.settings[key]
    return value if is_number(value) else shown(run.settings, key)


def to_run_again(paths: Sequence[Path]) -> str:
    """The commands, first of runs whose bits come out again; in a fold, for there may be many."""
    changed = [path for path in paths if changes_in(path)]
    same = [results_of(path).commands for path in paths if path not in changed]
    lines = code("\n".join(same)) + paragraph(PROMISE) if same else ""
    return folded("The commands", lines + "".join(again(results_of(path)) for path in changed))

"""Every run as a row: on the terminal, as JSON, as CSV."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from mlptrain.config.dump import inline
from mlptrain.messages import count, printable, some
from mlptrain.report.console import emit_json, say, stderr, stdout, stdout_is_terminal, write
from mlptrain.report.tables import print_table
from mlptrain.tools.all_runs import KnownRun
from mlptrain.tools.run_table import RunTable, is_number

MOST_SETTINGS = 8
"""Settings that differ, as columns on the terminal; --columns shows others."""
NUMBERS = ("best", "best_epoch", "seconds", "epochs", "parameters", "folds")
WITHOUT = "-"


def show(table: RunTable, *, of: int, columns_named: bool) -> None:
    """The table; on stderr what cannot be read, and what is not shown.

    of  how many runs there were before the conditions
    """
    for run in table.runs:
        if run.is_broken:
            say(stderr(), f"note: {run['reason']}")
    if not table.runs:
        say(stderr(), f"note: none of {count(of, 'run')} is as wanted; leave a condition out")
        return
    columns, left_out = shown_columns(table, columns_named)
    heads = {key: heading(key, table) for key in columns}
    rows = [[cell(run, key) for key in columns] for run in table.runs]
    words = [heads[key] for key in columns if not all_numbers(table.runs, key)]
    spare = [heads[key] for key in ("best_epoch",) if key in columns and not columns_named]
    print_table(stdout(), list(heads.values()), rows, words=words, spare=spare)
    if left_out:
        more = f"{count(len(left_out), 'setting')} more in which they differ: {some(left_out)}"
        say(stderr(), f"note: {more}; show them with --columns")


def shown_columns(table: RunTable, columns_named: bool) -> tuple[list[str], list[str]]:
    """The columns of the terminal, and the settings left out: first those that few runs have."""
    if columns_named or len(table.differing) <= MOST_SETTINGS:
        return list(table.columns), []
    having = {key: sum(key in run.settings for run in table.runs) for key in table.differing}
    kept = sorted(table.differing, key=lambda key: -having[key])[:MOST_SETTINGS]
    left_out = [key for key in table.differing if key not in kept]
    return [key for key in table.columns if key not in left_out], left_out


def heading(key: str, table: RunTable) -> str:
    """The name of a column: of the figure where it is one for all; below each other where dotted."""
    if key == "best" and len(table.monitors) == 1:
        return table.monitors[0]
    return {"best_epoch": "epoch"}.get(key, key.replace(".", ".\n"))


def cell(run: KnownRun, key: str) -> Any:
    """A value as the table shows it."""
    value = run[key]
    if key == "run":
        return f"{value} ({run['folds']} folds)" if run["folds"] else value
    if is_number(value) or isinstance(value, str):
        return value
    return WITHOUT if value is None and key not in run.settings else inline(value)


def all_numbers(runs: Sequence[KnownRun], key: str) -> bool:
    """Whether a column is set flush right."""
    values = [run[key] for run in runs if run[key] is not None]
    return key in NUMBERS or (bool(values) and all(map(is_number, values)))


def show_json(table: RunTable) -> None:
    """One document: what differs, and an object for each run with its columns and its fault."""
    emit_json(
        {
            "differing": list(table.differing),
            "runs": [document(run, table.columns) for run in table.runs],
        }
    )


def document(run: KnownRun, columns: Sequence[str]) -> dict[str, Any]:
    """The columns of a run, and why it ended as it did."""
    return {key: run[key] for key in dict.fromkeys([*columns, "monitor", "status", "reason", "folds"])}


def show_csv(table: RunTable) -> None:
    """A line for each run; a cell is empty where a run does not have the value.

    A pipe or a file gets names as they are, a terminal without what it would obey.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([[in_csv(run[key]) for key in table.columns] for run in table.runs])
    shown = text.getvalue()
    if stdout_is_terminal():
        shown = "".join(f"{printable(line)}\n" for line in shown.splitlines())
    write(shown)


def in_csv(value: Any) -> Any:
    """Numbers with all their digits, text as it is, anything else as YAML has it."""
    return value if value is None or is_number(value) or isinstance(value, str) else inline(value)

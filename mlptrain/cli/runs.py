"""`mlptrain runs`: every run, the best first."""

from pathlib import Path

import click

from mlptrain.cli.options import json_option
from mlptrain.errors import ConfigError
from mlptrain.report import runs as report
from mlptrain.tools.all_runs import STATUSES, all_runs
from mlptrain.tools.run_table import tabulated


@click.command()
@click.argument("directories", metavar="[DIR]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--where", multiple=True, metavar="KEY=VALUE",
    help="List only runs with this setting; also != < <= > >=.",
)  # fmt: skip
@click.option(
    "--status", multiple=True, type=click.Choice(STATUSES), help="List only runs with this status."
)
@click.option(
    "--sort",
    metavar="KEY",
    help="Sort by KEY, smallest first; by -KEY, largest first.  [the best first]",
)
@click.option("--columns", metavar="KEY,...", help="Columns to show.  [only settings that differ]")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
def command(
    directories: tuple[Path, ...],
    where: tuple[str, ...],
    status: tuple[str, ...],
    sort: str | None,
    columns: str | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List every run in or below DIR (runs): its best figure, the settings that differ, its status.

    Folds are one run, with the means of their figures; so is each trial of a sweep. KEY is a setting
    such as optimizer.name, or one of run, status, reason, monitor, best, best_epoch, epochs, seconds,
    parameters, folds, test.loss. A run that cannot be read is named, with the status broken.

    \b
    Example:
      mlptrain runs
      mlptrain runs sweeps/digits --where 'optimizer.learning_rate<1e-2' --sort seconds
      mlptrain runs --status interrupted --columns run,reason
    """
    if as_json and as_csv:
        raise ConfigError("--json, --csv: each prints a form of its own; keep one")
    found = all_runs(directories or (Path("runs"),))
    table = tabulated(found, where=where, status=status, sort=sort, columns=columns)
    if as_json:
        report.show_json(table)
    elif as_csv:
        report.show_csv(table)
    else:
        report.show(table, of=len(found), columns_named=columns is not None)

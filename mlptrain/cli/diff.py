"""`mlptrain diff`: what two runs do not have in common."""

from pathlib import Path

import click

from mlptrain.cli import completion
from mlptrain.cli.options import json_option
from mlptrain.report import difference as report
from mlptrain.tools.difference import differences, side

DIFFER = 1
"""The exit code where something differs, as that of `diff`."""


@click.command()
@click.argument("left", metavar="A", type=click.Path(path_type=Path), shell_complete=completion.runs)
@click.argument("right", metavar="B", type=click.Path(path_type=Path), shell_complete=completion.runs)
@json_option
@click.pass_context
def command(context: click.Context, left: Path, right: Path, as_json: bool) -> None:
    """Show what differs between two runs: settings, content of the data, environment, figures.

    A and B are runs, or runs of folds. Exit code 0 if nothing differs, 1 if something does. Data are
    compared by content, whatever their name; seconds are not compared.

    \b
    Example:
      mlptrain diff runs/one runs/two
    """
    one, other = side(left), side(right)
    found = list(differences(one, other))
    if as_json:
        report.show_json(one, other, found)
    else:
        report.show(one, other, found)
    if found:
        context.exit(DIFFER)

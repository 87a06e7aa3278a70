"""`mlptrain report`: a page about a run, or several compared."""

from pathlib import Path

import click

from mlptrain.cli import completion
from mlptrain.report.html import report


@click.command()
@click.argument(
    "runs",
    metavar="RUN...|DIR|SWEEP",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    shell_complete=completion.runs,
)
@click.option(
    "-o", "out", type=click.Path(path_type=Path), metavar="FILE",
    help="File to write: .html.  [RUN/report.html]",
)  # fmt: skip
def command(runs: tuple[Path, ...], out: Path | None) -> None:
    """Write an HTML page about RUN, the directory that `fit` wrote.

    It holds the result, curves, metrics, pictures, the worst mistakes, data and config, in one file
    that loads nothing. Several RUNs, or a DIR of runs, are compared: a row for each, the best first,
    with the settings that differ and the curves of the best ten. The page of a SWEEP has every trial
    and the importance of the settings as well.

    \b
    Example:
      mlptrain report runs/digits
      mlptrain report runs
      mlptrain report runs/three runs/six runs/twenty -o capacity.html
    """
    report(runs, out)

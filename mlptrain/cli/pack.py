"""`mlptrain pack`: a run of folds as one file."""

from pathlib import Path

import click

from mlptrain.cli import completion
from mlptrain.report.summary import show_packed
from mlptrain.tools.pack import pack


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=completion.runs)
@click.option(
    "-o",
    "out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File to write: .npz.",
)
@click.option("--force", is_flag=True, help="Replace FILE.")
def command(run: Path, out: Path, force: bool) -> None:
    """Put all members of RUN, the directory of folds, into one FILE.

    `predict`, `eval`, `show` and Python read it as they read the directory. It holds no optimizer
    state: `fit --resume` needs the directory.

    \b
    Example:
      mlptrain pack runs/five -o model.npz
      mlptrain predict model.npz new.csv
    """
    show_packed(pack(run, out, force=force), out)

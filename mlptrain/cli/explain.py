"""`mlptrain explain`: which columns a model goes by, and how."""

from pathlib import Path

import click

from mlptrain.cli import completion
from mlptrain.cli.options import json_option
from mlptrain.errors import ConfigError
from mlptrain.inference.explain.of_run import explain, explain_row
from mlptrain.report import explanation
from mlptrain.report.plots import form_of


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=completion.runs)
@click.option(
    "--row", "number", type=click.IntRange(min=1), metavar="N",
    help="Show what each column adds to the prediction of row N of the file, counted from 1.",
)  # fmt: skip
@click.option(
    "--rows", type=click.IntRange(min=2), metavar="N",
    help="Shuffle at most N rows.  [5,000; fewer where there are more than 100 columns]",
)  # fmt: skip
@click.option(
    "--metric", metavar="M", help="Metric beside the loss.  [that of train.monitor, or of eval]"
)
@click.option(
    "--plot", "out", type=click.Path(path_type=Path), metavar="FILE",
    help="Draw it as well: .png, .svg or .pdf.",
)  # fmt: skip
@json_option
def command(
    run: Path, number: int | None, rows: int | None, metric: str | None, out: Path | None, as_json: bool
) -> None:
    """Show which columns the predictions of RUN depend on, how much, and in which way.

    Each column of the file is shuffled on rows that training did not see: the test rows, else the
    validation rows, or the rows that each fold held out.

    \b
    Example:
      mlptrain explain runs/penguins
      mlptrain explain runs/penguins --row 17
      mlptrain explain runs/penguins --plot columns.png --json
    """
    if out is not None:
        form_of(out)  # before the work, not after it
    if number is not None and (rows is not None or metric is not None):
        raise ConfigError("--row explains one prediction: leave out --rows and --metric")
    found = explain(run, metric=metric, rows=rows) if number is None else explain_row(run, number)
    explanation.show(found, out, as_json=as_json)

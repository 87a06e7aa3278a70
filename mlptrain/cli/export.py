"""`mlptrain export`: a model for others."""

from pathlib import Path

import click

from mlptrain.cli import completion
from mlptrain.export.export import FORMS, export
from mlptrain.report.summary import show_exported


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=completion.runs)
@click.option(
    "-o", "out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="File to write."
)
@click.option("--to", type=click.Choice(list(FORMS)), help="Format.  [by the suffix of FILE]")
@click.option("--force", is_flag=True, help="Replace FILE and the card beside it.")
def command(run: Path, out: Path, to: str | None, force: bool) -> None:
    """Write the model of RUN to a FILE that predicts without mlptrain.

    A .py needs only NumPy: `python model.py new.csv`, or `from model import predict`. A .onnx takes one
    input for each column. A .js or .mjs is an ES module, a .html a page to try it on, a .h is C99
    without allocation. RUN is a run directory, a checkpoint, or a run of folds.

    The file holds the whole model: how columns are read, how blanks and new categories are treated, the
    network or the average of several, calibration and threshold. Before a .py or .onnx is written,
    1,000 rows are predicted by both; they may differ by 1e-5 at most. A .js, a .html and a .h hold rows
    to test themselves. MODEL_CARD.md beside FILE says what the model is for.

    \b
    Example:
      mlptrain export runs/penguins -o model.py
      mlptrain export runs/penguins -o model.onnx
      mlptrain export runs/penguins -o penguins.h
    """
    show_exported(export(run, out, to, force=force))

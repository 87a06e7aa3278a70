"""`mlptrain eval`: loss and metrics of a checkpoint."""

from pathlib import Path
from typing import Literal

import click

from mlptrain.cli.options import json_option
from mlptrain.inference.evaluation_report import evaluate
from mlptrain.report import evaluation


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--data", metavar="FILE", help="Rows to evaluate on.  [a split of the run's own data]")
@click.option(
    "--split",
    type=click.Choice(["train", "val", "test"]),
    help="Default: test if there is one, else val.",
)
@json_option
def command(
    checkpoint: Path, data: str | None, split: Literal["train", "val", "test"] | None, as_json: bool
) -> None:
    """Loss, metrics, per-class table and confusion matrix of CHECKPOINT.

    A run directory stands for its best.npz.

    \b
    Example:
      mlptrain eval runs/digits-20260101-120000
      mlptrain eval runs/digits-20260101-120000/last.npz --data new.csv --json
    """
    evaluation.show(evaluate(checkpoint, data=data, split=split), as_json=as_json)

"""`mlptrain eval`: loss and metrics of a checkpoint."""

from pathlib import Path
from typing import Any, Literal

import click

from mlptrain.cli import completion
from mlptrain.cli.options import json_option
from mlptrain.cli.policies import policy_options
from mlptrain.data.preprocessing.policies import Policies
from mlptrain.inference.evaluate import evaluate
from mlptrain.inference.thresholds import cost_of
from mlptrain.report import evaluation


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path), shell_complete=completion.runs)
@click.option("--data", metavar="FILE", help="Rows to evaluate on.  [a split of the run's own data]")
@click.option(
    "--split",
    type=click.Choice(["train", "val", "test"]),
    help="Part to evaluate on; val of folds is every row held out.  [test if there is any, else val]",
)
@click.option(
    "--cost", metavar="fp=1,fn=20", help="What each threshold between two classes would cost."
)
@policy_options
@json_option
def command(
    checkpoint: Path,
    data: str | None,
    split: Literal["train", "val", "test"] | None,
    cost: str | None,
    as_json: bool,
    **policies: Any,
) -> None:
    """Show loss, metrics, per-class table and confusion matrix of CHECKPOINT.

    A run directory stands for its best.npz.

    \b
    Example:
      mlptrain eval runs/digits-20260101-120000
      mlptrain eval runs/digits-20260101-120000/last.npz --data new.csv --json
      mlptrain eval runs/churn --cost fp=1,fn=20
    """
    criterion = None if cost is None else cost_of(cost)
    asked = Policies(**policies)
    report = evaluate(checkpoint, data=data, split=split, policies=asked, cost=criterion)
    evaluation.show(report, as_json=as_json)

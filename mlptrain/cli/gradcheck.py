"""`mlptrain gradcheck`: numerical against analytic gradients."""

from pathlib import Path

import click

from mlptrain import api
from mlptrain.cli.options import json_option, set_option
from mlptrain.report import gradcheck as report


@click.command()
@click.argument("config", type=click.Path(path_type=Path), required=False)
@set_option
@json_option
def command(config: Path | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """Compare numerical with analytic gradients, in float64.

    Without CONFIG: every node, loss and regularizer, and whole networks. With CONFIG: its network,
    loss and penalty, on its own rows. Ends with 1 if a tensor fails.

    \b
    Example:
      mlptrain gradcheck
      mlptrain gradcheck configs/digits.yaml --set model.activation=tanh
    """
    report.show(api.gradcheck(config, overrides), as_json=as_json)

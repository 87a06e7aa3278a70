"""`mlptrain gradcheck`: numerical against analytic gradients."""

from pathlib import Path

import click

from mlptrain.cli.options import json_option, set_option
from mlptrain.report import gradcheck as report
from mlptrain.tools.gradcheck.of_config import gradcheck


@click.command()
@click.argument("config", type=click.Path(path_type=Path), required=False)
@set_option
@click.option(
    "--verbose", "-v", is_flag=True, help="Without CONFIG: list every tensor, not only failures."
)
@json_option
def command(config: Path | None, overrides: tuple[str, ...], verbose: bool, as_json: bool) -> None:
    """Compare analytic with numerical gradients, in float64.

    Without CONFIG: every node, loss and regularizer, and whole networks. With CONFIG: its network on a
    few of its own rows, for the data loss, the penalty and their sum. Ends with 1 if a tensor fails. An
    entry whose step crosses a kink is left out and reported.

    \b
    Example:
      mlptrain gradcheck --verbose
      mlptrain gradcheck digits.yaml --set model.activation=tanh
    """
    whole = verbose or config is not None
    report.show(gradcheck(config, overrides), as_json=as_json, whole=whole)

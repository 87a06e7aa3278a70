"""`mlptrain check`: the sanity checks a careful person does first."""

from pathlib import Path

import click

from mlptrain.cli.options import config_argument, json_option, set_option
from mlptrain.report import check as report
from mlptrain.tools import check


@click.command()
@config_argument
@set_option
@json_option
def command(config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Check data, network and first steps of CONFIG before you train.

    Each check says PASS, WARN or FAIL, what it found, and what to do. Ends with 1 if one fails. Nothing
    is written.

    \b
    Example:
      mlptrain check digits.yaml
      mlptrain check digits.yaml --set optimizer.learning_rate=1
    """
    report.show(check.check(config, overrides), as_json=as_json)

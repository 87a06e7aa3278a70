"""`mlptrain check`: the sanity checks a careful person does first."""

from pathlib import Path

import click

from mlptrain.cli.options import config_argument, json_option, set_option
from mlptrain.report import check as report
from mlptrain.tools import check


@click.command()
@config_argument
@set_option
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="A run of folds, which says what rows may be labelled wrongly.",
)
@json_option
def command(config: Path, overrides: tuple[str, ...], labels: Path | None, as_json: bool) -> None:
    """Look at data, network and first steps of CONFIG before training for real.

    Each check says PASS, WARN or FAIL, what was found, and what to do. Ends with 1 if one fails;
    nothing is written.

    \b
    Example:
      mlptrain check digits.yaml
      mlptrain check digits.yaml --set optimizer.learning_rate=1
      mlptrain check digits.yaml --labels runs/digits-folds
    """
    report.show(check.check(config, overrides, labels_by=labels), as_json=as_json)

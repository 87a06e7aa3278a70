"""`mlptrain find-rate`: which learning rate to begin with."""

from pathlib import Path

import click

from mlptrain.cli.options import config_argument, json_option, set_option
from mlptrain.report import find_rate as report
from mlptrain.report.plots import form_of
from mlptrain.tools.find_rate import find_rate


@click.command()
@config_argument
@set_option
@click.option(
    "-o", "out", type=click.Path(path_type=Path), metavar="FILE",
    help="Draw the loss against the rate: .png, .svg or .pdf.",
)  # fmt: skip
@json_option
def command(config: Path, overrides: tuple[str, ...], out: Path | None, as_json: bool) -> None:
    """Try learning rates on the network of CONFIG and its own rows, and suggest one.

    The rate grows from 1e-6 to 10 in 280 steps, until the loss rises, which takes about as long as a
    short training. The schedule is not used, and nothing is kept.

    \b
    Example:
      mlptrain find-rate digits.yaml
      mlptrain find-rate digits.yaml --set optimizer=sgd -o rates.png
    """
    if out is not None:
        form_of(out)  # before the work, not after it
    report.show(find_rate(config, overrides), out, as_json=as_json)

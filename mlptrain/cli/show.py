"""`mlptrain show`: what a config, a checkpoint or a run consists of."""

from pathlib import Path

import click

from mlptrain.cli.options import set_option
from mlptrain.errors import ConfigError
from mlptrain.report import summary as report
from mlptrain.tools.saved import kept
from mlptrain.tools.summary import resolved_config, summarize


@click.command()
@click.argument("what", metavar="CONFIG|CHECKPOINT|RUN", type=click.Path(path_type=Path))
@set_option
@click.option(
    "--config", "config_only", is_flag=True, help="Print only the config, with every default."
)
@click.option(
    "--saved", is_flag=True, help="Print how many bytes each node keeps for its backward pass."
)
def command(what: Path, overrides: tuple[str, ...], config_only: bool, saved: bool) -> None:
    """Show layers, shapes, parameters, multiply-adds and memory of a network.

    For a checkpoint or a run, it also says how far it was trained. With --config, it prints the YAML
    with every default written out. With --saved, it prints what each node of the training graph keeps
    of a minibatch.

    \b
    Example:
      mlptrain show digits.yaml
      mlptrain show digits.yaml --saved
      mlptrain show runs/digits-20260101-120000 --config
    """
    if config_only and saved:
        raise ConfigError("--config, --saved: each prints something of its own; keep one")
    if config_only:
        report.write_config(resolved_config(what, overrides))
    elif saved:
        report.show_kept(*kept(what, overrides))
    else:
        report.show(summarize(what, overrides))

"""Arguments and options that several commands share, spelled once."""

from pathlib import Path

import click

from mlptrain.cli.completion import settings

config_argument = click.argument("config", type=click.Path(path_type=Path))
set_option = click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE",
    help="Override one setting, e.g. optimizer.learning_rate=1e-2.", shell_complete=settings,
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")

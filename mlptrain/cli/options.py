"""Arguments and options that several commands share, spelled once."""

import re
from pathlib import Path

import click

from mlptrain.cli.completion import settings

config_argument = click.argument("config", type=click.Path(path_type=Path))
set_option = click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE",
    help="Override one setting, e.g. optimizer.learning_rate=1e-2.", shell_complete=settings,
)  # fmt: skip
SECONDS = {"s": 1, "m": 60, "h": 3600}


def seconds(context: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """What a time such as 90s, 5m or 1.5h means; a usage error for anything else."""
    if value is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]+)?)([smh])", value)
    if found is None or not float(found[1]):
        what = f"{value!r}: write a number with s, m or h, such as 90s or 5m"
        raise click.BadParameter(what, context, param)
    return float(found[1]) * SECONDS[found[2]]


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")

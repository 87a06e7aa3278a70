"""`mlptrain schema`: the JSON Schema of the config, for editors."""

import click

from mlptrain.config import json_schema
from mlptrain.report.console import emit_json


@click.command()
def command() -> None:
    """Print the JSON Schema of the config.

    \b
    Example:
      mlptrain schema > mlptrain.schema.json
    """
    emit_json(json_schema())

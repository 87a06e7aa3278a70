"""`mlptrain schema`: the JSON Schema of the config, for editors."""

from pathlib import Path

import click

from mlptrain.config import json_schema
from mlptrain.report.summary import write_config
from mlptrain.storage.documents import document_text


@click.command()
@click.option(
    "-o", "out", type=click.Path(path_type=Path), metavar="FILE", help="File to write.  [stdout]"
)
@click.option("--force", is_flag=True, help="Replace FILE.")
def command(out: Path | None, force: bool) -> None:
    """Print the JSON Schema of the config, or write it beside a config, where an editor finds it.

    A config that `mlptrain init` writes names the file mlptrain.schema.json.

    \b
    Example:
      mlptrain schema -o mlptrain.schema.json
    """
    write_config(document_text(json_schema()), out, force=force)

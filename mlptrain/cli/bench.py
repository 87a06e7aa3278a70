"""`mlptrain bench`: where the time of a step goes."""

from pathlib import Path

import click

from mlptrain.cli.options import config_argument, json_option, set_option
from mlptrain.report import benchmark
from mlptrain.tools.bench import bench


@click.command()
@config_argument
@set_option
@click.option("--threads", type=click.IntRange(min=1), help="Threads for the matrix products.")
@json_option
def command(config: Path, overrides: tuple[str, ...], threads: int | None, as_json: bool) -> None:
    """Time a training step of CONFIG on its own data, by phase.

    The limit of a step is its matrix products: they are timed alone, at the same shapes and with
    the same number of threads. Close other programs first.

    \b
    Example:
      mlptrain bench digits.yaml
      mlptrain bench digits.yaml --threads 1 --json
    """
    benchmark.show(bench(config, overrides, threads=threads), as_json=as_json)

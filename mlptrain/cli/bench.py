"""`mlptrain bench`: where the time of a step goes."""

from pathlib import Path

import click

from mlptrain.cli.options import config_argument, json_option, set_option
from mlptrain.errors import ConfigError
from mlptrain.report import benchmark, rank_benchmark
from mlptrain.report.standard_streams import complain
from mlptrain.runs.rank_bench import bench_ranks
from mlptrain.runs.rank_measures import measure_here
from mlptrain.system.ranks import join, launched
from mlptrain.tools.bench import bench


@click.command()
@config_argument
@set_option
@click.option("--threads", type=click.IntRange(min=1), help="Threads for the matrix products.")
@click.option(
    "--ranks",
    type=click.IntRange(min=2),
    metavar="N",
    help="Time a step over 1, 2, 4 ... N processes, and predict it for networks.",
)
@json_option
@click.pass_context
def command(
    context: click.Context,
    config: Path,
    overrides: tuple[str, ...],
    threads: int | None,
    ranks: int | None,
    as_json: bool,
) -> None:
    """Time a training step of CONFIG on its own data, by phase.

    The limit of a step is its matrix products: they are timed alone, at the same shapes and with
    the same number of threads. Close other programs first.

    \b
    Example:
      mlptrain bench digits.yaml
      mlptrain bench digits.yaml --threads 1 --json
      mlptrain bench digits.yaml --ranks 2
    """
    if ranks is not None and threads is not None:
        raise ConfigError(
            "--threads: with --ranks each process has one thread; leave out one of the two"
        )
    if launched() > 1:
        found = measure_here(join(complain), config, overrides)
        if isinstance(found, int):
            context.exit(found)
        rank_benchmark.show_measured(found)
        return
    if ranks is not None:
        rank_benchmark.show(bench_ranks(config, overrides, ranks), as_json=as_json)
        return
    benchmark.show(bench(config, overrides, threads=threads), as_json=as_json)

"""`mlptrain init`: a first config for a table."""

from pathlib import Path
from typing import Any

import click

from mlptrain.cli import completion
from mlptrain.cli.options import seconds
from mlptrain.report.columns import show_columns
from mlptrain.report.drift import show_drift
from mlptrain.report.examples import show_example, show_examples
from mlptrain.report.notes import tell
from mlptrain.report.reasons import show_reasons
from mlptrain.report.summary import write_config
from mlptrain.tools.drift import drift
from mlptrain.tools.examples import examples, write_example
from mlptrain.tools.first_config import first_config
from mlptrain.tools.first_config.choices import Proposal, Wish


@click.command()
@click.argument("data", required=False)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="COLUMN",
    help="What to predict.",
    shell_complete=completion.columns,
)
@click.option(
    "--group",
    metavar="COLUMN",
    help="All rows of one value go to the same part: a patient.",
    shell_complete=completion.columns,
)
@click.option(
    "--time",
    metavar="COLUMN",
    shell_complete=completion.columns,
    help="Train on what is earlier, test on what is later: a date.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="COLUMN",
    shell_complete=completion.columns,
    help="Leave it out; several times for more.",
)
@click.option(
    "--features",
    multiple=True,
    metavar="COLUMN",
    shell_complete=completion.columns,
    help="Learn from it, and from others so named only.",
)
@click.option(
    "--preset",
    type=click.Choice(["fast", "good", "best"]),
    help="One network, five, or three candidates of five.  [good; fast where that takes long]",
)
@click.option(
    "--within",
    callback=seconds,
    metavar="TIME",
    help="The best preset that takes so long here at most, such as 5m: a few steps are measured.",
)
@click.option(
    "--test",
    type=click.FloatRange(0, 0.9),
    default=0.0,
    metavar="SHARE",
    help="Rows kept for the end.  [0]",
)
@click.option("--search", is_flag=True, help="Write a sweep too, for `mlptrain sweep CONFIG`.")
@click.option(
    "--explain", "why", is_flag=True, help="Say why each setting is so, and what was measured."
)
@click.option(
    "--check",
    "written",
    type=click.Path(path_type=Path),
    metavar="CONFIG",
    help="Write nothing: tell what DATA has that differs from the file CONFIG was written for.",
)
@click.option("-o", "out", type=click.Path(path_type=Path), metavar="FILE", help="Where to.  [stdout]")
@click.option("--force", is_flag=True, help="Replace FILE.")
@click.option(
    "--example", metavar="NAME", help="Write a config that comes with mlptrain, and its data."
)
@click.option("--examples", "as_list", is_flag=True, help="List these configs.")
def command(
    data: str | None,
    targets: tuple[str, ...],
    written: Path | None,
    out: Path | None,
    force: bool,
    example: str | None,
    as_list: bool,
    why: bool,
    **wish: Any,
) -> None:
    """Look at the table DATA and write a commented config that `mlptrain fit` runs as it is.

    It says which columns to leave out and why, what to do about blanks, categories and dates, and
    how the rows are split, and how large the network is. Several targets (numbers) are given by several
    --target. --check ends with 1 if a model of that config would refuse DATA. --explain prints reasons
    in place of the config, or beside the one that -o writes.

    --example writes a config that comes with mlptrain, and its table, so that there is something to
    begin with.

    \b
    Example:
      mlptrain init --example penguins
      mlptrain init data/penguins.csv --target species -o first.yaml
      mlptrain fit first.yaml
      mlptrain init data/penguins.csv --target species --within 1m --explain
      mlptrain init new_penguins.csv --check first.yaml
    """
    if as_list:
        show_examples(list(examples().values()))
    elif example is not None:
        if data is not None or targets:
            raise click.UsageError("--example brings its own data: leave out DATA and --target")
        show_example(write_example(example, out, force=force))
    elif written is not None:
        check(written, table(data), targets)
    else:
        made = first_config(table(data), columns(targets), Wish(**wish))
        show(made, out, force=force, why=why)


def show(made: Proposal, out: Path | None, *, force: bool, why: bool) -> None:
    """Write the config and tell what was found; the reasons take its place on stdout."""
    if out is not None or not why:
        write_config(made.text, out, force=force)
    show_columns(made.columns)
    tell(made.notes)
    if why:
        show_reasons(made.why)


def check(written: Path, data: str, targets: tuple[str, ...]) -> None:
    """What DATA has that differs from the file of a config."""
    if targets:
        raise click.UsageError("--check takes the target from its config: leave out --target")
    show_drift(drift(written, data), data)


def table(data: str | None) -> str:
    """DATA, which only an example does without."""
    if data is None:
        raise click.UsageError("Missing argument 'DATA'")
    return data


def columns(targets: tuple[str, ...]) -> tuple[str, ...]:
    """--target, which only an example does without."""
    if not targets:
        raise click.UsageError("Missing option '--target'")
    return targets

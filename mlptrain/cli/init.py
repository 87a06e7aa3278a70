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
from mlptrain.storage.shell_streams import is_passing
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
    help="Column to predict; repeat it for several.",
    shell_complete=completion.columns,
)
@click.option(
    "--group",
    metavar="COLUMN",
    help="Keep all rows of one value together, such as a patient.",
    shell_complete=completion.columns,
)
@click.option(
    "--time",
    metavar="COLUMN",
    shell_complete=completion.columns,
    help="Train on earlier rows and test on later ones, by this date.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="COLUMN",
    shell_complete=completion.columns,
    help="Leave this column out; repeat it for more.",
)
@click.option(
    "--features",
    multiple=True,
    metavar="COLUMN",
    shell_complete=completion.columns,
    help="Learn only from this column; repeat it for more.",
)
@click.option(
    "--preset",
    type=click.Choice(["fast", "good", "best"]),
    help="Train one network, five, or three candidates of five.  [good; fast where that takes long]",
)
@click.option(
    "--within",
    callback=seconds,
    metavar="TIME",
    help="Take the best preset that needs at most this long here, such as 5m; a few steps are timed.",
)
@click.option(
    "--test",
    type=click.FloatRange(0, 0.9),
    default=0.0,
    metavar="SHARE",
    help="Share of the rows to test on at the end.  [0]",
)
@click.option("--search", is_flag=True, help="Write a `sweep:` block too, for `mlptrain sweep CONFIG`.")
@click.option(
    "--explain", "why", is_flag=True, help="Give the reason for each setting, and what was measured."
)
@click.option(
    "--check",
    "written",
    type=click.Path(path_type=Path),
    metavar="CONFIG",
    help="Write nothing; say how DATA differs from the table that CONFIG was written for.",
)
@click.option(
    "-o", "out", type=click.Path(path_type=Path), metavar="FILE", help="File to write.  [stdout]"
)
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

    It decides which columns to leave out, what to do about blanks, categories and dates, how to split
    the rows and how large the network is, and gives a reason for each choice. --check ends with 1 if a
    model of CONFIG would refuse DATA. --explain prints reasons instead of
    the config, or beside the one that -o writes.

    --example writes one of the configs that come with mlptrain, and its table.

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
        made = first_config(lasting(table(data)), columns(targets), Wish(**wish))
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


def lasting(data: str) -> str:
    """DATA, which the config is to name: the descriptor behind `<(...)` is gone after this command."""
    if is_passing(data):
        raise click.UsageError(
            f"{data} ends with this command, and the config would name it: write the table to a file"
        )
    return data


def columns(targets: tuple[str, ...]) -> tuple[str, ...]:
    """--target, which only an example does without."""
    if not targets:
        raise click.UsageError("Missing option '--target'")
    return targets

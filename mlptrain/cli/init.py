"""`mlptrain init`: a first config for a table."""

from pathlib import Path

import click

from mlptrain.report.columns import show_columns
from mlptrain.report.drift import show_drift
from mlptrain.report.notes import tell
from mlptrain.report.summary import write_config
from mlptrain.tools.drift import drift
from mlptrain.tools.first_config import first_config
from mlptrain.tools.first_config.choices import Wish
from mlptrain.tools.first_config.presets import Preset


@click.command()
@click.argument("data")
@click.option("--target", "targets", multiple=True, metavar="COLUMN", help="What to predict.")
@click.option("--group", metavar="COLUMN", help="All rows of one value go to the same part: a patient.")
@click.option(
    "--time", metavar="COLUMN", help="Train on what is earlier, test on what is later: a date."
)
@click.option("--ignore", multiple=True, metavar="COLUMN", help="Leave it out; several times for more.")
@click.option(
    "--features", multiple=True, metavar="COLUMN", help="Learn from it, and from others so named only."
)
@click.option(
    "--preset",
    type=click.Choice(["fast", "good", "best"]),
    help="One network, five of them, or two candidates of five.  [good; fast where that takes long]",
)
@click.option(
    "--test",
    type=click.FloatRange(0, 0.9),
    default=0.0,
    metavar="SHARE",
    help="Rows kept for the end.  [0]",
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
def command(
    data: str,
    targets: tuple[str, ...],
    group: str | None,
    time: str | None,
    ignore: tuple[str, ...],
    features: tuple[str, ...],
    preset: Preset | None,
    test: float,
    written: Path | None,
    out: Path | None,
    force: bool,
) -> None:
    """Look at the table DATA and write a commented config that `mlptrain fit` runs as it is.

    It says which columns to leave out and why, what to do about blanks, categories and dates, and
    how the rows are split, and how large the network is. Several targets (numbers) are given by several
    --target. With --check it ends with 1 if the model of that config would refuse DATA.

    \b
    Example:
      mlptrain init data/penguins.csv --target species -o penguins.yaml
      mlptrain fit penguins.yaml
      mlptrain init new_penguins.csv --check penguins.yaml
    """
    if written is not None:
        show_drift(drift(written, data), data)
        return
    if not targets:
        raise click.UsageError("Missing option '--target'.")
    made = first_config(data, targets, Wish(group, time, preset, test, ignore, features))
    write_config(made.text, out, force=force)
    show_columns(made.columns)
    tell(made.notes)

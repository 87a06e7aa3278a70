"""`mlptrain fit`: train, and write a run directory."""

from pathlib import Path
from typing import Literal

import click

from mlptrain.cli.options import json_option, set_option
from mlptrain.config.schema import InitFrom
from mlptrain.errors import ConfigError
from mlptrain.report import training
from mlptrain.runs import fit as runs

MOST_THREADS = 1024


def check_together(
    dry_run: bool, folds: int | None, resume: Path | None, start: InitFrom | None
) -> None:
    """ConfigError for options that exclude each other."""
    if dry_run and (resume is not None or start is not None):
        raise ConfigError("--dry-run tries out a CONFIG: leave out --resume and --init-from")
    if folds is not None and start is not None:
        raise ConfigError(runs.NO_WARM_FOLDS)


@click.command()
@click.argument("config", type=click.Path(path_type=Path), required=False)
@set_option
@click.option("--out", metavar="PATH", help="Run directory.  [runs/CONFIG-DATE-TIME]")
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="RUN|auto",
    help="Go on with a run, or with K folds; auto: with the one in --out, or begin it.",
)
@click.option(
    "--init-from", type=click.Path(path_type=Path), metavar="CHECKPOINT", help="Start from its weights."
)
@click.option("--refit-preprocessing", is_flag=True, help="With --init-from: scale anew.")
@click.option(
    "--head",
    type=click.Choice(["keep", "new"]),
    default="keep",
    help="With --init-from: its last layer, or a new one for other classes.",
)
@click.option(
    "--folds", type=click.IntRange(min=2), metavar="K", help="Train K models, each on other rows."
)
@click.option("--force", is_flag=True, help="Replace the run that is in the run directory.")
@click.option("--seed", type=click.IntRange(min=0), help="The same as --set seed=N.")
@click.option("--threads", type=click.IntRange(1, MOST_THREADS), help="Threads of the matrix products.")
@click.option("--quiet", is_flag=True, help="No progress, only the result.")
@click.option("--dry-run", is_flag=True, help="Check everything, do one step, begin no run.")
@json_option
def command(
    config: Path | None,
    overrides: tuple[str, ...],
    out: str | None,
    resume: Path | None,
    init_from: Path | None,
    refit_preprocessing: bool,
    head: Literal["keep", "new"],
    folds: int | None,
    force: bool,
    seed: int | None,
    threads: int | None,
    quiet: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Train the network that CONFIG describes; write config, metrics and checkpoints.

    \b
    Example:
      mlptrain fit configs/digits.yaml --set train.epochs=20 --out runs/short
      mlptrain fit --resume runs/short --set train.epochs=40
      mlptrain fit configs/digits.yaml --folds 5 --out runs/five --resume auto
    """
    start = runs.start_from(init_from, refit_preprocessing=refit_preprocessing, head=head)
    settings = [*overrides, *([] if seed is None else [f"seed={seed}"])]
    check_together(dry_run, folds, resume, start)
    if dry_run:
        training.dry(runs.dry_run(config, settings), as_json=as_json)
        return
    if folds is not None:
        several = runs.prepare_folds(config, folds, settings, out, resume, force=force, threads=threads)
        training.watch_folds(several, quiet=quiet or as_json)
        training.fitted_folds(several, as_json=as_json)
        return
    run = runs.prepare(
        config, settings, out=out, resume=resume, start=start, force=force, threads=threads
    )
    training.watch(run, quiet=quiet or as_json)
    training.fitted(run, as_json=as_json)

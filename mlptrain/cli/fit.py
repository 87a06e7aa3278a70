"""`mlptrain fit`: train, and write a run directory."""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

import click

from mlptrain.cli import completion
from mlptrain.cli.options import json_option, set_option
from mlptrain.config.load import Source
from mlptrain.config.schema import InitFrom
from mlptrain.errors import ConfigError
from mlptrain.report import training
from mlptrain.report.notes import tell
from mlptrain.report.standard_streams import complain
from mlptrain.runs import fit as runs
from mlptrain.runs.cross_validation import Folds
from mlptrain.runs.join import Join, alone
from mlptrain.runs.launch import launch
from mlptrain.runs.ranks import admission, follow, leading
from mlptrain.runs.refit import refitted
from mlptrain.runs.run import Run
from mlptrain.system.ranks import join, launched

MOST_THREADS = 1024


def try_out(
    source: Source | None, settings: list[str], folds: int | None, going_on: list[Any], *, as_json: bool
) -> None:
    """A dry run; ConfigError for options that go on with something."""
    if any(each is not None for each in going_on):
        raise ConfigError("--dry-run tries out a CONFIG: leave out --resume and --init-from")
    training.dry(runs.dry_run(source, settings, folds), as_json=as_json)


def source_of(config: Path | None, refit: Path | None, *others: object) -> Source | None:
    """The config: the file, or what the folds in a directory say of one model in their place."""
    if refit is None:
        return config
    source, told = refitted(refit, config, *others)
    tell([told])
    return source


def show_folds(folds: Folds, *, quiet: bool, as_json: bool) -> None:
    """Train them and print what came of all."""
    training.watch_folds(folds, quiet=quiet or as_json)
    training.fitted_folds(folds, quiet=quiet, as_json=as_json)


def show_run(run: Run, *, quiet: bool, as_json: bool) -> None:
    """Train it and print how it ended."""
    training.watch(run, quiet=quiet or as_json)
    training.fitted(run, as_json=as_json)


def fit_here(
    read: Callable[[], Source | None],
    settings: list[str],
    start: InitFrom | None,
    several: tuple[int | None, int | None],
    dry_run: bool,
    shown: dict[str, bool],
    given: dict[str, Any],
    join: Join,
) -> None:
    """What the options ask for: a dry run, `several` folds and how many at a time, or one run."""
    source, (folds, jobs) = read(), several
    count = runs.folds_wanted(source, settings, folds, start=start, jobs=jobs)
    if dry_run:
        try_out(source, settings, count, [given["resume"], start], as_json=shown["as_json"])
    elif count is None:
        show_run(runs.prepare(source, settings, start=start, join=join, **given), **shown)
    else:
        show_folds(runs.prepare_folds(source, count, settings, jobs=jobs, **given), **shown)


def over_ranks(
    here: Callable[[Join], None],
    ranks: int | None,
    alone_only: Mapping[str, object],
    config: Path | None,
    settings: list[str],
) -> int:
    """Train on all ranks of this job, or start `ranks` of them; the exit code."""
    several = launched()
    if several == 1 and ranks is not None:
        refuse(alone_only)
        return launch(ranks, sys.argv[1:])
    team = join(complain)
    if team.rank:
        return follow(team, config, settings)
    with leading(team):
        if ranks not in (None, several):
            raise ConfigError(
                f"--ranks {ranks}: mpirun has started {several}; leave out one of the two"
            )
        refuse(alone_only)
        here(admission(team, config, settings))
    return 0


def refuse(given: Mapping[str, object]) -> None:
    """ConfigError for options of a single process."""
    for option, value in given.items():
        if value not in (None, False):
            raise ConfigError(f"{option} needs no ranks: leave out mpirun and --ranks")


@click.command()
@click.pass_context
@click.argument("config", type=click.Path(path_type=Path), required=False)
@set_option
@click.option("--out", metavar="PATH", help="Run directory.  [runs/CONFIG-DATE-TIME]")
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    shell_complete=completion.runs,
    metavar="RUN|auto",
    help="Resume a run or a cross-validation; auto: the one in --out, or start it.",
)
@click.option(
    "--init-from",
    type=click.Path(path_type=Path),
    shell_complete=completion.runs,
    metavar="CHECKPOINT",
    help="Start from the weights of another run.",
)
@click.option(
    "--refit-preprocessing", is_flag=True, help="With --init-from: learn the scaling from the new rows."
)
@click.option(
    "--head",
    type=click.Choice(["keep", "new"]),
    default="keep",
    help="With --init-from: keep its last layer, or make a new one for other classes.",
)
@click.option(
    "--folds",
    type=click.IntRange(min=2),
    metavar="K",
    help="Train K models, each with other rows held out; they predict as one.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Folds trained at a time.  [as many as cores]",
)
@click.option(
    "--refit",
    type=click.Path(path_type=Path),
    shell_complete=completion.runs,
    metavar="RUN",
    help="Train one model on all rows, with what the folds in RUN learned.",
)
@click.option(
    "--ranks", type=click.IntRange(min=1), metavar="N", help="Share each minibatch among N processes."
)
@click.option("--force", is_flag=True, help="Replace the run in the run directory.")
@click.option("--seed", type=click.IntRange(min=0), help="Same as --set seed=N.")
@click.option(
    "--threads", type=click.IntRange(1, MOST_THREADS), help="Threads for the matrix products."
)
@click.option("--quiet", is_flag=True, help="Print only the result: no progress, notes or tables.")
@click.option("--dry-run", is_flag=True, help="Check everything and do one step, but start no run.")
@json_option
def command(
    context: click.Context,
    config: Path | None,
    overrides: tuple[str, ...],
    out: str | None,
    resume: Path | None,
    init_from: Path | None,
    refit_preprocessing: bool,
    head: Literal["keep", "new"],
    folds: int | None,
    jobs: int | None,
    refit: Path | None,
    ranks: int | None,
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
      mlptrain fit digits.yaml --set train.epochs=20 --out runs/short
      mlptrain fit --resume runs/short --set train.epochs=40
      mlptrain fit digits.yaml --folds 5 --out runs/five --resume auto
    """
    settings = [*overrides, *([] if seed is None else [f"seed={seed}"])]
    shown = {"quiet": quiet, "as_json": as_json}
    start = runs.start_from(init_from, refit_preprocessing=refit_preprocessing, head=head)
    given = {"force": force, "threads": threads, "out": out, "resume": resume}
    read = partial(source_of, config, refit, folds, resume, init_from)
    here = partial(fit_here, read, settings, start, (folds, jobs), dry_run, shown, given)
    if ranks is None and launched() == 1:
        here(alone)
    else:
        alone_only = {"--dry-run": dry_run, "--folds": folds, "--refit": refit}
        context.exit(over_ranks(here, ranks, alone_only, config, settings))

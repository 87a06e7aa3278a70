"""`mlptrain sweep`: search for good settings."""

from pathlib import Path

import click

from mlptrain.cli.options import json_option, set_option
from mlptrain.errors import ConfigError
from mlptrain.report import sweep as report
from mlptrain.sweeps.place import PLAN, holds_sweep, opened
from mlptrain.sweeps.plan import read_plan
from mlptrain.sweeps.processes import SweepRun
from mlptrain.sweeps.ranking import Outcome

MOST_JOBS = 1024
SHOW = "show"
"""The first word, where a sweep is to be shown; a config of that name is ./show."""


@click.command()
@click.argument("what", metavar="CONFIG [KEY=VALUES]... | [show] DIR", nargs=-1, required=True)
@set_option
@click.option(
    "--out", metavar="DIR", help="Directory of the sweep, resumed if it exists.  [sweeps/CONFIG]"
)
@click.option(
    "--metric", metavar="NAME", help="Metric to compare, on the validation rows, as in `eval`."
)
@click.option("--trials", type=click.IntRange(min=1), help="Number of trials.  [40]")
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help="Start no trial after this time.",
)
@click.option(
    "--jobs", type=click.IntRange(1, MOST_JOBS), default=1, help="Trials trained at a time.  [1]"
)
@click.option("--folds", type=click.IntRange(min=2), metavar="K", help="Train each trial on K folds.")
@click.option(
    "--sampler",
    type=click.Choice(["tpe", "random", "grid"]),
    help="How to choose the next trial.  [tpe]",
)
@click.option(
    "--pruner",
    type=click.Choice(["none", "median", "halving", "hyperband"]),
    help="When to end a trial early.  [median]",
)
@click.option(
    "--seed", type=click.IntRange(min=0), help="Seed of the choices, not of the trainings.  [0]"
)
@click.option("--quiet", is_flag=True, help="Print only the result: no progress, notes or tables.")
@json_option
def command(
    what: tuple[str, ...],
    overrides: tuple[str, ...],
    out: str | None,
    metric: str | None,
    trials: int | None,
    time_limit: float | None,
    jobs: int,
    folds: int | None,
    sampler: str | None,
    pruner: str | None,
    seed: int | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Try settings of CONFIG, rank them by the validation rows, and write the best to best.yaml.

    Put the settings to try into the config (`sweep: {space: ...}`) or after it: A..B is a range, a,b a
    choice. The same command, or `sweep DIR`, resumes a sweep; in another terminal it joins in.
    `sweep show DIR` shows how a sweep stands.

    \b
    Example:
      mlptrain sweep digits.yaml optimizer.learning_rate=1e-4..1e-1:log --trials 20
      mlptrain sweep digits.yaml 'model.hidden=[64],[128,128]' --sampler grid --jobs 2
      mlptrain sweep sweeps/digits --jobs 2
      mlptrain sweep show sweeps/digits
    """
    source, *spaces = what
    if source == SHOW:
        show(spaces, quiet=quiet, as_json=as_json)
        return
    words = {"metric": metric, "sampler": sampler, "pruner": pruner}
    numbers = {"trials": trials, "time_limit": time_limit, "folds": folds, "seed": seed}
    place, file = place_for(out, source)
    plan = read_plan(file, overrides, spaces, {**words, **numbers})
    run = SweepRun.begun(place, plan, jobs)
    report.watch(run, quiet=quiet or as_json)
    run.outcome.write_best()
    report.show(run.outcome, quiet=quiet, as_json=as_json)


def show(places: list[str], *, quiet: bool, as_json: bool) -> None:
    """How a sweep stands."""
    if len(places) != 1:
        raise ConfigError("sweep show: name the directory of one sweep")
    place = Path(places[0])
    report.show(Outcome(place, *opened(place)), quiet=quiet, as_json=as_json)


def place_for(out: str | None, source: str) -> tuple[Path, str]:
    """The directory, and the file that says what to try.

    The directory is the same for the same config, so that the same command goes on; or it is `source`
    itself, where a sweep was begun there.
    """
    if out == "":
        raise ConfigError("--out is empty; name a directory")
    if holds_sweep(Path(source)):
        return Path(out or source), str(Path(source) / PLAN)
    return Path(out) if out else Path("sweeps") / Path(source).stem, source

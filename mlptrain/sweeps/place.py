"""The directory of a sweep.

sweep.yaml     the config, what is tried and how; whoever joins in reads it
journal.log    the trials: Optuna's journal
trials/0007/   a run, or with folds one for each; only the best keep their checkpoints
again/         the winner and the config as it was, with other seeds
best.yaml      the config of the winner, for `fit`
claims/        who works on what: a lock for each trial
"""

import shlex
from pathlib import Path
from typing import Any

from mlptrain.config import dump
from mlptrain.config.yaml import read
from mlptrain.errors import ConfigError
from mlptrain.storage.files import write_file
from mlptrain.storage.lock import lock
from mlptrain.storage.run_directory import make_directory
from mlptrain.sweeps.journal import JOURNAL, PATIENCE, Journal
from mlptrain.sweeps.plan import Plan, read_plan

PLAN, BEST, LOCK = "sweep.yaml", "best.yaml", "sweep.lock"
TRIALS, CLAIMS, AGAIN = "trials", "claims", "again"
MAY_CHANGE = ("trials", "time_limit", "keep", "seeds")
"""Keys that may be others when a sweep goes on: they change no choice that was made."""


def trial_path(place: Path, number: int) -> Path:
    """Where a trial is trained; trials are counted from 1."""
    return place / TRIALS / f"{number:04d}"


def again_path(place: Path, name: str) -> Path:
    """Where the winner or the config as it was is trained with another seed."""
    return place / AGAIN / name


def holds_sweep(place: Path) -> bool:
    """Whether a sweep was begun in this directory."""
    return (place / PLAN).is_file() and (place / JOURNAL).is_file()


def sweep_of(run: Path) -> Path:
    """The directory of the sweep that a trial, or a training with another seed, belongs to."""
    return run.parent.parent


def resuming(place: Path) -> str:
    """The command that resumes the sweep in a directory, without the program's name."""
    return f"sweep {shlex.quote(str(place))}"


def begin_or_join(place: Path, plan: Plan, larger_is_better: bool) -> Journal:
    """The journal of the sweep in `place`; it is begun where there is none.

    ConfigError where another sweep is there, or something else.
    """
    make_directory(place)
    with lock(place, LOCK, PATIENCE):
        if (place / PLAN).is_file():
            check_same(place, plan)
        elif others := [each.name for each in place.iterdir() if each.name != LOCK]:
            raise ConfigError(f"{place}: holds {min(others)}, and no sweep; choose another --out")
        for name in (TRIALS, CLAIMS, AGAIN):
            make_directory(place / name)
        write_file(place / PLAN, [dump(plan.document()).encode()])
        journal = Journal(place, plan.space, plan.settings)
        journal.create(larger_is_better)
        return journal


def check_same(place: Path, plan: Plan) -> None:
    """ConfigError naming what is not as it was when the sweep began."""
    before: dict[str, Any] = read(place / PLAN).data
    now = plan.document()
    changed = [key for key in now if key not in MAY_CHANGE and before.get(key) != now[key]]
    if changed:
        raise ConfigError(
            f"{place}: holds a sweep with another {', '.join(changed)} ({place / PLAN}); a sweep goes "
            "on with what it began with: choose another --out, or give the same command"
        )


def opened(place: Path) -> tuple[Plan, Journal]:
    """The sweep in a directory; ConfigError where there is none."""
    if not holds_sweep(place):
        raise ConfigError(f"{place}: holds no sweep; name the directory that `sweep` wrote (--out)")
    plan = read_plan(place / PLAN)
    return plan, Journal(place, plan.space, plan.settings)

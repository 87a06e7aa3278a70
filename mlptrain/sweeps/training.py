"""The training of a trial: its runs, each new or gone on with, and what the pruner thinks of them."""

import math
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import cast

from mlptrain.config import Config
from mlptrain.errors import ConfigError, DataError, DivergenceError, Told
from mlptrain.messages import count
from mlptrain.runs.run import Run
from mlptrain.storage.documents import LARGEST, document_text, parsed
from mlptrain.storage.files import storage_error, write_file
from mlptrain.storage.fold_directory import fold_path
from mlptrain.storage.reading import read_bytes
from mlptrain.storage.run_files import holds_checkpoint
from mlptrain.storage.state import GOOD, read_summary
from mlptrain.sweeps.journal import Asked
from mlptrain.sweeps.place import resuming, sweep_of
from mlptrain.system.sums import sum_in_order
from mlptrain.training.build import Load, load
from mlptrain.training.record import Record

UNUSABLE = (ConfigError, DataError, DivergenceError, MemoryError)
"""What ends a trial and not the sweep: these settings do not work."""
CHECKPOINTS = ("best.npz", "last.npz", "last-1.npz")


class Pruned(Told):
    """The pruner has ended a trial."""

    status = "pruned"


class Undefined(Told):
    """A trial came to its end without a value."""


def runs_of(place: Path, configs: Sequence[Config]) -> list[tuple[Path, Config]]:
    """Where each config is trained: in `place` itself, or each fold in a directory of its own."""
    if len(configs) == 1:
        return [(place, configs[0])]
    return [(fold_path(place, number), each) for number, each in enumerate(configs, 1)]


def is_trained(place: Path, configs: Sequence[Config]) -> bool:
    """Whether every run has come to its end."""
    return all(read_summary(path).get("status") in GOOD for path, _ in runs_of(place, configs))


def value_of(place: Path, configs: Sequence[Config]) -> float | None:
    """The mean of the best values of runs that are at their end; None where one has none."""
    found = [read_summary(path).get("best") for path, _ in runs_of(place, configs)]
    values = [float(each) for each in found if each is not None]
    return sum_in_order(values) / len(values) if len(values) == len(found) else None


def train_trial(
    place: Path,
    configs: Sequence[Config],
    threads: int | None,
    asked: Asked | None = None,
    load: Load = load,
) -> float:
    """Train every config; the mean of their best values on the validation rows.

    Raises Pruned, Undefined, or what the training raises; a run that is done already stays.
    """
    values: list[float] = []
    runs = runs_of(place, configs)
    for path, config in runs:
        watched = asked if len(runs) == 1 else None
        values.append(_trained(path, config, threads, load, watched, sweep_of(place)))
        if asked is not None and len(runs) > 1:
            asked.report(len(values), sum_in_order(values) / len(values))
            if len(values) < len(runs) and asked.is_hopeless():
                raise stopped_after(path, f"pruned after {len(values)} of {len(runs)} folds")
    return sum_in_order(values) / len(values)


def stopped_after(path: Path, reason: str) -> Pruned:
    """The end of a trial between two of its folds, which the summary of the last one tells of."""
    found = {**read_summary(path), "status": Pruned.status, "reason": reason}
    write_file(path / "summary.json", [document_text(found).encode()])
    return Pruned(reason)


def _trained(
    path: Path, config: Config, threads: int | None, load: Load, asked: Asked | None, place: Path
) -> float:
    """The best value of one run on the validation rows; `place` is that of the sweep."""
    done = read_summary(path)
    if done.get("status") not in GOOD:
        run = begun(path, config, threads, load)
        run.goes_on = resuming(place)
        with closing(cast(Generator[Record | None], iter(run))) as steps:
            if asked is None:
                deque(steps, maxlen=0)
            else:
                watch(run, steps, asked)
        done = run.summary
    if done["best"] is None:
        raise Undefined(f"{config.train.monitor} was never a finite number")
    return float(done["best"])


def begun(path: Path, config: Config, threads: int | None, load: Load) -> Run:
    """The run in `path`: from its newest checkpoint, where it has one."""
    if holds_checkpoint(path):
        return Run.resumed(path, threads=threads, load=load)
    return Run.new(config, lambda: path, force=True, threads=threads, load=load)


def watch(run: Run, steps: Generator[Record | None], asked: Asked) -> None:
    """Train and report every evaluation; where the pruner says so, Pruned is thrown into the run.

    Evaluations from before a kill are reported first: the last of them may not have been.
    """
    key, evaluation = run.experiment.monitor.key, 0
    for evaluation, line in enumerate(evaluations(run.directory.metrics), 1):
        report(asked, evaluation, line.get(key))
    judged = evaluation == 0 or run.already_finished
    for record in steps:
        if not judged:
            judge(steps, asked, evaluation)
            judged = True
        if record is not None:
            evaluation += 1
            report(asked, evaluation, record[key])
            at_end = run.progress.stopped or run.progress.step == run.experiment.total_steps
            if not at_end:
                judge(steps, asked, evaluation)


def report(asked: Asked, evaluation: int, value: object) -> None:
    """A value that is not defined is none to compare."""
    if isinstance(value, int | float) and math.isfinite(value):
        asked.report(evaluation, float(value))


def judge(steps: Generator[Record | None], asked: Asked, evaluation: int) -> None:
    """End a run that is not worth going on, at a checkpoint of its own."""
    if asked.is_hopeless():
        steps.throw(Pruned(f"pruned after {count(evaluation, 'evaluation')}"))


def evaluations(path: Path) -> list[dict[str, object]]:
    """The lines of metrics.jsonl, which a run that is open here has cut to whole ones."""
    if not path.is_file():
        return []
    lines = read_bytes(path, LARGEST).splitlines()
    return [parsed(f"{path}:{number}", line) for number, line in enumerate(lines, 1)]


def drop_checkpoints(place: Path) -> None:
    """Take the checkpoints of a trial away; config, metrics and summary stay."""
    for path in (place, *place.glob("fold-*")):
        for name in CHECKPOINTS:
            try:
                (path / name).unlink(missing_ok=True)
            except OSError as error:
                raise storage_error(path / name, "cannot be removed", error) from error

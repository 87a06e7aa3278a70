"""The journal of a sweep, and the engine that reads it: the home of Optuna.

journal.log is a file of Optuna's (JournalStorage), to which every process appends under a lock of the
kernel's, which ends with the process. The sampler keeps nothing between two trials: for each it is
made anew, seeded by the number of the trial, so that a choice depends on the journal alone.
"""

import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from mlptrain.config.sweep import Sweep
from mlptrain.errors import EnvironmentFault
from mlptrain.storage.files import storage_error
from mlptrain.storage.lock import lock
from mlptrain.streams import stream
from mlptrain.sweeps.space import Choice, Dimension
from mlptrain.system.installation import install_command

NAME = "sweep"
"""The study in the journal; hyperband's brackets follow from the name."""
JOURNAL, LOCK = "journal.log", "journal.lock"
PATIENCE = 60.0
"""Seconds to wait for a lock that is held for milliseconds."""
WARM_UP = 5
"""Evaluations, or one fold, before the median may end a trial; and trials before it is known."""
FEWEST = 4
"""Trials from which the importance of a setting is told."""

RUNNING, COMPLETE, PRUNED, FAILED = "running", "complete", "pruned", "failed"


@dataclass(frozen=True)
class Trial:
    """What the journal says of a trial; `number` counts from 1."""

    number: int
    state: str
    value: float | None
    chosen: Mapping[str, Any]  # key -> value; what was not chosen yet is not there
    evaluations: int
    notes: Mapping[str, Any]  # reason, began, ...

    @property
    def reason(self) -> str:
        """Why it did not come to its end."""
        return str(self.notes.get("reason", ""))


class KernelLock:
    """Optuna's lock of the file, instead of a link that a killed process would leave behind."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._held = ExitStack()

    def acquire(self) -> bool:
        """Wait until it is ours."""
        self._held.enter_context(lock(self._place, LOCK, PATIENCE))
        return True

    def release(self) -> None:
        """Let others write."""
        self._held.close()


class Told:
    """Optuna's file, with an error of the system as one of ours."""

    def __init__(self, file: Any, path: Path) -> None:
        self._file, self._path = file, path

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """The entries from this one on."""
        try:
            yield from self._file.read_logs(log_number_from)
        except OSError as error:
            raise storage_error(self._path, "cannot be read", error) from error

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Add entries."""
        try:
            self._file.append_logs(logs)
        except OSError as error:
            raise storage_error(self._path, "cannot be written", error) from error


class Journal:
    """The trials of a sweep: to begin, to judge, to close and to list."""

    def __init__(self, place: Path, space: Sequence[Dimension], settings: Sweep) -> None:
        self._optuna = engine()
        self._space, self._settings = space, settings
        with lock(place, LOCK, PATIENCE):
            cut_torn_line(place / JOURNAL)
        journal = self._optuna.storages.journal
        backend = journal.JournalFileBackend(str(place / JOURNAL), lock_obj=KernelLock(place))
        self._storage = self._optuna.storages.JournalStorage(Told(backend, place / JOURNAL))

    def create(self, larger_is_better: bool) -> None:
        """Begin the study, where there is none yet."""
        self._optuna.create_study(
            study_name=NAME,
            storage=self._storage,
            direction="maximize" if larger_is_better else "minimize",
            load_if_exists=True,
        )

    @property
    def larger_is_better(self) -> bool:
        """The direction of progress."""
        return bool(self._study().direction == self._optuna.study.StudyDirection.MAXIMIZE)

    def trials(self) -> list[Trial]:
        """All trials in their order."""
        return [self._trial(each) for each in self._study().get_trials(deepcopy=False)]

    def _trial(self, frozen: Any) -> Trial:
        names = {"COMPLETE": COMPLETE, "PRUNED": PRUNED, "FAIL": FAILED}
        state = names.get(frozen.state.name, RUNNING)
        known = [each for each in self._space if all(name in frozen.params for name in each.names)]
        chosen = {each.key: each.chosen(frozen.params) for each in known}
        value = frozen.value if state in (COMPLETE, PRUNED) else None
        evaluations = max(frozen.intermediate_values, default=0)
        return Trial(frozen.number + 1, state, value, chosen, evaluations, dict(frozen.user_attrs))

    def begin(self) -> "Asked":
        """A new trial. Ask under the lock of the sweep: the seed follows from how many there are."""
        number = len(self._study().get_trials(deepcopy=False))
        return self._asked(self._study(number).ask())

    def again(self, number: int) -> "Asked":
        """A trial whose process was killed: what it had chosen stays, the rest is chosen as it was."""
        study = self._study(number - 1)
        return self._asked(self._optuna.trial.Trial(study, self._id(number)))

    def _asked(self, trial: Any) -> "Asked":
        chosen = {each.key: each.suggest(trial) for each in self._space}
        return Asked(trial, trial.number + 1, chosen)

    def complete(self, number: int, value: float) -> None:
        """The trial came to its end."""
        self._study().tell(number - 1, value)

    def prune(self, number: int, reason: str) -> None:
        """The trial was ended early; its last value counts."""
        self.note(number, "reason", reason)
        self._study().tell(number - 1, state=self._optuna.trial.TrialState.PRUNED)

    def fail(self, number: int, reason: str) -> None:
        """The trial has no value, and why."""
        self.note(number, "reason", reason)
        self._study().tell(number - 1, state=self._optuna.trial.TrialState.FAIL)

    def note(self, number: int, key: str, value: Any) -> None:
        """Keep something about a trial."""
        self._storage.set_trial_user_attr(self._id(number), key, value)

    def importances(self) -> dict[str, float]:
        """The share of each key in the spread of the values (PED-ANOVA); none of too few trials."""
        if sum(each.state == COMPLETE for each in self.trials()) < FEWEST:
            return {}
        with hidden("sklearn"):  # it takes a second to import, for other measures than this one
            importances = self._optuna.importance.get_param_importances
        try:
            found = importances(self._study())
        except (ValueError, RuntimeError):  # all values are the same
            return {}
        shares = {each.key: sum(found.get(name, 0.0) for name in each.names) for each in self._space}
        return dict(sorted(shares.items(), key=lambda item: -item[1]))

    def _id(self, number: int) -> int:
        study = self._storage.get_study_id_from_name(NAME)
        return int(self._storage.get_trial_id_from_study_id_trial_number(study, number - 1))

    def _study(self, number: int | None = None) -> Any:
        """The study; for the trial of this number, from 0, with a sampler and a pruner of its own."""
        if number is None:
            plain = self._optuna.samplers.RandomSampler(seed=0)
            return self._optuna.load_study(study_name=NAME, storage=self._storage, sampler=plain)
        return self._optuna.load_study(
            study_name=NAME,
            storage=self._storage,
            sampler=self._sampler(number),
            pruner=self._pruner(),
        )

    def _sampler(self, number: int) -> Any:
        samplers = self._optuna.samplers
        seed = int(stream(self._settings.seed, "sweep", number).integers(2**32))
        if self._settings.sampler == "tpe":
            return samplers.TPESampler(seed=seed)
        if self._settings.sampler == "random":
            return samplers.RandomSampler(seed=seed)
        return samplers.GridSampler(grid(self._space), seed=seed)

    def _pruner(self) -> Any:
        pruners = self._optuna.pruners
        steps = 1 if self._settings.folds else WARM_UP
        match self._settings.pruner:
            case "median":
                return pruners.MedianPruner(n_startup_trials=WARM_UP, n_warmup_steps=steps)
            case "halving":
                return pruners.SuccessiveHalvingPruner()
            case "hyperband":
                return pruners.HyperbandPruner()
        return pruners.NopPruner()


class Asked:
    """A trial at work: what was chosen, and whether it is worth going on."""

    def __init__(self, trial: Any, number: int, chosen: Mapping[str, Any]) -> None:
        self._trial, self.number, self.chosen = trial, number, chosen
        self._known = set(trial.storage.get_trial(trial._trial_id).intermediate_values)

    def report(self, evaluation: int, value: float) -> None:
        """The value after so many evaluations; what is known already stays."""
        if evaluation not in self._known:
            self._known.add(evaluation)
            self._trial.report(value, evaluation)

    def is_hopeless(self) -> bool:
        """Whether the pruner says so."""
        return bool(self._trial.should_prune())


def grid(space: Sequence[Dimension]) -> dict[str, Sequence[Any]]:
    """Every value of each choice, by the names of the journal: the space of a grid has nothing else."""
    return {each.key: each.labels for each in space if isinstance(each, Choice)}


def engine() -> ModuleType:
    """Optuna, without its own talk; EnvironmentFault where it is not installed."""
    try:
        import optuna
    except ImportError as error:
        raise EnvironmentFault(
            f"sweep needs Optuna, which is not installed; {install_command('sweep')}"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna


@contextmanager
def hidden(package: str) -> Iterator[None]:
    """Have a package not found inside the `with`, unless it is loaded already."""
    modules, absent = cast(dict[str, Any], sys.modules), package not in sys.modules
    if absent:
        modules[package] = None
    try:
        yield
    finally:
        if absent:
            del modules[package]


def cut_torn_line(path: Path) -> None:
    """Cut off half a line, which a power cut can leave: what comes behind it could not be read."""
    try:
        with open(path, "rb+") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - (1 << 16)))
            tail = file.read()
            whole = tail.rfind(b"\n") + 1
            if whole < len(tail) and (whole or size <= len(tail)):
                file.truncate(size - len(tail) + whole)
    except FileNotFoundError:
        return
    except OSError as error:
        raise storage_error(path, "cannot be read", error) from error

"""What a sweep has found: the order of its trials, which settings matter, how far to trust it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mlptrain.config import Config, dump, resolved
from mlptrain.config.faults import shown
from mlptrain.storage.files import write_file
from mlptrain.storage.lock import is_held
from mlptrain.storage.state import read_summary
from mlptrain.sweeps.journal import COMPLETE, RUNNING, Journal, Trial
from mlptrain.sweeps.place import BEST, CLAIMS, again_path, trial_path
from mlptrain.sweeps.plan import Plan, faults_at
from mlptrain.sweeps.space import Range, ZeroOr
from mlptrain.sweeps.training import is_trained, value_of


@dataclass(frozen=True)
class Rerun:
    """A training with another seed: of the winner, or of the config as it was."""

    path: Path
    of: str  # "best" or "base"
    seed: int  # that of its config
    configs: tuple[Config, ...]

    @property
    def value(self) -> float | None:
        """What came of it; None before its end."""
        return value_of(self.path, self.configs) if is_trained(self.path, self.configs) else None


@dataclass(frozen=True)
class Noise:
    """The winner and the config as it was, each with the same other seeds."""

    seeds: tuple[int, ...]
    best: tuple[float | None, ...]
    base: tuple[float | None, ...]
    larger_is_better: bool

    @property
    def gains(self) -> list[float]:
        """How much better the winner was, seed by seed."""
        sign = 1 if self.larger_is_better else -1
        pairs = zip(self.best, self.base, strict=True)
        return [sign * (best - base) for best, base in pairs if best is not None and base is not None]

    @property
    def is_sure(self) -> bool | None:
        """Whether the mean gain is above twice its standard error; None of fewer than two seeds."""
        gains = np.array(self.gains)
        if len(gains) < 2:
            return None
        return bool(gains.mean() > 2 * gains.std(ddof=1) / math.sqrt(len(gains)))


def ranked(trials: Sequence[Trial], *, larger_is_better: bool) -> list[Trial]:
    """The trials that came to their end, the best first; of equal ones the earlier."""
    done = [each for each in trials if each.state == COMPLETE and each.value is not None]
    sign = -1 if larger_is_better else 1
    return sorted(done, key=lambda each: (sign * (each.value or 0.0), each.number))


def reruns(place: Path, plan: Plan, journal: Journal) -> list[Rerun]:
    """The trainings that tell the noise; none before there is a winner."""
    best = ranked(journal.trials(), larger_is_better=journal.larger_is_better)[:1]
    made: list[Rerun] = []
    for trial in best:
        for number in range(1, plan.settings.seeds + 1):
            for of, chosen in (("best", trial.chosen), ("base", {})):
                configs = tuple(plan.configs(chosen, number))
                name = f"{trial.number:04d}" if of == "best" else of
                path = again_path(place, f"{name}-seed-{configs[0].seed}")
                made.append(Rerun(path, of, configs[0].seed, configs))
    return made


@dataclass(frozen=True)
class Outcome:
    """A sweep as it stands."""

    place: Path
    plan: Plan
    journal: Journal

    @cached_property
    def trials(self) -> list[Trial]:
        """In the order of their numbers."""
        return self.journal.trials()

    @cached_property
    def larger_is_better(self) -> bool:
        """The direction of progress."""
        return self.journal.larger_is_better

    @cached_property
    def ranking(self) -> list[Trial]:
        """Those that came to their end, the best first."""
        return ranked(self.trials, larger_is_better=self.larger_is_better)

    @property
    def best(self) -> Trial | None:
        """The winner, once there is one."""
        return self.ranking[0] if self.ranking else None

    @cached_property
    def importances(self) -> dict[str, float]:
        """The share of each key in the spread of the values, the largest first."""
        return self.journal.importances()

    def number_in(self, state: str) -> int:
        """How many trials are in this state."""
        return sum(each.state == state for each in self.trials)

    @cached_property
    def at_work(self) -> int:
        """How many runs somebody is training now, as far as can be seen from this machine."""
        claims = self.place / CLAIMS
        return sum(is_held(claims, each.name) for each in claims.glob("*"))

    @cached_property
    def is_finished(self) -> bool:
        """Whether all trials that are wanted have come to an end."""
        return sum(each.state != RUNNING for each in self.trials) >= self.plan.trials

    @cached_property
    def noise(self) -> Noise | None:
        """What other seeds say; None where none were trained."""
        runs = reruns(self.place, self.plan, self.journal)
        values = {(each.of, each.seed): each.value for each in runs}
        if all(value is None for value in values.values()):
            return None
        seeds = tuple(dict.fromkeys(each.seed for each in runs))
        best, base = (tuple(values[of, seed] for seed in seeds) for of in ("best", "base"))
        return Noise(seeds, best, base, self.larger_is_better)

    def warnings(self) -> Iterator[str]:
        """Where the winner lies on an end of what was tried, and more can be."""
        chosen = self.best.chosen if self.best else {}
        for each in self.plan.space:
            end = each.edge(chosen[each.key]) if each.key in chosen else None
            if end is not None and self._goes_on(each, end):
                yield (
                    f"{each.key}: {shown(chosen[each.key])} of the best trial lies on the bound "
                    f"{shown(end)} of what was tried; widen it"
                )

    def _goes_on(self, dimension: Any, end: float) -> bool:
        """Whether the config takes values behind an end."""
        made = dimension.of if isinstance(dimension, ZeroOr) else dimension
        if isinstance(made, Range):
            low, high = made.low, made.high
        else:
            low, high = min(made.values), max(made.values)
        if isinstance(dimension, ZeroOr) and end == low and end > 0 and not made.log:
            return False
        step: float = (high - low) / 10
        beyond = end - min(step, abs(end) / 2) if end == low else end + step
        if type(low) is int and type(high) is int:
            beyond = math.floor(beyond) if end == low else math.ceil(beyond)
        return beyond != end and not faults_at(self.plan.base, dimension.key, beyond)

    def test(self) -> Mapping[str, Any]:
        """What the winner shows on the test rows, which decided nothing; empty where there are none."""
        if self.best is None or self.plan.settings.folds:
            return {}
        summary = read_summary(trial_path(self.place, self.best.number))
        return summary.get("test") or {}

    def write_best(self) -> Path | None:
        """best.yaml, which `fit` runs: the whole config of the winner. None without a winner."""
        if self.best is None:
            return None
        config = self.plan.config(self.best.chosen)
        place = f"trial {self.best.number} of {len(self.trials)}"
        head = f"# {place}: {self.plan.metric} {self.best.value!r}\n"
        write_file(self.place / BEST, [(head + dump(resolved(config))).encode()])
        return self.place / BEST

    def document(self) -> dict[str, Any]:
        """What `--json` prints."""
        noise = self.noise
        return {
            "directory": str(self.place),
            "metric": self.plan.metric,
            "larger_is_better": self.larger_is_better,
            "wanted": self.plan.trials,
            "at_work": self.at_work,
            "best": self.best.number if self.best else None,
            "trials": [
                {
                    "number": each.number,
                    "state": each.state,
                    "value": each.value,
                    "reason": each.reason or None,
                    "settings": dict(each.chosen),
                    "run": str(trial_path(self.place, each.number)),
                }
                for each in self.trials
            ],
            "importances": self.importances,
            "warnings": list(self.warnings()),
            "test": dict(self.test()),
            "seeds": None
            if noise is None
            else {"seeds": noise.seeds, "best": noise.best, "base": noise.base, "gains": noise.gains},
        }

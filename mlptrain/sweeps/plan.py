"""What a sweep tries, checked before its first trial: config, space, metric, budget.

It is read from a config with a `sweep:` block, or from a file with the same keys and `base:`, a config
or the path of one. The directory of a sweep keeps it as such a file, sweep.yaml: whoever joins in
reads that.
"""

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlptrain.config import Config, load_config
from mlptrain.config.faults import dotted, shown
from mlptrain.config.load import validate
from mlptrain.config.overrides import BadOverride, Override, apply, read_overrides
from mlptrain.config.plain import plain
from mlptrain.config.sweep import Sweep
from mlptrain.config.yaml import Document, read
from mlptrain.config.yaml import Path as Keys
from mlptrain.errors import ConfigError
from mlptrain.sweeps.space import BadSpace, Choice, Dimension, dimension
from mlptrain.sweeps.typed import typed

SAME_ROWS = (
    *("seed", "data.train", "data.target", "data.val", "data.test", "data.fold", "data.stratify"),
    *("data.group", "data.time", "data.split_column", "data.target_missing", "train.folds"),
)
"""Settings that would have each trial judged by other rows."""
OTHER_LOSS = ("loss", "data.scale_target")
"""Settings that change what the loss means."""
NO_SPACE = (
    "there is nothing to try: write `sweep: {space: {optimizer.learning_rate: {min: 1e-4, max: 1e-1, "
    "log: true}}}` into the config, or optimizer.learning_rate=1e-4..1e-1:log behind it"
)
LARGEST_GRID = 100_000
"""Combinations that a grid may have."""
TRIALS = 40
"""How many trials, where nobody says."""


@dataclass(frozen=True)
class Plan:
    """A sweep that can begin.

    base      the config as it is written, in plain data
    given     the values to try as they are written, by key
    space     the same, checked
    settings  metric, sampler, budget and the like

    With sampler `grid` every key of the space is a choice.
    """

    base: dict[str, Any]
    given: dict[str, Any]
    space: tuple[Dimension, ...]
    settings: Sweep

    @property
    def trials(self) -> int:
        """How many trials are wanted."""
        if self.settings.sampler != "grid":
            return self.settings.trials or TRIALS
        return min(self.settings.trials or LARGEST_GRID, grid_size(self.space))

    @property
    def metric(self) -> str:
        """The name of what is compared."""
        return metric_of(self.base, self.settings)

    def config(self, chosen: Mapping[str, Any], seed: int = 0, fold: int | None = None) -> Config:
        """The config of a run: short keys first, so that an optimizer comes before its rate.

        `seed` is added to that of the config.
        """
        order = sorted(chosen, key=lambda key: key.count("."))
        monitor = {"train.monitor": f"val_{self.metric}"}
        base = folded(self.base, self.settings.folds, fold)
        config = load_config(base, {key: chosen[key] for key in order} | monitor)
        return config.model_copy(update={"seed": config.seed + seed})

    def configs(self, chosen: Mapping[str, Any], seed: int = 0) -> list[Config]:
        """The configs of all runs of a trial: one, or one for each fold."""
        folds = self.settings.folds
        numbers = [None] if folds is None else range(1, folds + 1)
        return [self.config(chosen, seed, number) for number in numbers]

    def document(self) -> dict[str, Any]:
        """What sweep.yaml holds."""
        settings = self.settings.model_dump(mode="json", exclude={"space"})
        return {"base": self.base, **settings, "space": self.given}


def folded(base: dict[str, Any], of: int | None, number: int | None) -> dict[str, Any]:
    """A config in which one of `of` folds of the rows that do not test validates; as it is for None."""
    if of is None or number is None:
        return base
    fold = {"number": number, "of": of, "holds": "val"}
    train = {**(base.get("train") or {}), "folds": None}
    return {**base, "data": {**base["data"], "val": None, "fold": fold}, "train": train}


def metric_of(base: dict[str, Any], settings: Sweep) -> str:
    """The metric that is named; else that of train.monitor, on the validation rows in any case."""
    return settings.metric or load_config(base).train.monitor.partition("_")[2]


def grid_size(space: Sequence[Dimension]) -> int:
    """How many combinations there are."""
    return math.prod(len(each.listed()) for each in space)


@dataclass(frozen=True)
class Written:
    """A sweep as it is written, and where each of its keys stands."""

    document: Document
    block: dict[str, Any]
    above: Keys  # the keys in the document that the block stands under
    base: dict[str, Any]
    typed: Mapping[str, str]  # the keys of the space that are typed, and how

    def place(self, *keys: str) -> str:
        """The line of a key of the block, or what was typed."""
        if len(keys) > 1 and keys[1] in self.typed:
            return self.typed[keys[1]]
        path = (*self.above, *keys)
        return f"{self.document.source}:{self.document.line(path)}: {dotted(path)}"


def read_plan(
    source: str | Path,
    overrides: Sequence[str] = (),
    spaces: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
) -> Plan:
    """The sweep that a file describes; what is typed goes before it.

    spaces   KEY=VALUES
    options  keys of the `sweep` section
    Raises one ConfigError with a line for every fault.
    """
    written = with_typed(read_written(source, overrides), spaces)
    written.block.update({key: value for key, value in (options or {}).items() if value is not None})
    config, faults = validate({**written.base, "sweep": written.block})
    if config is None or config.sweep is None:
        raise ConfigError(*(_told(written, fault.path, fault.what) for fault in faults))
    check_one_network(written)
    settings = config.sweep.model_copy(update={"folds": config.sweep.folds or config.train.folds})
    if not settings.space:
        raise ConfigError(f"{written.document.source}: {NO_SPACE}")
    check_metric(written, settings)
    plan = Plan(written.base, dict(settings.space), checked(written, settings), settings)
    if settings.sampler == "grid" and (size := grid_size(plan.space)) > LARGEST_GRID:
        raise ConfigError(
            f"{written.place('space')}: {size:,} combinations, and a grid takes at most "
            f"{LARGEST_GRID:,}; try fewer values, or sampler: tpe"
        )
    return plan


def _told(written: Written, path: Keys, what: str) -> str:
    inside = tuple(str(key) for key in path[1:])
    return f"{written.place(*inside)}: {what}"


def read_written(source: str | Path, overrides: Sequence[str]) -> Written:
    """The file with the overrides applied; ConfigError where the config itself is wrong."""
    document = read(source)
    if not isinstance(document.data, dict) or "base" not in document.data:
        load_config(str(source), overrides)
        data = overridden(document.data, overrides)
        block = data.pop("sweep", None) or {}
        return Written(document, block, ("sweep",), data, {})
    block = copy.deepcopy(document.data)
    base = block.pop("base")
    place = f"{document.source}:{document.line(('base',))}: base"
    if isinstance(base, str):
        file = Path(source).parent / base
        load_config(str(file), overrides)
        data = overridden(read(file).data, overrides)
        place = str(file)
    elif isinstance(base, dict):
        load_config(base, overrides)
        data = overridden(base, overrides)
    else:
        raise ConfigError(f"{place}: expected the path of a config, or a config, got {shown(base)}")
    if data.pop("sweep", None) is not None:
        raise ConfigError(f"{place}: has a sweep of its own; delete one of the two")
    return Written(document, block, (), data, {})


def overridden(data: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """A copy of `data` with --set applied; that they can be is known."""
    data = copy.deepcopy(data)
    for override in read_overrides(overrides):
        if isinstance(override, Override):
            apply(override, data)
    return data


def with_typed(written: Written, spaces: Sequence[str]) -> Written:
    """The same with the spaces of the command line."""
    words: dict[str, str] = {}
    space = written.block.get("space")
    space = dict(space) if isinstance(space, dict) else {} if space is None else space
    for text in spaces:
        try:
            key, values = typed(text)
        except BadSpace as error:
            raise ConfigError(f"{text}: {error}") from error
        if key in words:
            raise ConfigError(f"{text}: {words[key]} is typed as well; keep one")
        words[key] = text
        if isinstance(space, dict):
            space[key] = values
    return replace(written, block={**written.block, "space": space}, typed=words)


def check_one_network(written: Written) -> None:
    """ConfigError for candidates: the values of a key would be theirs or the config's."""
    if written.base.get("candidates"):
        raise ConfigError(
            f"{written.document.source}: candidates: a sweep tries settings of one network; "
            "delete them, or try what they change as values of its space"
        )


def check_metric(written: Written, settings: Sweep) -> None:
    """ConfigError for folds where val is a file, and for a metric that validation rows do not give."""
    val = load_config(written.base).data.val
    if settings.folds and isinstance(val, str):
        raise ConfigError(f"{written.place('folds')}: data.val is a file, which validates; keep one")
    base = folded(written.base, settings.folds, 1)
    for fault in faults_at(base, "train.monitor", f"val_{metric_of(written.base, settings)}"):
        raise ConfigError(f"{written.place('metric')}: {fault}")


def checked(written: Written, settings: Sweep) -> tuple[Dimension, ...]:
    """The space with every value tried on the config. One ConfigError for all that is wrong."""
    made: list[Dimension] = []
    faults: list[str] = []
    for key, given in settings.space.items():
        try:
            made.append(_checked(folded(written.base, settings.folds, 1), key, given, settings))
        except BadSpace as error:
            faults += [f"{written.place('space', key)}: {line}" for line in str(error).split("\n")]
    if faults:
        raise ConfigError(*faults)
    return tuple(made)


def _checked(base: dict[str, Any], key: str, given: Any, settings: Sweep) -> Dimension:
    """The values for one key; BadSpace where the config cannot have them, or trials not be compared."""
    for fixed in SAME_ROWS:
        if key == fixed or key.startswith(f"{fixed}."):
            raise BadSpace(f"each trial would be judged by other rows; {fixed} goes into the config")
    if key.partition(".")[0] in ("candidates", "combine"):
        raise BadSpace("a sweep tries settings of one network, and these are several")
    if key == "train.monitor":
        raise BadSpace("`metric` is what each trial is judged by; write that")
    changes_loss = any(key == each or key.startswith(f"{each}.") for each in OTHER_LOSS)
    if changes_loss and metric_of(base, settings) == "loss":
        raise BadSpace(
            "it changes what the loss means, so trials cannot be compared by it; name another metric, "
            "such as log_loss or rmse"
        )
    inside = given.get("zero_or", given) if isinstance(given, dict) else {}
    made = dimension(key, given, _only_whole(base, key, inside))
    faults = [line for value in made.ends() for line in faults_at(base, key, value)]
    if faults:
        raise BadSpace("\n".join(dict.fromkeys(faults)))
    return Choice(key, made.listed()) if settings.sampler == "grid" else made


def _only_whole(base: dict[str, Any], key: str, given: Any) -> bool:
    """Whether the config takes no number between the whole ones for `key`."""
    low, high = (given.get(name) if isinstance(given, dict) else None for name in ("min", "max"))
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return False
    return bool(faults_at(base, key, low + (high - low) / math.pi))


def faults_at(base: dict[str, Any], key: str, value: Any) -> list[str]:
    """What is wrong with a config in which `key` has this value."""
    data = copy.deepcopy(base)
    try:
        apply(Override(tuple(key.split(".")), plain(value, key), f"{key}={shown(value)}"), data)
    except BadOverride as error:
        return [str(error)]
    _, faults = validate(data)
    own = tuple(key.split("."))
    return [f"{'' if fault.path == own else dotted(fault.path) + ': '}{fault.what}" for fault in faults]

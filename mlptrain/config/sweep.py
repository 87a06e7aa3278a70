"""The `sweep` section of the config. What stands in its space is checked in sweeps/space.py."""

from typing import Annotated, Any, Literal

from annotated_types import Ge, Le

from mlptrain.bounds import Count, NonNegativeCount, Positive
from mlptrain.config.kinds import Kinds
from mlptrain.config.section import Section, Text, setting


class Sweep(Section):
    """What `mlptrain sweep` tries out; `fit` does not read it."""

    space: dict[Text, Any] = setting(
        {},
        "settings to try, by dotted key: a list of values, {min, max} with log: true or a step, or "
        "{zero_or: {min, max}}",
    )
    metric: Annotated[Text | None, Kinds("a metric that `eval` shows, or null")] = setting(
        None, "what is compared, on the validation rows: loss or a metric; null: that of train.monitor"
    )
    sampler: Literal["tpe", "random", "grid"] = setting(
        "tpe", "how the next trial is chosen: from the results so far, at random, or all combinations"
    )
    pruner: Literal["none", "median", "halving", "hyperband"] = setting(
        "median", "which trials end early: none, below the median of the others, or by halving"
    )
    trials: Annotated[Count | None, Kinds("a number of trials, or null")] = setting(
        None, "how many trials; null: 40, or the whole grid"
    )
    time_limit: Annotated[Positive | None, Kinds("a number of minutes, or null")] = setting(
        None, "minutes after which no trial starts; null: no limit"
    )
    folds: Annotated[Annotated[int, Ge(2)] | None, Kinds("a number of folds, or null")] = setting(
        None,
        "train each trial on this many folds, each validating once; null: as train.folds says",
    )
    seed: Annotated[int, Ge(0), Le(2**63 - 1)] = setting(
        0, "the randomness of the choices; that of the trainings is the config's own seed"
    )
    keep: Count = setting(3, "how many of the best trials keep their checkpoints")
    seeds: NonNegativeCount = setting(
        3, "how many more seeds the winner and the config without changes are trained with in the end"
    )


Searched = Annotated[Sweep | None, Kinds("{space: {...}} or null")]
"""The `sweep` key of a config. A run does not keep it."""

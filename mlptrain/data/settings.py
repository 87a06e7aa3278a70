"""What is asked of the data: the `data` section of a config. config/schema.py says what a key means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from mlptrain.arrays import Targets

HeldOut = float | str | None
"""Validation or test rows: a fraction of the training file, a file of their own, or none."""
Scale = Literal["standard", "minmax", "robust", "none"]
MissingPolicy = Literal["error", "mean", "median", "drop"]
ScaleTarget = Literal["standard", "log", "log1p", "none"]
TargetPolicy = Literal["error", "drop"]
CategoryPolicy = Literal["error", "zeros"]


@dataclass(frozen=True)
class Missing:
    """`data.missing`."""

    policy: MissingPolicy
    indicator: bool


@dataclass(frozen=True)
class Categorical:
    """`data.categorical`."""

    encode: Literal["one_hot", "error"]
    unseen: CategoryPolicy
    missing: CategoryPolicy
    columns: tuple[str, ...]


@dataclass(frozen=True)
class ColumnSettings:
    """`data.columns.NAME`."""

    missing: tuple[str, ...]


class Fold(NamedTuple):
    """`data.fold`: the fold that is held out, from 1 on, and how many there are."""

    number: int
    of: int


@dataclass(frozen=True)
class Settings:
    """The section, key by key, and what the rest of the config says about the rows.

    train      a file, or a toy set {"name": "spiral", ...}
    targets    what the loss learns
    dtype      that of the network
    """

    train: str | Mapping[str, Any]
    target: str | tuple[str, ...]
    val: HeldOut
    test: HeldOut
    stratify: bool
    fold: Fold | None
    features: tuple[str, ...] | None
    ignore: tuple[str, ...]
    weight: str | None
    scale: Scale
    scale_target: ScaleTarget
    clip_target: bool
    target_missing: TargetPolicy
    missing: Missing
    columns: Mapping[str, ColumnSettings]
    categorical: Categorical
    dates: Literal["refuse", "ignore", "number"]
    transform: Literal["polar"] | None
    cache: str
    targets: Targets
    seed: int
    dtype: np.dtype[Any]

    @property
    def classify(self) -> bool:
        """Whether the target is a class."""
        return self.targets == "classes"

    @property
    def blanks(self) -> dict[str, tuple[str, ...]]:
        """Column -> the texts that stand for a missing value in it, beside the usual ones."""
        return {name: column.missing for name, column in self.columns.items() if column.missing}

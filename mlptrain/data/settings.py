"""What is asked of the data: the `data` section of a config. config/schema.py says what a key means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from mlptrain.data.written import Reading, Written

HeldOut = float | str | None
"""Validation or test rows: a fraction of the training file, a file of their own, or none."""
Scale = Literal["standard", "minmax", "robust", "none"]
MissingPolicy = Literal["error", "mean", "median", "drop"]
CategoryPolicy = Literal["error", "zeros"]
UnseenPolicy = Literal["error", "zeros", "mode"]


@dataclass(frozen=True)
class Missing:
    """`data.missing`."""

    policy: MissingPolicy
    indicator: bool


@dataclass(frozen=True)
class Categorical:
    """`data.categorical`."""

    encode: Literal["one_hot", "error"]
    unseen: UnseenPolicy
    missing: CategoryPolicy
    columns: tuple[str, ...]


class Fold(NamedTuple):
    """`data.fold`: the fold that is held out, from 1 on, and how many there are."""

    number: int
    of: int


@dataclass(frozen=True)
class Settings:
    """The section, key by key, and what the rest of the config says about the rows.

    train      a file, or a toy set {"name": "spiral", ...}
    classify   whether the target is a class
    dtype      that of the network
    """

    train: str | Mapping[str, Any]
    target: str | tuple[str, ...]
    val: HeldOut
    test: HeldOut
    stratify: bool
    group: str | None
    time: str | None
    split_column: str | None
    fold: Fold | None
    features: tuple[str, ...] | None
    ignore: tuple[str, ...]
    weight: str | None
    scale: Scale
    scale_target: Literal["standard", "none"]
    missing: Missing
    missing_values: tuple[str, ...] | None
    columns: Mapping[str, Written]
    categorical: Categorical
    dates: Literal["refuse", "ignore", "number"]
    transform: Literal["polar"] | None
    cache: str
    classify: bool
    seed: int
    dtype: np.dtype[Any]
    classes: tuple[str, ...] | None = None  # where they are known before the rows

    @property
    def reading(self) -> Reading:
        """How the texts of the files are read."""
        return Reading(self.missing_values, self.columns)

    @property
    def of_split(self) -> tuple[str, ...]:
        """The columns that decide which set a row goes to."""
        return tuple(name for name in (self.group, self.time, self.split_column) if name is not None)

    @property
    def group_is_a_number(self) -> bool:
        """Whether the groups are told apart as the numbers, if they are any, that a feature reads."""
        return self.group in (self.features or ()) and self.group not in self.categorical.columns

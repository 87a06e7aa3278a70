"""What is asked of the data: the `data` section of a config. config/schema.py says what a key means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple, TypeVar, cast, get_args

import numpy as np

from mlptrain.arrays import Targets
from mlptrain.data.written import Reading, Written

Made = TypeVar("Made")
HeldOut = float | str | None
"""Validation or test rows: a fraction of the training file, a file of their own, or none."""
Scale = Literal["standard", "minmax", "smooth_clip", "log", "none"]
ColumnKind = Literal["number", "category", "date", "ignore"]
NumberEncoding = Literal["none", "piecewise"]
CategoryEncoding = Literal["one_hot", "embedding", "target"]
MissingPolicy = Literal["error", "mean", "median", "drop"]
ScaleTarget = Literal["standard", "log", "log1p", "none"]
Dates = Literal["number", "parts"]
TargetPolicy = Literal["error", "drop"]
CategoryPolicy = Literal["error", "zeros"]
UnseenPolicy = Literal["error", "zeros", "mode"]


@dataclass(frozen=True)
class Missing:
    """`data.missing`."""

    policy: MissingPolicy
    indicator: bool


@dataclass(frozen=True)
class Numeric:
    """`data.numeric`."""

    encode: NumberEncoding


@dataclass(frozen=True)
class Categorical:
    """`data.categorical`."""

    encode: CategoryEncoding | Literal["error"]
    binary: Literal["one_hot", "signed"]
    unseen: UnseenPolicy
    missing: CategoryPolicy
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Role:
    """What `data.columns` says of one column beside its notation; None: as for all columns."""

    kind: ColumnKind | None = None
    encode: NumberEncoding | CategoryEncoding | None = None
    scale: Scale | None = None
    dates: Dates | None = None

    @property
    def implied(self) -> ColumnKind | None:
        """The kind, or the one that only has such an encoding."""
        if self.kind is None and self.dates is not None:
            return "date"
        if self.kind is None and self.encode is not None:
            return "number" if self.encode in get_args(NumberEncoding) else "category"
        return self.kind


PLAIN = Role()
"""That of a column of which nothing is said."""


def of_fields(kind: Callable[..., Made], section: Mapping[str, Any]) -> Made:
    """A dataclass from those keys of a section that are its fields.

    >>> of_fields(Role, {"scale": "log", "decimal": ","})
    Role(kind=None, encode=None, scale='log', dates=None)
    """
    names = {each.name for each in fields(cast(Any, kind))}
    return kind(**{name: value for name, value in section.items() if name in names})


class Fold(NamedTuple):
    """`data.fold`: the fold that is held out, from 1 on, and how many there are."""

    number: int
    of: int
    holds: Literal["test", "val"] = "test"


@dataclass(frozen=True)
class Settings:
    """The section, key by key, and what the rest of the config says about the rows.

    train      a file, or a toy set {"name": "spiral", ...}
    columns    how the values of single columns are written
    roles      what single columns are, and become
    targets    what the loss learns
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
    scale_target: ScaleTarget
    clip_target: bool
    target_missing: TargetPolicy
    missing: Missing
    missing_values: tuple[str, ...] | None
    columns: Mapping[str, Written]
    roles: Mapping[str, Role]
    numeric: Numeric
    categorical: Categorical
    dates: Literal["refuse", "ignore"] | Dates
    transform: Literal["polar"] | None
    cache: str
    targets: Targets
    seed: int
    dtype: np.dtype[Any]
    classes: tuple[str, ...] | None = None  # where they are known before the rows

    @property
    def reading(self) -> Reading:
        """How the texts of the files are read."""
        return Reading(self.missing_values, self.columns)

    def named(self, *kinds: ColumnKind) -> tuple[str, ...]:
        """The columns that `data.columns` says are of one of these kinds."""
        return tuple(name for name, role in self.roles.items() if role.implied in kinds)

    def left_out(self) -> set[str]:
        """The columns that the config ignores."""
        return {*self.ignore, *self.named("ignore")}

    def scale_of(self, name: str) -> Scale:
        """The scale of a number column."""
        return self.role(name).scale or self.scale

    def dates_of(self, name: str) -> Literal["refuse", "ignore"] | Dates:
        """What becomes of a column of dates; of one that is said to be so, a number at least."""
        role = self.role(name)
        if role.dates is None and role.implied == "date" and self.dates in ("refuse", "ignore"):
            return "number"
        return role.dates or self.dates

    def category_encoding(self, name: str) -> NumberEncoding | CategoryEncoding | Literal["error"]:
        """How a column of categories enters, where it has many."""
        return self.role(name).encode or self.categorical.encode

    def is_piecewise(self, name: str) -> bool:
        """Whether a number column enters as bins too."""
        return (self.role(name).encode or self.numeric.encode) == "piecewise"

    def role(self, name: str) -> Role:
        """What is said of one column."""
        return self.roles.get(name, PLAIN)

    @property
    def of_split(self) -> tuple[str, ...]:
        """The columns that decide which set a row goes to."""
        return tuple(name for name in (self.group, self.time, self.split_column) if name is not None)

    @property
    def group_is_a_number(self) -> bool:
        """Whether the groups are told apart as the numbers, if they are any, that a feature reads."""
        labels = (*self.categorical.columns, *self.named("category"))
        return self.group in (self.features or ()) and self.group not in labels

    @property
    def classify(self) -> bool:
        """Whether the target is a class."""
        return self.targets == "classes"

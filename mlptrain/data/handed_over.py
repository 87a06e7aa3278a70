"""Rows that a program hands over to be learned from: they take the place of a file in the settings.

X is a data frame, a dict of columns, an Arrow table or an array (N, D); y names a column, or is values.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.dataset import Dataset
from mlptrain.data.matrix import checked, numbered
from mlptrain.data.objects import one_dimensional, plain
from mlptrain.data.prepared import Prepared, prepare
from mlptrain.data.preprocessing.class_target import ClassTarget
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.readers.sources import open_frame, open_source
from mlptrain.data.settings import Settings
from mlptrain.data.source import Extensible, Source, require
from mlptrain.errors import ConfigError, DataError
from mlptrain.messages import printable

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class HandedOver:
    """Named columns with one value for each row, and which of them are targets and row weights."""

    source: Extensible
    targets: tuple[str, ...]
    weight: str | None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all values and names."""
        return hashlib.sha256(self.source.content()).hexdigest()


def is_named(X: object) -> bool:
    """Whether the columns of X have names, as those of a data frame do; a Series is one column."""
    named = hasattr(X, "columns") and hasattr(X, "__getitem__")
    streams = hasattr(X, "__arrow_c_stream__") and hasattr(X, "schema")
    return named or streams or isinstance(X, Mapping)


def handed_over(
    what: str, X: object, y: object, weight: object = None, like: HandedOver | None = None
) -> HandedOver:
    """The rows of X with their targets and weights, called as those of `like` where it is given."""
    source = rows_of(what, X)
    columns = dict[str, NDArray[Any]]()
    names = named_in(source, y)
    if not names:
        columns = target_columns("y", y, like.targets if like else (), source.names)
        names = tuple(columns)
    where = None
    if weight is not None:
        where, more = weight_column(weight, (*source.names, *names))
        if like and more:
            where, more = like.weight, {str(like.weight): more[str(where)]}
        columns |= more
    for name, column in columns.items():
        one_dimensional(what, name, column, len(source))
    found = source.beside(columns) if columns else source
    require(found, [*names, *([where] if where else [])])
    return HandedOver(found, names, where)


def by_columns(X: Any) -> Any:
    """A dict of columns where X is a list of rows as dicts, with None where a row has no value; else X.

    >>> by_columns([{"a": 1}, {"a": 2, "b": "x"}])
    {'a': [1, 2], 'b': [None, 'x']}
    """
    if not isinstance(X, list | tuple) or not X or not all(isinstance(row, Mapping) for row in X):
        return X
    names = dict.fromkeys(name for row in X for name in row)
    return {name: [row.get(name) for row in X] for name in names}


def rows_of(what: str, X: object) -> Extensible:
    """The columns of X; those of an array are x0, x1, ..., numbers if all are, else what each holds."""
    X = by_columns(X)
    if is_named(X):
        return open_frame(what, X)
    array = np.asarray(X)
    if array.ndim == 2 and array.size and array.dtype.kind not in "biuf":
        names = numbered(array.shape[1])
        return open_frame(what, dict(zip(names, array.T, strict=True)))
    return checked(what, array, {})


def named_in(source: Source, y: object) -> tuple[str, ...]:
    """The columns of the source that y names: one, or a list of them that is no column of values."""
    if isinstance(y, str):
        return (y,)
    if not isinstance(y, list | tuple) or len(y) == len(source):
        return ()
    names = tuple(each for each in y if isinstance(each, str) and each in source.names)
    return names if len(names) == len(y) else ()


def target_columns(what: str, y: object, targets: Sequence[str], taken: Sequence[str] = ()) -> Columns:
    """The columns of y (N,) or (N, K) by name: its own names, or `targets`, or y, or y0, y1, ..."""
    if is_named(y):
        frame = open_frame(what, y, targets or None)
        found = {name: plain(what, name, frame.array(name)) for name in frame.names}
    else:
        array = np.asarray(y)
        several = array[:, None] if array.ndim == 1 else array
        if several.ndim != 2 or (targets and several.shape[1] != len(targets)):
            shape = "(N,)" if len(targets) == 1 else f"(N, {len(targets) or 'K'})"
            given = ", ".join(map(printable, targets))
            needed = f"{shape} is needed{f', for {given}' if given else ''}"
            raise DataError(f"{what} has shape {array.shape}: {needed}")
        own = targets or _names(y, several.shape[1])
        columns = zip(own, several.T, strict=True)
        found = {name: plain(what, name, column) for name, column in columns}
    if twice := [name for name in found if name in taken]:
        name = printable(twice[0])
        advice = f"leave it out, or name it as the target: fit(X, {name!r})"
        raise DataError(f"X has a column {name!r}, as y has: {advice}")
    return found


def _names(y: object, count: int) -> tuple[str, ...]:
    """The name of a Series, or y; with a number where there are several columns."""
    own = getattr(y, "name", None)
    name = str(own) if isinstance(own, str | int) and own != "" else "y"
    return (name,) if count == 1 else numbered(count, name=name)


def weight_column(weight: object, taken: Sequence[str]) -> tuple[str, Columns]:
    """The name of the column of row weights, and its values where it is not a name."""
    if isinstance(weight, str):
        return weight, {}
    name = "weight"
    while name in taken:
        name += "_"
    values = plain("weight", name, np.asarray(weight))
    if values.dtype.kind not in "biuf":
        raise DataError("weight: holds text: one number for each row is needed")
    return name, {name: values}


PLACE = "(handed over: {})"
"""What stands in a config instead of a file."""


def is_handed_over(path: object) -> bool:
    """Whether a setting stands for rows that a program has handed over."""
    return isinstance(path, str) and path.startswith(PLACE.partition("{")[0])


def refuse(path: object) -> None:
    """ConfigError for rows that no file has."""
    if is_handed_over(path):
        raise ConfigError(
            f"{path}: these rows came from a program and are in no file: name others by --data FILE; "
            "a run goes on by mlptrain.fit(X, y, resume=RUN)"
        )


def load_handed_over(
    given: Mapping[str, HandedOver], settings: Settings, fitted: Preprocessing | None
) -> Dataset:
    """The dataset of handed-over rows, each by the path that stands for it in the settings."""
    prepared, fingerprint = prepare_handed_over(given, settings, fitted)
    return prepared.in_memory(fingerprint)


def prepare_handed_over(
    given: Mapping[str, HandedOver], settings: Settings, fitted: Preprocessing | None
) -> tuple[Prepared, Mapping[str, str]]:
    """As `load_handed_over`, before the inputs are made; and the fingerprint of each part."""
    assert isinstance(settings.train, str)
    train = given[settings.train]
    reading = settings.reading if fitted is None else fitted.reading

    def opener(path: str, *, labels: str | None, expected: Sequence[str] = ()) -> Source:
        if path in given:
            return given[path].source.read_as(reading)
        return open_source(path, labels=labels, expected=expected, reading=reading)

    source = opener(settings.train, labels=None)
    prepared = prepare(source, list(train.targets), settings, fitted, opener)
    made, target = prepared.preprocessing, prepared.preprocessing.target
    if fitted is None and isinstance(target, ClassTarget):
        target = replace(target, label_type=train.source.type_of(target.name))
        prepared = replace(prepared, preprocessing=replace(made, target=target))
    return prepared, dict(_fingerprints(given, settings))


def _fingerprints(given: Mapping[str, HandedOver], settings: Settings) -> Iterator[tuple[str, str]]:
    for path, rows in given.items():
        if path in (settings.train, settings.val, settings.test):
            yield path, rows.fingerprint

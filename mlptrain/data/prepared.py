"""The last step of loading: fitted preprocessing and the rows of each set become a Dataset.

The inputs are made block by block, and go into memory or into a file of the cache, with the same bits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.data.dataset import Dataset, Rows
from mlptrain.data.partition import learn, partition
from mlptrain.data.preprocessing.encodings import for_training
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.repairs import Repair, RepairNote
from mlptrain.data.readers.sources import labels_of
from mlptrain.data.settings import Settings
from mlptrain.data.source import RowIndex, Source
from mlptrain.data.split import Partition
from mlptrain.errors import DataError
from mlptrain.messages import count


@dataclass(frozen=True)
class Prepared:
    """What is known before the inputs are made.

    training       what the training rows go through: the same, but for the target in their columns
    sets           train, and val and test where there are any: the source and the rows of it
    partition   the places of the rows in the training file
    notes       what the user should be told so far
    """

    preprocessing: Preprocessing
    training: Preprocessing
    sets: dict[str, tuple[Source, RowIndex]]
    partition: Partition
    dtype: np.dtype[Any]
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        for source, rows in self.sets.values():
            if not len(rows):
                raise no_rows(source)
            self.preprocessing.check_weights(source, rows, self.dtype)

    def made_for(self, name: str) -> Preprocessing:
        """What the rows of a set go through."""
        return self.training if name == "train" else self.preprocessing

    def nbytes(self) -> int:
        """Bytes of the inputs of all sets."""
        numbers, codes = (len(self.preprocessing.outputs(array)) for array in ("numbers", "codes"))
        width = numbers * self.dtype.itemsize + codes * np.dtype(np.int32).itemsize
        return width * sum(len(rows) for _, rows in self.sets.values())

    def in_memory(self, fingerprint: Mapping[str, str]) -> Dataset:
        """The dataset with all rows in memory."""
        sets, notes = dict[str, Rows](), list(self.notes)
        for name, (source, rows) in self.sets.items():
            sets[name], repairs = rows_of(self.made_for(name), source, rows, self.dtype)
            notes += [RepairNote(name, repair.short()) for repair in repairs]
        places = Partition(*(np.asarray(rows) for rows in self.partition))
        return Dataset(self.preprocessing, places, fingerprint, tuple(notes), **sets)


class Opener(Protocol):
    """Opens the rows of a file."""

    def __call__(self, path: str, *, labels: str | None, expected: Sequence[str] = ()) -> Source:
        """`labels` is the file of labels of a pair; `expected` the features wanted."""


def prepare(
    source: Source, names: list[str], settings: Settings, fitted: Preprocessing | None, opener: Opener
) -> Prepared:
    """Partition the rows and learn from those that train, unless there is a fitted preprocessing.

    `names` are the target columns; `opener` opens the files of validation and test rows.
    """
    if fitted is None:
        preprocessing, places, notes = learn(source, names, settings)
    else:
        preprocessing = fitted
        rows, notes = preprocessing.usable(source)
        places = partition(source, rows, names, settings)
    sets: dict[str, tuple[Source, RowIndex]] = {"train": (source, places.train)}
    for name, held_out, drawn in (
        ("val", settings.val, places.val),
        ("test", settings.test, places.test),
    ):
        if isinstance(held_out, str):
            labels = labels_of(held_out, None)
            other = opener(held_out, labels=labels, expected=preprocessing.inputs)
            own, dropped = preprocessing.usable(other)
            notes += dropped
            sets[name] = (other, own)
        elif len(drawn):
            sets[name] = (source, drawn)
    training = for_training(preprocessing, source, places.train, settings.seed)
    return Prepared(preprocessing, training, sets, places, settings.dtype, tuple(notes))


def no_rows(source: Source) -> DataError:
    """The error for a file of which nothing is left."""
    return DataError(f"{source.path}: no rows are left ({count(len(source), 'row')} read)")


def rows_of(
    preprocessing: Preprocessing, source: Source, rows: RowIndex, dtype: DTypeLike
) -> tuple[Rows, list[Repair]]:
    """Rows in memory, and what was repaired."""
    inputs, repairs = preprocessing.apply(source, rows, dtype)
    makers = makers_of(preprocessing, source, dtype)
    return Rows(inputs, **{key: make(rows) for key, make in makers.items()}), repairs


def makers_of(preprocessing: Preprocessing, source: Source, dtype: DTypeLike) -> dict[str, Any]:
    """What makes each array that there is beside the inputs."""
    makers: dict[str, Any] = {"y": partial(preprocessing.encode, source, dtype=dtype)}
    if preprocessing.weight is not None:
        makers["weights"] = partial(preprocessing.weights, source, dtype=dtype)
    if preprocessing.classes is None:
        makers["truth"] = partial(preprocessing.truth, source)
    return makers

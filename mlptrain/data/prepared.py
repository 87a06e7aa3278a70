"""The last step of loading: fitted preprocessing and the rows of each set become a Dataset.

The inputs are made block by block, and go into memory or into a file of the cache, with the same bits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.data.cache.rows_file import RowsFile, RowsWriter
from mlptrain.data.dataset import Dataset, Rows
from mlptrain.data.inputs import Inputs
from mlptrain.data.partition import learn, partition
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.repairs import Repair, RepairNote
from mlptrain.data.readers.sources import labels_of
from mlptrain.data.settings import Settings
from mlptrain.data.source import RowIndex, Source, blocks, in_blocks
from mlptrain.data.split import Partition
from mlptrain.errors import DataError
from mlptrain.messages import count

MOST_BESIDE = 1 << 26
"""Bytes of targets, or of row weights, that are held in memory where the inputs stay in a file."""


@dataclass(frozen=True)
class Prepared:
    """What is known before the inputs are made.

    sets        train, and val and test where there are any: the source and the rows of it
    partition   the places of the rows in the training file
    notes       what the user should be told so far
    """

    preprocessing: Preprocessing
    sets: dict[str, tuple[Source, RowIndex]]
    partition: Partition
    dtype: np.dtype[Any]
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        for source, rows in self.sets.values():
            if not len(rows):
                raise no_rows(source)
            self.preprocessing.check_weights(source, rows, self.dtype)

    def nbytes(self) -> int:
        """Bytes of the inputs of all sets."""
        numbers, codes = (len(self.preprocessing.outputs(array)) for array in ("numbers", "codes"))
        width = numbers * self.dtype.itemsize + codes * np.dtype(np.int32).itemsize
        return width * sum(len(rows) for _, rows in self.sets.values())

    def in_memory(self, fingerprint: Mapping[str, str]) -> Dataset:
        """The dataset with all rows in memory."""
        sets, notes = dict[str, Rows](), list(self.notes)
        for name, (source, rows) in self.sets.items():
            sets[name], repairs = rows_of(self.preprocessing, source, rows, self.dtype)
            notes += [RepairNote(name, repair) for repair in repairs]
        places = Partition(*(np.asarray(rows) for rows in self.partition))
        return Dataset(self.preprocessing, places, fingerprint, tuple(notes), **sets)

    def write(self, writer: RowsWriter) -> None:
        """Everything that `read_prepared` needs, into a file of the cache."""
        repairs = list[tuple[str | int, ...]]()
        for name, (source, rows) in self.sets.items():
            for array, features in self.preprocessing.features_of(source, rows, self.dtype).items():
                writer.add(f"{name}.{array}", features)
                repairs += [(name, *astuple(each)) for each in features.repairs()]
            for key, make in _makers(self.preprocessing, source, self.dtype).items():
                writer.add(f"{name}.{key}", in_blocks(make, rows, 1))
        for name, rows in self.partition._asdict().items():
            writer.add(f"rows.{name}", blocks(rows, 1))
        writer.finish(
            {"preprocessing": self.preprocessing.to_json(), "notes": self.notes, "repairs": repairs}
        )


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
    return Prepared(preprocessing, sets, places, settings.dtype, tuple(notes))


def no_rows(source: Source) -> DataError:
    """The error for a file of which nothing is left."""
    return DataError(f"{source.path}: no rows are left ({count(len(source), 'row')} read)")


def rows_of(
    preprocessing: Preprocessing, source: Source, rows: RowIndex, dtype: DTypeLike
) -> tuple[Rows, list[Repair]]:
    """Rows in memory, and what was repaired."""
    inputs, repairs = preprocessing.apply(source, rows, dtype)
    makers = _makers(preprocessing, source, dtype)
    return Rows(inputs, **{key: make(rows) for key, make in makers.items()}), repairs


def _makers(preprocessing: Preprocessing, source: Source, dtype: DTypeLike) -> dict[str, Any]:
    """What makes each array that there is beside the inputs."""
    makers: dict[str, Any] = {"y": partial(preprocessing.encode, source, dtype=dtype)}
    if preprocessing.weight is not None:
        makers["weights"] = partial(preprocessing.weights, source, dtype=dtype)
    if preprocessing.classes is None:
        makers["truth"] = partial(preprocessing.truth, source)
    return makers


def read_prepared(file: RowsFile, fingerprint: Mapping[str, str], note: str) -> Dataset:
    """The dataset that `write` has written. `note` says where the file is.

    Inputs and places of rows stay there, and so does whatever takes more than MOST_BESIDE bytes.
    """
    sets = dict[str, Rows]()
    for name in ("train", "val", "test"):
        if f"{name}.numbers" in file.arrays:
            inputs = Inputs(file.arrays[f"{name}.numbers"], file.arrays.get(f"{name}.codes"))
            sets[name] = Rows(
                inputs, *(_beside(file, f"{name}.{key}") for key in ("y", "weights", "truth"))
            )
    places = Partition(*(cast(RowIndex, file.arrays[f"rows.{name}"]) for name in Partition._fields))
    preprocessing = Preprocessing.from_json(file.document["preprocessing"])
    notes = [f"prepared rows {note}, which may be deleted at any time", *file.document["notes"]]
    notes += [RepairNote(name, Repair(*parts)) for name, *parts in file.document.get("repairs", ())]
    return Dataset(preprocessing, places, fingerprint, tuple(notes), **sets)


def _beside(file: RowsFile, name: str) -> Any:
    """An array of the file, in memory where it is not too large; None where there is none."""
    array = file.arrays.get(name)
    return array[:] if array is not None and array.nbytes <= MOST_BESIDE else array

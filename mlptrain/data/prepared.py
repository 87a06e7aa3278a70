"""The last step of loading: fitted preprocessing and the rows of each set become a Dataset.

X is made block by block, and goes into memory or into a file of the cache. The bits are the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.data.cache.rows_file import RowsFile, RowsWriter
from mlptrain.data.dataset import Dataset, Rows
from mlptrain.data.inputs import Inputs
from mlptrain.data.partition import Sharing, learn, share_out
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.recipe import Recipe
from mlptrain.data.readers.sources import labels_of
from mlptrain.data.source import RowIndex, Source, blocks, in_blocks
from mlptrain.data.split import Parts
from mlptrain.errors import DataError
from mlptrain.messages import count

MOST_BESIDE = 1 << 26
"""Bytes of targets, or of row weights, that are held in memory where X stays in a file."""


@dataclass(frozen=True)
class Prepared:
    """What is known before X is made.

    sets     train, and val and test where there are any: the source and the rows of it
    parts    the places of the rows in the training file
    notes    what the user should be told so far
    """

    made: Preprocessing
    sets: dict[str, tuple[Source, RowIndex]]
    parts: Parts
    dtype: DTypeLike
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        for source, rows in self.sets.values():
            if not len(rows):
                raise no_rows(source)
            self.made.check_weights(source, rows, self.dtype)

    def nbytes(self) -> int:
        """Bytes of the X of all sets."""
        rows = sum(len(rows) for _, rows in self.sets.values())
        return rows * len(self.made.features) * np.dtype(self.dtype).itemsize

    def in_memory(self, fingerprint: Mapping[str, str]) -> Dataset:
        """The dataset with every X in memory."""
        sets, notes = dict[str, Rows](), list(self.notes)
        for name, (source, rows) in self.sets.items():
            inputs, filled = self.made.X(source, rows, self.dtype)
            notes += [f"{name}: {note}" for note in filled]
            sets[name] = Rows(inputs, **beside(self.made, source, rows, self.dtype))
        parts = Parts(*(np.asarray(rows) for rows in self.parts))
        return _dataset(self.made, sets, parts, fingerprint, notes)

    def write(self, writer: RowsWriter) -> None:
        """Everything that `read_prepared` needs, into a file of the cache."""
        notes = list(self.notes)
        for name, (source, rows) in self.sets.items():
            numbers = self.made.features_of(source, rows, self.dtype)
            writer.add(f"{name}.numbers", numbers)
            notes += [f"{name}: {note}" for note in numbers.notes()]
            for key, make in _makers(self.made, source, self.dtype).items():
                writer.add(f"{name}.{key}", in_blocks(make, rows, 1))
        for name, rows in self.parts._asdict().items():
            writer.add(f"rows.{name}", blocks(rows, 1))
        writer.finish({"preprocessing": self.made.to_json(), "notes": notes})


class Opener(Protocol):
    """Opens the rows of a file."""

    def __call__(self, path: str, *, labels: str | None, expected: Sequence[str] = ()) -> Source:
        """`labels` is the file of labels of a pair; `expected` the features wanted."""


def prepare(
    source: Source,
    names: list[str],
    recipe: Recipe,
    sharing: Sharing,
    fitted: Preprocessing | None,
    opener: Opener,
) -> Prepared:
    """Share out the rows and learn from those that train, unless there is a fitted preprocessing.

    `names` are the target columns; `opener` opens the files of validation and test rows.
    """
    if fitted is None:
        made, parts, notes = learn(source, names, recipe, sharing)
    else:
        made = fitted
        rows, notes = made.usable(source)
        parts = share_out(source, rows, names, sharing)
    sets: dict[str, tuple[Source, RowIndex]] = {"train": (source, parts.train)}
    for name, part, drawn in (("val", sharing.val, parts.val), ("test", sharing.test, parts.test)):
        if isinstance(part, str):
            other = opener(part, labels=labels_of(part, None), expected=made.inputs)
            own, dropped = made.usable(other)
            notes += dropped
            sets[name] = (other, own)
        elif len(drawn):
            sets[name] = (source, drawn)
    return Prepared(made, sets, parts, sharing.dtype, tuple(notes))


def no_rows(source: Source) -> DataError:
    """The error for a file of which nothing is left."""
    return DataError(f"{source.path}: no rows are left ({count(len(source), 'row')} read)")


def beside(made: Preprocessing, source: Source, rows: RowIndex, dtype: DTypeLike) -> dict[str, Any]:
    """What Rows holds beside X, where there is any."""
    return {key: make(rows) for key, make in _makers(made, source, dtype).items()}


def _makers(made: Preprocessing, source: Source, dtype: DTypeLike) -> dict[str, Any]:
    """What makes each array that there is beside X."""
    makers: dict[str, Any] = {"y": partial(made.y, source, dtype=dtype)}
    if made.weight is not None:
        makers["weights"] = partial(made.weights, source, dtype=dtype)
    if made.classes is None:
        makers["truth"] = partial(made.truth, source)
    return makers


def read_prepared(file: RowsFile, fingerprint: Mapping[str, str], note: str) -> Dataset:
    """The dataset that `write` has written. `note` says where the file is.

    X and the places of the rows stay there, and so does whatever takes more than MOST_BESIDE bytes.
    """
    sets = dict[str, Rows]()
    for name in ("train", "val", "test"):
        if f"{name}.numbers" in file.arrays:
            inputs = Inputs(file.arrays[f"{name}.numbers"], file.arrays.get(f"{name}.codes"))
            sets[name] = Rows(
                inputs, *(_beside(file, f"{name}.{key}") for key in ("y", "weights", "truth"))
            )
    parts = Parts(*(cast(RowIndex, file.arrays[f"rows.{name}"]) for name in Parts._fields))
    made = Preprocessing.from_json(file.document["preprocessing"])
    notes = [f"prepared rows {note}, which may be deleted at any time", *file.document["notes"]]
    return _dataset(made, sets, parts, fingerprint, notes)


def _beside(file: RowsFile, name: str) -> Any:
    """An array of the file, in memory where it is not too large; None where there is none."""
    array = file.arrays.get(name)
    return array[:] if array is not None and array.nbytes <= MOST_BESIDE else array


def _dataset(
    made: Preprocessing,
    sets: dict[str, Rows],
    parts: Parts,
    fingerprint: Mapping[str, str],
    notes: list[str],
) -> Dataset:
    return Dataset(
        train=sets["train"],
        val=sets.get("val"),
        test=sets.get("test"),
        features=made.features,
        targets=made.targets,
        classes=made.classes,
        preprocessing=made,
        parts=parts,
        fingerprint=fingerprint,
        notes=tuple(notes),
    )

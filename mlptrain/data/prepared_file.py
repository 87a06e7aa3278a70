"""Prepared rows as a file of the cache: what is written, and what is taken for it when it is read.

A seal says that we wrote a file, not that it is right. So the arrays are held against the settings
before any memory is given to them: which there are, their types, their widths and their rows.
"""

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.data.cache.description import Damaged
from mlptrain.data.cache.rows_file import RowsFile, RowsWriter
from mlptrain.data.dataset import CHUNK, Dataset, Rows
from mlptrain.data.inputs import Inputs
from mlptrain.data.prepared import Prepared, makers_of
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.repairs import Repair, RepairNote
from mlptrain.data.request import Request
from mlptrain.data.source import RowIndex, blocks, in_blocks
from mlptrain.data.split import Partition
from mlptrain.errors import CheckpointError

MOST_BESIDE = 1 << 26
"""Bytes of targets, or of row weights, that are held in memory where the inputs stay in a file."""


def write_prepared(prepared: Prepared, writer: RowsWriter) -> None:
    """Everything that `read_prepared` needs, into a file of the cache."""
    preprocessing, dtype = prepared.preprocessing, prepared.dtype
    repairs = list[tuple[Any, ...]]()
    for name, (source, rows) in prepared.sets.items():
        for array, features in prepared.made_for(name).features_of(source, rows, dtype).items():
            writer.add(f"{name}.{array}", features)
            repairs += [(name, *astuple(each.short())) for each in features.repairs()]
        for key, make in makers_of(preprocessing, source, dtype).items():
            writer.add(f"{name}.{key}", in_blocks(make, rows, 1))
    for name, rows in prepared.partition._asdict().items():
        writer.add(f"rows.{name}", blocks(rows, 1))
    notes = list(prepared.notes)
    writer.finish({"preprocessing": preprocessing.to_json(), "notes": notes, "repairs": repairs})


def read_prepared(file: RowsFile, request: Request, fingerprint: Mapping[str, str]) -> Dataset:
    """The dataset that `write_prepared` has written. Damaged where it is not that of the request.

    Inputs and places of rows stay there, and so does whatever takes more than MOST_BESIDE bytes.
    """
    preprocessing, notes = _document(file.document, request)
    arrays, sets = file.arrays, dict[str, Rows]()
    present = [name for name in ("train", "val", "test") if f"{name}.numbers" in arrays]
    _check(file, preprocessing, present, request.settings.dtype)
    for name in present:
        inputs = Inputs(arrays[f"{name}.numbers"], arrays.get(f"{name}.codes"))
        sets[name] = Rows(
            inputs, *(_beside(file, f"{name}.{key}") for key in ("y", "weights", "truth"))
        )
        if preprocessing.classes is not None:
            _check_classes(sets[name].y, len(preprocessing.classes))
    places = Partition(*(cast(RowIndex, arrays[f"rows.{name}"]) for name in Partition._fields))
    told = (file.note, *notes) if file.note else tuple(notes)
    return Dataset(preprocessing, places, fingerprint, told, **sets)


def _document(document: Mapping[str, Any], request: Request) -> tuple[Preprocessing, list[str]]:
    """The preprocessing and the notes."""
    if set(document) != {"preprocessing", "notes", "repairs"}:
        raise Damaged("its document has other keys")
    notes, repairs = document["notes"], document["repairs"]
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise Damaged("its notes are no text")
    if not isinstance(repairs, list) or not all(_is_repair(each) for each in repairs):
        raise Damaged("its repairs are not as written")
    try:
        preprocessing = Preprocessing.from_json(document["preprocessing"])
    except CheckpointError:
        raise Damaged("its preprocessing is not as written") from None
    if request.fitted not in (None, preprocessing):
        raise Damaged("it was made with another preprocessing")
    told = (
        RepairNote(name, Repair(number, noun, column, outcome, _values(values)))
        for name, number, noun, column, outcome, values in repairs
    )
    return preprocessing, [*notes, *told]


def _values(entry: list[list[Any]]) -> tuple[tuple[str, int], ...]:
    return tuple((text, number) for text, number in entry)


def _is_repair(entry: Any) -> bool:
    """Whether an entry names a set of rows and the five parts of a repair."""
    types = [str, int, str, str, str, list]
    if not isinstance(entry, list) or [type(part) for part in entry] != types:
        return False
    pairs = [[type(part) for part in pair] for pair in entry[-1] if isinstance(pair, list)]
    return pairs == [[str, int]] * len(entry[-1])


def _check(file: RowsFile, preprocessing: Preprocessing, present: list[str], dtype: DTypeLike) -> None:
    """Damaged unless there are exactly the arrays that the settings call for."""
    there = {name: (array.dtype, array.shape) for name, array in file.arrays.items()}
    rows = {name: file.arrays[f"{name}.numbers"].shape[0] for name in present}
    expected = dict[str, Any]()
    for name, n in rows.items():
        for key, (kind, *width) in _forms(preprocessing, dtype).items():
            expected[f"{name}.{key}"] = (np.dtype(kind), (n, *width))
    for name in Partition._fields:
        own = there.get(f"rows.{name}", (None, (0,)))[1]
        n = rows.get(name, 0) if own != (0,) or name == "train" else 0  # 0 where it is another file
        expected[f"rows.{name}"] = (np.dtype(np.int64), (n,))
    if "train" not in rows or 0 in rows.values() or there != expected:
        raise Damaged("its arrays are not those of the settings")


def _forms(preprocessing: Preprocessing, dtype: DTypeLike) -> dict[str, tuple[Any, ...]]:
    """The type and the width of each array of a set."""
    forms: dict[str, tuple[Any, ...]] = {"numbers": (dtype, len(preprocessing.features))}
    if any(column.array == "codes" for column in preprocessing.columns):
        forms["codes"] = (np.int32, len(preprocessing.outputs("codes")))
    if preprocessing.weight is not None:
        forms["weights"] = (dtype,)
    if preprocessing.classes is not None:
        return forms | {"y": (np.int64,)}
    targets = len(preprocessing.targets)
    return forms | {"y": (dtype, targets), "truth": (np.float64, targets)}


def _check_classes(y: Any, classes: int) -> None:
    """Damaged where a number is that of no class."""
    for start in range(0, len(y), CHUNK):
        here = y[start : start + CHUNK]
        if not 0 <= here.min() <= here.max() < classes:
            raise Damaged("a number is that of no class")


def _beside(file: RowsFile, name: str) -> Any:
    """An array of the file, in memory where it is not too large; None where there is none."""
    array = file.arrays.get(name)
    return array[:] if array is not None and array.nbytes <= MOST_BESIDE else array

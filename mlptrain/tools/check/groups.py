"""Groups and near copies in two sets: what training knows of a patient helps with its test rows."""

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.dataset import Rows
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.readers.sources import is_matrix, is_pair, open_source
from mlptrain.data.request import LARGE, file_size
from mlptrain.messages import count, in_yaml, some
from mlptrain.tools.belonging import belonging
from mlptrain.tools.check.case import Case
from mlptrain.tools.check.leaks import MOST_ROWS, POSSIBLE
from mlptrain.tools.check.verdict import Verdict, doubt, fine
from mlptrain.training.build import settings_of

MOST_COLUMNS = 256
"""Of more columns, as a picture has, two rows that differ in one are no surprise."""
SEVERAL, MUCH = 3, 0.05
"""So many of the held-out rows are near another one by nature: cars of one model, flowers."""
Hashes = NDArray[np.uint64]


def shared_groups(case: Case) -> Verdict | None:
    """A column that looks like one of groups, with values that are both in train and in val or test.

    Later rows of the same group are what `data.time` is for. Columns that are left out count as well.
    """
    train, places = case.config.data.train, case.data.partition
    held = np.concatenate([np.asarray(places.val), np.asarray(places.test)])
    if not isinstance(train, str) or is_matrix(train) or is_pair(train) or case.config.data.time:
        return None
    if not len(held) or file_size(train) >= LARGE:
        return None
    source = open_source(train, labels=None, reading=settings_of(case.config).reading)
    apart = {*case.data.targets, case.config.data.weight, case.config.data.group, ""}
    found = list[str]()
    for name in (name for name in source.names if name not in apart):
        if belonging(source, name) is not None:
            rows = np.arange(len(source))
            codes = source.codes(name, source.levels(name, rows), rows)
            values = np.unique(codes[held])
            both = np.isin(values, codes[np.asarray(places.train)]).sum()
            found += [f"{name} ({both:,} of {count(len(values), 'value')})"] if both else []
    if not found:
        return fine("no column that looks like a group has the same value in two sets")
    first = in_yaml(found[0].rpartition(" (")[0])
    return doubt(
        f"values of held-out rows that are also in train: {some(found, 3)}",
        f"if rows of one value belong together, data.group: {first} keeps them in one part",
    )


def nearly_shared_rows(case: Case) -> Verdict | None:
    """Rows of val and test that differ from a training row in one column only: an id, a time."""
    data = case.data
    held = [rows for rows in (data.val, data.test) if rows is not None]
    if not held or not 3 <= len(data.preprocessing.columns) <= MOST_COLUMNS:
        return None
    train = _hashes(data.train, data.preprocessing)
    others = np.concatenate([_hashes(rows, data.preprocessing) for rows in held])
    others = others[~np.isin(others.sum(axis=1), train.sum(axis=1))]  # exact copies are told elsewhere
    near, named = np.zeros(len(others), bool), list[str]()
    different = [np.log(len(np.unique(column))) for column in train.T]
    for j, column in enumerate(data.preprocessing.columns):
        possible = sum(different) - different[j]
        if possible < np.log(POSSIBLE * len(train)):
            continue
        twins = np.isin(others.sum(axis=1) - others[:, j], train.sum(axis=1) - train[:, j])
        near |= twins
        named += [f"{column.name} ({twins.sum():,})"] if twins.any() else []
    total, shown = sum(map(len, held)), f": {some(named, 3)}" if named else ""
    rows = f"{near.sum():,} of {count(total, 'held-out row')}"
    line = f"{rows} differ from a training row in one column only"
    if near.sum() <= max(SEVERAL, MUCH * total):
        return fine(line + shown)
    advice = "copies with another id or time? remove them, or keep them in one part by data.group"
    return doubt(line + shown, advice)


def _hashes(rows: Rows, made: Preprocessing) -> Hashes:
    """(n, K) a number for what each input column holds in the first rows; equal for equal values."""
    X = np.asarray(rows.inputs.numbers[:MOST_ROWS], np.float64) + 0.0
    found, first = np.zeros((len(X), len(made.columns)), np.uint64), 0
    for k, column in enumerate(made.columns):
        for j in range(first, first + len(column.outputs) * (column.array == "numbers")):
            bits = np.ascontiguousarray(X[:, j]).view(np.uint64) + np.uint64(j + 1)
            for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
                bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)  # splitmix64
            found[:, k] += bits ^ (bits >> np.uint64(31))
            first += 1
    return found

"""From the `data` section of a config to a Dataset, and from a file to the rows of a trained model."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.data.cache.cache import Cache, open_cache
from mlptrain.data.dataset import Dataset, Rows
from mlptrain.data.fingerprints import Fingerprints
from mlptrain.data.partition import Part, Sharing
from mlptrain.data.prepared import (
    beside,
    no_rows,
    prepare,
    read_prepared,
)
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.recipe import make_recipe
from mlptrain.data.readers.sources import (
    labels_of,
    open_source,
    open_toy,
    target_names,
    toy_fingerprint,
)
from mlptrain.data.request import LARGE, Order, file_size
from mlptrain.data.row_set import every_row
from mlptrain.data.split import Fold
from mlptrain.system.memory_limit import memory_limit

SHARE = 4
"""X stays in a file where it would take more than one part in so many of the memory."""


def load_dataset(
    *,
    train: str | Mapping[str, Any],
    val: Part = None,
    test: Part = None,
    target: str | Sequence[str] | None = None,
    stratify: bool = True,
    fold: Mapping[str, int] | None = None,
    features: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    weight: str | None = None,
    scale: str = "standard",
    scale_target: str = "standard",
    missing: str | Mapping[str, Any] = "error",
    categorical: str | Mapping[str, Any] = "one_hot",
    dates: str = "refuse",
    transform: str | None = None,
    cache: str = "none",
    classify: bool,
    seed: int,
    dtype: DTypeLike,
    fitted: Preprocessing | None = None,
) -> Dataset:
    """Read, split, fit the preprocessing on the training rows, apply it to all: the `data` section.

    train    a file, or a toy set {"name": "spiral", ...}
    target   a column, or several of a regression; for `.npy` and IDX the file of labels
    fold     {"number": 1, "of": 5}: this fold is the test set, whatever `test` says
    cache    where tables too large for memory are prepared: auto, a directory, or none
    fitted   a stored preprocessing, which is then applied and nothing is fitted
    """
    scales = (scale, scale_target)
    recipe = make_recipe(features, ignore, weight, *scales, missing, categorical, dates, transform)
    held, test = (None, test) if fold is None else (Fold(**fold), None)
    sharing = Sharing(val, test, classify, stratify, held, seed, dtype)
    if isinstance(train, str):
        return _from_file(Order(train, target, recipe, sharing, fitted), cache)
    toy = open_toy(train, seed)
    names, fingerprint = target_names(toy, target), {toy.path: toy_fingerprint(train, seed)}
    return prepare(toy, names, recipe, sharing, fitted, open_source).in_memory(fingerprint)


def load_rows(
    path: str,
    preprocessing: Preprocessing,
    *,
    target_needed: bool,
    dtype: DTypeLike,
    labels: str | None = None,
) -> tuple[Rows, tuple[str, ...]]:
    """All rows of a file as a trained model sees them, and notes on repairs and unused columns.

    Without `target_needed` y is empty and every row is kept. `labels` is the file of labels of a
    `.npy` or IDX file; by default the one beside it.
    """
    named = labels_of(path, labels) if target_needed else None
    source = open_source(path, labels=named, expected=preprocessing.inputs)
    notes = preprocessing.extra(source)
    if not target_needed:
        inputs, filled = preprocessing.X(source, every_row(len(source)), dtype)
        return Rows(inputs, np.empty(0, np.int64)), (*notes, *filled)
    rows, dropped = preprocessing.usable(source)
    notes += dropped
    if not len(rows):
        raise no_rows(source)
    preprocessing.check_weights(source, rows, dtype)
    inputs, filled = preprocessing.X(source, rows, dtype)
    made = Rows(inputs, **beside(preprocessing, source, rows, dtype))
    return made, (*notes, *(f"{path}: {note}" for note in filled))


def _from_file(order: Order, setting: str) -> Dataset:
    """The dataset of a file."""
    files = order.files()
    fingerprint = Fingerprints(files)
    large = any(file_size(file) >= LARGE for file in files)
    cache = open_cache(setting) if large or setting != "auto" else None
    if cache is not None:
        return _through(cache, order, fingerprint)
    data = order.prepare(open_source).in_memory(fingerprint)
    fingerprint.begin()
    return data


def _through(cache: Cache, order: Order, fingerprint: Fingerprints) -> Dataset:
    """The dataset, taken from the cache or put there where it is too large for memory."""
    for settings in order.settings():
        if cache.holds(settings):
            found = cache.find(key(settings, fingerprint))
            if found is not None and order.agrees(found.document):
                return read_prepared(found, fingerprint, f"taken from {found.file.path}")
    prepared = order.prepare(order.opener(cache.scratch))
    if not cache.always and prepared.nbytes() <= memory_limit() // SHARE:
        data = prepared.in_memory(fingerprint)
        fingerprint.begin()  # training need not wait for it
        return data
    made = cache.make(key(settings, fingerprint), prepared.write)
    return read_prepared(made, fingerprint, f"kept in {made.file.path}")


def key(settings: str, fingerprint: Mapping[str, str]) -> str:
    """The name of prepared rows: the settings that made them, and the content of the files."""
    content = hashlib.sha256("".join(fingerprint.values()).encode())
    return f"{settings}-{content.hexdigest()[:32]}"

"""From the settings of a config to a Dataset, and from a file to the rows of a trained model."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import DTypeLike

from mlptrain.data.cache.cache import Cache, open_cache
from mlptrain.data.dataset import Dataset, Rows
from mlptrain.data.fingerprints import Fingerprints
from mlptrain.data.handed_over import refuse
from mlptrain.data.inputs import Inputs
from mlptrain.data.opened import Opened
from mlptrain.data.prepared import Prepared, no_rows, prepare, rows_of
from mlptrain.data.prepared_file import read_prepared, write_prepared
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.repairs import Repair, RepairNote
from mlptrain.data.readers.sources import (
    labels_of,
    open_source,
    open_toy,
    target_names,
    toy_fingerprint,
)
from mlptrain.data.request import LARGE, Request, file_size
from mlptrain.data.row_set import every_row
from mlptrain.data.settings import Settings
from mlptrain.data.source import Source
from mlptrain.system.memory_limit import memory_limit

Finished = TypeVar("Finished")
SHARE = 4
"""The inputs stay in a file where they would take more than one part in so many of the memory."""


def load_dataset(
    settings: Settings, fitted: Preprocessing | None = None, opened: Opened | None = None
) -> Dataset:
    """Read, partition, fit the preprocessing on the training rows, apply it to all.

    With `fitted`, a stored preprocessing, that is applied and nothing is fitted. What is in `opened` is
    not read again.
    """
    if not isinstance(settings.train, str):
        prepared, fingerprint = load_prepared(settings, fitted)
        return prepared.in_memory(fingerprint)
    for part in (settings.train, settings.val, settings.test):
        refuse(part)
    request = Request(settings.train, settings, fitted)
    if opened is None:
        return _from_file(request, Opened(), Prepared.in_memory)
    digest = request.digests()[-1]
    if opened.last is None or opened.last[0] != digest:
        opened.last = None  # two in memory at a time are one too many
        opened.last = (digest, _from_file(request, opened, Prepared.in_memory))
    return opened.last[1]


def load_for_another(
    settings: Settings, opened: Opened, finish: Callable[[Prepared, Fingerprints], Finished | None]
) -> Finished | None:
    """What `finish` makes of the rows, which are for another process; None where it can load them.

    It can where they are computed, or kept in the cache, and must where nothing may be written.
    """
    if not isinstance(settings.train, str) or settings.cache == "none":
        return None
    made = _from_file(Request(settings.train, settings, None), opened, finish)
    return None if isinstance(made, Dataset) else made


def load_prepared(
    settings: Settings, fitted: Preprocessing | None = None
) -> tuple[Prepared, Mapping[str, str]]:
    """As `load_dataset`, before the inputs are made: each set as rows of its source; fingerprints."""
    if isinstance(settings.train, str):
        request = Request(settings.train, settings, fitted)
        of_files = Fingerprints(request.files())
        return request.prepare(request.open_source), of_files
    toy = open_toy(settings.train, settings.seed)
    fingerprint = {toy.path: toy_fingerprint(settings.train, settings.seed)}
    names = target_names(toy, settings.target)
    opener = partial(open_source, reading=settings.reading)
    return prepare(toy, names, settings, fitted, opener), fingerprint


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
    source = open_source(
        path, labels=named, expected=preprocessing.inputs, reading=preprocessing.reading
    )
    notes = preprocessing.extra(source)
    if not target_needed:
        inputs, repairs = preprocessing.apply(source, every_row(len(source)), dtype)
        return Rows(inputs, np.empty(0, np.int64)), (*notes, *_notes_on(repairs, path))
    loaded, _, more = _labelled(path, source, preprocessing, (), dtype)
    return loaded, (*notes, *more)


def load_rows_for(
    path: str, preprocessing: Preprocessing, others: Sequence[Preprocessing], *, dtype: DTypeLike
) -> tuple[Rows, tuple[Inputs, ...], tuple[str, ...]]:
    """As `load_rows` with the target, and the inputs of the same rows as `others` make them."""
    named, expected = labels_of(path, None), preprocessing.inputs
    source = open_source(path, labels=named, expected=expected, reading=preprocessing.reading)
    loaded, more, notes = _labelled(path, source, preprocessing, others, dtype)
    return loaded, more, (*preprocessing.extra(source), *notes)


def _labelled(
    path: str,
    source: Source,
    preprocessing: Preprocessing,
    others: Sequence[Preprocessing],
    dtype: DTypeLike,
) -> tuple[Rows, tuple[Inputs, ...], tuple[str, ...]]:
    """The rows that can be used, with their target, and notes."""
    rows, dropped = preprocessing.usable(source)
    if not len(rows):
        raise no_rows(source)
    preprocessing.check_weights(source, rows, dtype)
    loaded, repairs = rows_of(preprocessing, source, rows, dtype)
    inputs = tuple(other.apply(source, rows, dtype)[0] for other in others)
    return loaded, inputs, (*dropped, *_notes_on(repairs, path))


def _notes_on(repairs: Iterable[Repair], path: str) -> Iterator[RepairNote]:
    return (RepairNote(path, repair.short()) for repair in repairs)


def _from_file(
    request: Request, opened: Opened, finish: Callable[[Prepared, Fingerprints], Finished]
) -> Finished | Dataset:
    """What `finish` makes of the rows of a file; the dataset where they are in the cache."""
    files, setting = request.files(), request.settings.cache
    fingerprint = opened.fingerprint(files)
    large = any(file_size(file) >= LARGE for file in files)
    cache = open_cache(setting) if large or setting != "auto" else None
    if cache is not None:
        return _through(cache, request, fingerprint, opened, finish)
    made = finish(request.prepare(opened.whole(request)), fingerprint)
    fingerprint.begin()
    return made


def _through(
    cache: Cache,
    request: Request,
    fingerprint: Fingerprints,
    opened: Opened,
    finish: Callable[[Prepared, Fingerprints], Finished],
) -> Finished | Dataset:
    """The dataset, taken from the cache or put there where it is too large for memory."""
    read = partial(read_prepared, request=request, fingerprint=fingerprint)
    for digest in request.digests():
        if cache.holds(digest):
            found = cache.find(key(digest, fingerprint), read)
            if found is not None:
                return found
    prepared = request.prepare(opened.in_pieces(request, cache.scratch))
    if not cache.always and prepared.nbytes() <= memory_limit() // SHARE:
        made = finish(prepared, fingerprint)
        fingerprint.begin()  # training need not wait for it
        return made
    return cache.make(key(digest, fingerprint), partial(write_prepared, prepared), read)


def key(digest: str, fingerprint: Mapping[str, str]) -> str:
    """The name of prepared rows: the settings that made them, and the content of the files."""
    content = hashlib.sha256("".join(fingerprint.values()).encode())
    return f"{digest}-{content.hexdigest()[:32]}"

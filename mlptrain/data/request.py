"""What is to be loaded from files: which columns are needed, and a name for the result."""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from mlptrain.data.cache.file_array import OpenFile
from mlptrain.data.prepared import Opener, Prepared, prepare
from mlptrain.data.preprocessing.columns import KINDS
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.readers.sources import (
    can_be_spooled,
    is_pair,
    labels_of,
    open_source,
    open_spool,
    target_names,
)
from mlptrain.data.settings import Settings
from mlptrain.data.source import MOST_LABELS, Source
from mlptrain.data.written import Reading
from mlptrain.errors import ConfigError, StorageError
from mlptrain.storage.reading import open_file
from mlptrain.version import __version__

LARGE = 1 << 26
"""Bytes of a file from which a table is read in pieces; smaller ones are read whole."""
FORMAT = 7
"""Of the prepared rows: another number makes all of them anew."""


@dataclass(frozen=True)
class Request:
    """A training file and everything that decides what becomes of its rows.

    fitted   a stored preprocessing that is applied; None: one is learned
    """

    train: str
    settings: Settings
    fitted: Preprocessing | None

    def __post_init__(self) -> None:
        if is_pair(self.train) and not isinstance(self.settings.target, str):
            raise ConfigError("data.target: the labels of this file are one file")

    @property
    def labels(self) -> str | None:
        """The file of labels that goes with the training file, where there is one."""
        target = self.settings.target
        return labels_of(self.train, target if isinstance(target, str) else None)

    def files(self) -> list[str]:
        """All files that are read."""
        settings = self.settings
        files = files_of(self.train, settings.target, settings.val, settings.test)
        return list(dict.fromkeys(files))

    def prepare(self, opener: Opener) -> Prepared:
        """Open the training file, partition its rows, learn from them."""
        source = opener(self.train, labels=self.labels)
        names = target_names(source, "y" if is_pair(self.train) else self.settings.target)
        return prepare(source, names, self.settings, self.fitted, opener)

    @property
    def reading(self) -> Reading:
        """How texts are read."""
        return self.settings.reading if self.fitted is None else self.fitted.reading

    @property
    def open_source(self) -> Opener:
        """Opens files whole."""
        return partial(open_source, reading=self.reading)

    def opener(self, scratch: Callable[[], OpenFile]) -> Opener:
        """Opens tables in pieces, keeping the columns that are needed."""

        def opened(path: str, *, labels: str | None, expected: Sequence[str] = ()) -> Source:
            if not can_be_spooled(path):
                return self.open_source(path, labels=labels, expected=expected)
            return open_spool(path, scratch, self._is_needed, self._by_label(), self.reading)

        return opened

    def _targets(self) -> set[str]:
        target = self.settings.target
        return {target} if isinstance(target, str) else set(target)

    def _is_needed(self, name: str) -> bool:
        features, ignore = self.settings.features, self.settings.left_out()
        if name in {*self._targets(), *self.settings.of_split, self.settings.weight}:
            return True
        if self.fitted is not None:
            return name in self.fitted.inputs
        return name in features if features is not None else name not in ignore

    def _by_label(self) -> dict[str, int]:
        """Columns read as labels, even where they hold numbers; and how many labels of each at most."""
        kinds = [kind for kind in KINDS.values() if kind.by_label]
        names = {name for kind in kinds for name in kind.named(self.settings)}
        columns = () if self.fitted is None else self.fitted.columns
        names |= {column.name for column in columns if column.by_label}
        names |= self._targets() if self.settings.targets in ("classes", "flags") else set()
        most = dict.fromkeys(names, MOST_LABELS)
        settings = self.settings
        if settings.group is not None and not settings.group_is_a_number:
            most[settings.group] = sys.maxsize
        if settings.split_column is not None:
            most[settings.split_column] = MOST_LABELS
        return most

    def digests(self) -> list[str]:
        """Digests of all that decides about the rows, but for the content of the files.

        With a stored preprocessing there are two: rows that were prepared by learning will do if the
        same was learned.
        """
        fitted = [None] if self.fitted is None else [None, self.fitted.to_json()]
        return [self._digest(each) for each in fitted]

    def _digest(self, fitted: Mapping[str, Any] | None) -> str:
        settings = asdict(self.settings) | {"dtype": self.settings.dtype.str}
        del settings["train"], settings["cache"]
        for held_out in ("val", "test"):
            if isinstance(settings[held_out], str):
                settings[held_out] = "a file"
        versions = [FORMAT, __version__, np.__version__]
        document = {"format": versions, "settings": settings, "fitted": fitted}
        text = json.dumps(document, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def files_of(train: str, target: str | Sequence[str] | None, *parts: object) -> list[str]:
    """The files behind the settings train, target, val and test, always in the same order."""
    others = [part for part in parts if isinstance(part, str)]
    labels = labels_of(train, target if isinstance(target, str) else None)
    files = [train, labels, *others, *(labels_of(other, None) for other in others)]
    return [file for file in files if file is not None]


def file_size(path: str) -> int:
    """Bytes; 0 for a file that cannot be opened, which whoever opens it will say."""
    try:
        with open_file(path) as file:
            return file.seek(0, os.SEEK_END)
    except (OSError, StorageError):
        return 0

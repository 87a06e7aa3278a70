"""What is to be loaded from files: which columns are needed, and a name for the result."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlptrain.data.cache.file_array import OpenFile
from mlptrain.data.partition import Sharing
from mlptrain.data.prepared import Opener, Prepared, prepare
from mlptrain.data.preprocessing.columns import Category
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.recipe import Recipe
from mlptrain.data.readers.sources import (
    can_be_spooled,
    is_pair,
    labels_of,
    open_source,
    open_spool,
    target_names,
)
from mlptrain.data.source import Source
from mlptrain.errors import ConfigError
from mlptrain.version import __version__

LARGE = 1 << 26
"""Bytes of a file from which a table is read in pieces; smaller ones are read whole."""
FORMAT = 4
"""Of the prepared rows: another number makes all of them anew."""


@dataclass(frozen=True)
class Order:
    """The training file and everything that decides what becomes of its rows.

    fitted   a stored preprocessing that is applied; None: one is learned
    """

    train: str
    target: str | Sequence[str] | None
    recipe: Recipe
    sharing: Sharing
    fitted: Preprocessing | None

    def __post_init__(self) -> None:
        if is_pair(self.train) and not isinstance(self.target, str | None):
            raise ConfigError("data.target: the labels of this file are one file")

    @property
    def labels(self) -> str | None:
        """The file of labels that goes with the training file, where there is one."""
        return labels_of(self.train, self.target if isinstance(self.target, str) else None)

    def files(self) -> list[str]:
        """All files that are read."""
        others = [part for part in (self.sharing.val, self.sharing.test) if isinstance(part, str)]
        files = [self.train, self.labels, *others, *(labels_of(other, None) for other in others)]
        return list(dict.fromkeys(file for file in files if file is not None))

    def prepare(self, opener: Opener) -> Prepared:
        """Open the training file, share out its rows, learn from them."""
        source = opener(self.train, labels=self.labels)
        names = target_names(source, None if is_pair(self.train) else self.target)
        return prepare(source, names, self.recipe, self.sharing, self.fitted, opener)

    def opener(self, scratch: Callable[[], OpenFile]) -> Opener:
        """Opens tables in pieces, keeping the columns that are needed."""

        def opened(path: str, *, labels: str | None, expected: Sequence[str] = ()) -> Source:
            if not can_be_spooled(path):
                return open_source(path, labels=labels, expected=expected)
            return open_spool(path, scratch, self._is_needed, self._by_label())

        return opened

    def _targets(self) -> set[str]:
        return {self.target} if isinstance(self.target, str) else set(self.target or ())

    def _is_needed(self, name: str) -> bool:
        made, recipe = self.fitted, self.recipe
        if name in self._targets() or name == recipe.weight:
            return True
        if made is not None:
            return name in made.inputs
        return name in recipe.features if recipe.features is not None else name not in recipe.ignore

    def _by_label(self) -> set[str]:
        """Columns that are classes or categories, even where they hold numbers."""
        names = set(self.recipe.categories) | (self._targets() if self.sharing.classify else set())
        if self.fitted is not None:
            names |= {column.name for column in self.fitted.columns if isinstance(column, Category)}
        return names

    def settings(self) -> list[str]:
        """Digests of all that decides about the rows, but for the content of the files.

        With a stored preprocessing there are two: rows that were prepared by learning will do if the
        same was learned.
        """
        fitted = [None] if self.fitted is None else [None, self.fitted.to_json()]
        return [self._digest(each) for each in fitted]

    def _digest(self, fitted: Mapping[str, Any] | None) -> str:
        plan = asdict(self.sharing) | {"dtype": np.dtype(self.sharing.dtype).str}
        for part in ("val", "test"):
            plan[part] = "a file" if isinstance(plan[part], str) else plan[part]
        document = {
            "format": [FORMAT, __version__, np.__version__],
            "target": self.target,
            "recipe": asdict(self.recipe),
            "plan": plan,
            "fitted": fitted,
        }
        text = json.dumps(document, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def agrees(self, document: Mapping[str, Any]) -> bool:
        """Whether prepared rows were made with the stored preprocessing, where there is one."""
        return self.fitted is None or document["preprocessing"] == self.fitted.to_json()


def file_size(path: str) -> int:
    """Bytes; 0 for a file that is not there, which whoever opens it will say."""
    try:
        return Path(path).stat().st_size
    except (OSError, ValueError):
        return 0

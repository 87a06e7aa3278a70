"""Prepared rows for another process, in a file without a name: it inherits the open file.

The bits are those that the process would have made of the files of the config.
"""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, cast

from mlptrain.data.cache.description import Damaged
from mlptrain.data.cache.file_array import OpenFile
from mlptrain.data.cache.rows_file import RowsFile, RowsWriter
from mlptrain.data.dataset import Dataset
from mlptrain.data.prepared import Prepared
from mlptrain.data.prepared_file import read_prepared, write_prepared
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.request import Request
from mlptrain.data.settings import Settings


class HandedOn(NamedTuple):
    """An open file with prepared rows, and the fingerprint of the files they were made from."""

    descriptor: int
    fingerprint: Mapping[str, str]


def hand_on(prepared: Prepared, fingerprint: Mapping[str, str]) -> HandedOn:
    """Write the rows; whoever calls closes the descriptor. Raises OSError."""
    with tempfile.TemporaryFile() as file:
        write_prepared(prepared, RowsWriter(file.fileno()))
        return HandedOn(os.dup(file.fileno()), dict(fingerprint))


def take_over(handed: HandedOn, settings: Settings, fitted: Preprocessing | None) -> Dataset | None:
    """The rows, their inputs shared with whoever has the file; None if `fitted` was not learned."""
    request = Request(cast(str, settings.train), settings, fitted)
    file = OpenFile(Path("prepared rows"), os.dup(handed.descriptor))
    with suppress(Damaged):
        return read_prepared(RowsFile.read(file, ""), request, handed.fingerprint).mapped()
    return None

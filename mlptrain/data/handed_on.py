"""Prepared rows for other processes, in a file without a name: they inherit the open file.

The bits are those that a process would have made of the files of the config.
"""

import mmap
import os
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
    """Prepared rows: in which part of an open file, and the fingerprint of the files they are of."""

    descriptor: int
    part: tuple[int, int]
    fingerprint: Mapping[str, str]


def hand_on(prepared: Prepared, fingerprint: Mapping[str, str], descriptor: int) -> HandedOn:
    """Write the rows behind what is in an open file. Raises OSError."""
    page = mmap.ALLOCATIONGRANULARITY
    start = -(-os.fstat(descriptor).st_size // page) * page
    os.lseek(descriptor, start, os.SEEK_SET)
    write_prepared(prepared, RowsWriter(descriptor))
    return HandedOn(descriptor, (start, os.fstat(descriptor).st_size), dict(fingerprint))


def take_over(handed: HandedOn, settings: Settings, fitted: Preprocessing | None) -> Dataset | None:
    """The rows, their inputs shared with whoever has the file; None if `fitted` was not learned."""
    request = Request(cast(str, settings.train), settings, fitted)
    file = OpenFile(Path("prepared rows"), os.dup(handed.descriptor), handed.part)
    with suppress(Damaged):
        return read_prepared(RowsFile.read(file, ""), request, handed.fingerprint).mapped()
    return None

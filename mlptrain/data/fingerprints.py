"""The fingerprints of files, computed while something else goes on."""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from mlptrain.data.readers.sources import file_fingerprint
from mlptrain.errors import DataError
from mlptrain.storage.shell_streams import is_stream


class Fingerprints(Mapping[str, str]):
    """SHA-256 of the bytes of each file, by its name. Asking for one waits until all are there.

    A file that has changed between the making of this object and the end of the hashing is a
    DataError: what was read in between may be neither the old content nor the new.
    """

    def __init__(self, files: Sequence[str]) -> None:
        self._files = files
        self._states = [_state(file) for file in files]
        self._found: Future[dict[str, str]] | None = None

    def begin(self) -> None:
        """Start hashing on a second thread. Large files cost as much as a quarter of parsing them."""
        if self._found is None:
            pool = ThreadPoolExecutor(1)
            self._found = pool.submit(self._hash)
            pool.shutdown(wait=False)

    def _hash(self) -> dict[str, str]:
        found = {file: file_fingerprint(file) for file in self._files}
        for file, state in zip(self._files, self._states, strict=True):
            if _state(file) != state:
                raise DataError(f"{file}: was changed while it was read: start again")
        return found

    def __getitem__(self, file: str) -> str:
        self.begin()
        assert self._found is not None
        return self._found.result()[file]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def _state(file: str) -> tuple[int, int, int] | None:
    """What changes with the content of a file; None for one that is not there, or was copied."""
    if is_stream(file):
        return None
    try:
        found = os.stat(file)
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns

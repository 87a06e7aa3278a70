"""Files that are read once for several settings: folds, candidates and trials differ in what follows.

Reading, parsing and finding out what the columns hold is the same for all of them, and so is the
fingerprint of the files. What is learned of the training rows is not: a source keeps no trace of it.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace

from mlptrain.data.cache.file_array import OpenFile
from mlptrain.data.dataset import Dataset
from mlptrain.data.fingerprints import Fingerprints
from mlptrain.data.prepared import Opener
from mlptrain.data.request import Request
from mlptrain.data.source import Source
from mlptrain.data.written import Reading


@dataclass
class Opened:
    """What has been read, kept as long as this object is, and the dataset that was made last.

    A file that changes meanwhile is not read again: all see the rows of the first time.
    """

    last: tuple[str, Dataset] | None = None
    _sources: dict[Hashable, Source] = field(default_factory=dict)
    _fingerprints: dict[tuple[str, ...], Fingerprints] = field(default_factory=dict)

    def fingerprint(self, files: Sequence[str]) -> Fingerprints:
        """That of these files, begun when they were first asked for."""
        key = tuple(files)
        if key not in self._fingerprints:
            self._fingerprints[key] = Fingerprints(files)
        return self._fingerprints[key]

    def keep(self, source: Source, reading: Reading) -> None:
        """Take a table that has been read so wherever it is asked for."""
        self._sources[(repr(reading), source.path, None, ())] = source

    def whole(self, request: Request) -> Opener:
        """Opens files whole."""
        return self._once(repr(request.reading), request.open_source)

    def in_pieces(self, request: Request, scratch: Callable[[], OpenFile]) -> Opener:
        """Opens tables in pieces; which columns are kept depends on all settings but the fold."""
        settings = replace(request.settings, fold=None)
        digest = replace(request, settings=settings).digests()[-1]
        return self._once(digest, request.opener(scratch))

    def _once(self, key: str, opener: Opener) -> Opener:
        def opened(path: str, *, labels: str | None, expected: Sequence[str] = ()) -> Source:
            place = (key, path, labels, tuple(expected))
            if place not in self._sources:
                self._sources[place] = opener(path, labels=labels, expected=expected)
            return self._sources[place]

        return opened

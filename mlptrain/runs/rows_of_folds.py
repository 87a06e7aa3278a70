"""The rows of folds that are trained side by side: read here once, and handed on to every process.

What is learned of the training rows is learned fold by fold, as ever; candidates that agree about the
data share what was made for the first of them.
"""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from mlptrain.config import Config
from mlptrain.data.fingerprints import Fingerprints
from mlptrain.data.handed_on import HandedOn, hand_on
from mlptrain.data.load import SHARE, load_for_another
from mlptrain.data.opened import Opened
from mlptrain.data.prepared import Prepared
from mlptrain.errors import EnvironmentFault, MLPTrainError
from mlptrain.runs.rows_in_memory import Handed
from mlptrain.system.memory_limit import memory_limit
from mlptrain.training.build import settings_of


class RowsOfFolds:
    """Prepared rows by the number of a run, from 1; closed when no more processes begin.

    A process loads its rows by itself where they cannot be handed on: it says what is wrong with them,
    finds them in the cache, or they would take too much space here. Rows that are `given` are in no
    file: they are always handed on, and what is wrong with them is raised here.
    """

    def __init__(self, configs: Sequence[Config], given: Handed | None = None) -> None:
        self._configs, self._given = configs, given
        self._settings = [settings_of(config) for config in configs]
        self._keys = [repr(settings) for settings in self._settings]
        self._opened = Opened()
        self._handed = dict[str, HandedOn | None]()
        self._most = memory_limit() // SHARE
        self._end = 0
        self._file: IO[bytes] | None = None
        with suppress(OSError):
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 (open for as long as this object)

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Open files that a process must inherit to take any of them over."""
        return () if self._file is None else (self._file.fileno(),)

    def of(self, number: int) -> HandedOn | None:
        """Those of a run; None where it loads them by itself."""
        key = self._keys[number - 1]
        if key not in self._handed and self._given is not None:
            self._handed[key] = self._of_memory(self._given, self._configs[number - 1])
        if key not in self._handed:
            self._handed[key] = None
            with suppress(MLPTrainError, OSError, MemoryError):  # the process will say what is wrong
                settings = self._settings[number - 1]
                self._handed[key] = load_for_another(settings, self._opened, self._hand_on)
            if len(self._handed) == len(set(self._keys)):
                self._opened = Opened()  # nothing more is made of what was read
        return self._handed[key]

    def ahead(self) -> None:
        """Make the next that are missing, while others train: what was read can go the sooner."""
        for number, key in enumerate(self._keys, 1):
            if key not in self._handed and self._end <= self._most:
                self.of(number)
                return

    def _of_memory(self, given: Handed, config: Config) -> HandedOn:
        prepared, fingerprint = given.prepared(config)
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 (it says why there is none)
            handed = hand_on(prepared, fingerprint, self._file.fileno())
        except OSError as error:
            raise EnvironmentFault(
                f"{tempfile.gettempdir()}: {error.strerror}: folds that train side by side read their "
                "rows there; make room, or train one after another with jobs=1"
            ) from None
        self._end = handed.part[1]
        return handed

    def _hand_on(self, prepared: Prepared, fingerprint: Fingerprints) -> HandedOn | None:
        if self._file is None or self._end + prepared.nbytes() > self._most:
            return None
        handed = hand_on(prepared, fingerprint, self._file.fileno())
        self._end = handed.part[1]
        return handed

    def close(self) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()

"""Fixtures that all tests share."""

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

settings.register_profile(
    "mlptrain", deadline=None
)  # how long an example takes is the machine's affair
settings.load_profile("mlptrain")


for size in ("COLUMNS", "LINES"):  # what pytest-xdist says of a terminal that is not there
    os.environ.pop(size, None)


@pytest.fixture(scope="session", autouse=True)
def _signals_as_in_a_terminal() -> None:
    """A job in the background of a script inherits an ignored SIGINT, under nohup SIGHUP."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def _state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test makes or uses the key of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_thread_pays() -> Iterator[None]:
    """No result of a test hangs on a clock; test_threads.py tests what measures it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlptrain.training.thread_choice.quickest", lambda *_: 1)
        yield


@pytest.fixture(scope="session", autouse=True)
def _folds_one_by_one() -> Iterator[None]:
    """In this process, which is quicker where they are small; test_side_by_side.py has several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlptrain.runs.fit.cores", lambda: 1)
        yield


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers, the same in every run."""
    return np.random.default_rng(20250410)


@pytest.fixture
def strict_floats() -> Iterator[None]:
    """Overflow, division by zero and invalid operations are errors.

    Underflow is not: e^-1000 is 0 for every purpose here, and softmax relies on it.
    """
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        yield


@pytest.fixture
def one_thread() -> Iterator[None]:
    """One BLAS thread: the same bits, and no fight for the cores."""
    with threadpool_limits(limits=1):
        yield

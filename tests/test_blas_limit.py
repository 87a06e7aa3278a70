"""A run limits the threads of BLAS while it lasts; the process has its own again afterwards."""

import itertools
import signal
from threading import Barrier, Thread

import pytest
from helpers import TOY, blas_threads
from runs import THIRTY
from threadpoolctl import threadpool_limits

import mlptrain
from mlptrain.errors import DivergenceError, Interrupted
from mlptrain.runs.fit import prepare, prepare_folds
from mlptrain.system.threads import use_threads


@pytest.fixture(autouse=True)
def three():
    """A number that neither a run nor the machine would choose."""
    with threadpool_limits(3, user_api="blas"):
        yield
        assert blas_threads() == {3}


def test_inside_there_are_as_many_as_asked_for():
    with use_threads(2):
        assert blas_threads() == {2}


@pytest.mark.parametrize("first_ends_first", [True, False])
def test_of_two_that_overlap_the_last_one_ends_the_limit(first_ends_first):
    one, two = use_threads(1), use_threads(2)
    one.__enter__(), two.__enter__()
    assert blas_threads() == {2}

    first, last = (one, two) if first_ends_first else (two, one)
    first.__exit__(None, None, None)
    assert blas_threads() == {2 if first_ends_first else 1}
    last.__exit__(None, None, None)
    assert blas_threads() == {3}


def test_a_run_has_its_threads_and_gives_them_back(tmp_path):
    run = prepare(TOY, out=tmp_path / "run", threads=1)
    assert {frozenset(blas_threads()) for _ in run} == {frozenset({1})}


def test_runs_in_several_threads_give_them_back(tmp_path):
    together = Barrier(3)

    def fit(number):
        together.wait()
        mlptrain.fit(TOY, out=tmp_path / str(number), threads=1 + number % 2)

    threads = [Thread(target=fit, args=(number,)) for number in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def test_a_run_that_diverges_gives_them_back(tmp_path):
    with pytest.raises(DivergenceError):
        mlptrain.fit(
            THIRTY, set={"optimizer": {"name": "sgd", "learning_rate": 1e30}}, out=tmp_path / "run"
        )


def test_a_run_that_is_interrupted_gives_them_back(tmp_path):
    run = prepare(THIRTY, out=tmp_path / "run")
    with pytest.raises(Interrupted):
        [signal.raise_signal(signal.SIGTERM) for _ in run]


def test_a_run_that_nobody_finishes_gives_them_back(tmp_path):
    steps = iter(prepare(THIRTY, out=tmp_path / "run", threads=1))
    assert len(list(itertools.islice(steps, 3))) == 3
    assert blas_threads() == {1}
    steps.close()


def test_resuming_gives_them_back(tmp_path):
    mlptrain.fit(THIRTY, out=tmp_path / "run")
    run = prepare(None, resume=tmp_path / "run", threads=1)
    assert blas_threads() == {3}
    run.directory.close()


def test_folds_give_them_back(tmp_path):
    for _, run in prepare_folds(TOY, 2, out=tmp_path / "folds", threads=1):
        for _ in run:
            assert blas_threads() == {1}

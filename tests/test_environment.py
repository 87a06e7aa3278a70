"""What a run ran on: equal bits need equal machines and libraries; a resume says where they differ."""

import numpy as np
import pytest
from helpers import changed
from runs import THIRTY, interrupted_at

import mlptrain
from mlptrain.runs.fit import prepare
from mlptrain.system import environment as module
from mlptrain.system.environment import differences, environment

BLAS = {
    "user_api": "blas",
    "internal_api": "openblas",
    "version": "0.3.30",
    "architecture": "Haswell",
    "num_threads": 1,
}
OPENMP = {"user_api": "openmp", "internal_api": "openmp", "num_threads": 4}


@pytest.fixture
def libraries(monkeypatch):
    """A process whose BLAS is as described, whatever is loaded here."""

    def libraries(**blas):
        monkeypatch.setattr(module, "threadpool_info", lambda: [OPENMP, {**BLAS, **blas}])

    libraries()
    return libraries


def test_it_names_program_numpy_and_the_blas_with_its_kernel_and_threads(libraries):
    found = environment()

    assert (found["mlptrain"], found["numpy"]) == (mlptrain.__version__, np.__version__)
    assert found["blas"] == [
        {"library": "openblas", "version": "0.3.30", "kernel": "Haswell", "threads": 1}
    ]


@pytest.mark.parametrize("change", [{"version": "0.3.31"}, {"architecture": "Zen"}, {"num_threads": 2}])
def test_another_blas_is_a_difference(libraries, change):
    before = environment()
    libraries(**change)
    (phrase,) = differences(before, environment())

    assert phrase.startswith("blas was [{")


def test_each_difference_is_a_phrase_and_equal_environments_have_none(libraries):
    now = environment()
    before = {**now, "numpy": "1.0", "python": "2.7"}

    assert differences(now, now) == []
    assert differences(before, now) == [
        f"python was 2.7, is {now['python']}",
        f"numpy was 1.0, is {now['numpy']}",
    ]


def resumed(tmp_path):
    """What a run is told that was interrupted after step 17 and goes on here."""
    run = interrupted_at(prepare(changed(THIRTY, {}), out=tmp_path / "run"), 17)
    run.directory.close()
    return run.notes


def test_a_resume_on_another_machine_says_that_the_bits_cannot_be_promised(
    tmp_path, monkeypatch, libraries
):
    machines = iter(["Linux x86_64", "Darwin arm64"])
    real = module.environment
    for user in ("mlptrain.training.checkpoint.environment", "mlptrain.runs.resume.environment"):
        monkeypatch.setattr(user, lambda: {**real(), "machine": next(machines)})

    assert resumed(tmp_path) == [
        "machine was Linux x86_64, is Darwin arm64: the same bits cannot be promised"
    ]


def test_a_resume_where_everything_is_the_same_says_nothing(tmp_path, libraries):
    assert resumed(tmp_path) == []

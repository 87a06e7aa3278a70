"""A run that stops after step k and goes on is the run that never stopped: for every k, of everything.

MLPTRAIN_STRIDE is the distance of the steps that are tried; `make chaos` tries every one.
"""

import os

import pytest
from helpers import changed
from runs import RESUMED, THIRTY, abandoned_at, finish, interrupted_at

from mlptrain.runs.fit import prepare

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("one_thread")]
STRIDE = int(os.environ.get("MLPTRAIN_STRIDE", "9"))


def steps_of(run):
    """The steps to stop at: the first, the last, and what lies between."""
    last = run.progress.step
    return [*range(1, last, STRIDE), last]


@pytest.mark.parametrize("name", RESUMED)
def test_after_every_step_a_signal_and_a_resume_change_nothing(tmp_path, name):
    config = changed(THIRTY, RESUMED[name])
    whole = prepare(config, out=tmp_path / "whole")
    expected = finish(whole)
    for step in steps_of(whole):
        run = interrupted_at(prepare(config, out=tmp_path / str(step)), step)

        assert finish(run) == expected, f"interrupted after step {step}"


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("name", RESUMED)
def test_after_every_step_a_run_may_be_abandoned(tmp_path, name, every):
    saving = {"train.checkpoint_every": {"steps": every}}
    config = changed(changed(THIRTY, RESUMED[name]), saving)
    whole = prepare(config, out=tmp_path / "whole")
    expected = finish(whole)
    for step in steps_of(whole):
        run = abandoned_at(prepare(config, out=tmp_path / str(step)), step)

        assert finish(run) == expected, f"abandoned after step {step}"


@pytest.mark.parametrize("name", ["adam", "dropout and batch norm", "early stopping"])
def test_a_run_may_be_interrupted_after_every_single_step(tmp_path, name):
    config = changed(THIRTY, RESUMED[name])
    whole = prepare(config, out=tmp_path / "whole")
    expected = finish(whole)
    steps = range(1, whole.progress.step + 1)

    assert finish(interrupted_at(prepare(config, out=tmp_path / "run"), *steps)) == expected

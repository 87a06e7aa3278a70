"""The record of an evaluation: its speed is that of training since the one before."""

import pytest
from helpers import TOY, changed

from mlptrain.config import load_config
from mlptrain.training import record as module
from mlptrain.training import trainer
from mlptrain.training.build import build
from mlptrain.training.evaluate import evaluate
from mlptrain.training.record import Progress
from mlptrain.training.trainer import train


class Clock:
    """Seconds that pass when a test says so."""

    now = 0.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def slow(monkeypatch):
    """Each step takes as many seconds as its number, counted from 1, and each evaluation a hundred."""
    clock = Clock()
    step, scores_of = trainer.take_step, module.scores_of

    def slow_step(experiment, progress, rows, lr):
        clock.now += progress.step + 1
        return step(experiment, progress, rows, lr)

    def slow_evaluation(*arguments):
        clock.now += 100
        return scores_of(*arguments)

    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(trainer, "take_step", slow_step)
    monkeypatch.setattr(module, "scores_of", slow_evaluation)
    return clock


def trained(every, seconds=0.0):
    """The records of TOY: two epochs of batches of 8, 8, 8 and 6 rows."""
    experiment = build(load_config(changed(TOY, {"train.eval_every": {"steps": every}})))
    return [record for record in train(experiment, Progress(seconds=seconds)) if record is not None]


def test_the_training_loss_has_the_penalty_in_it_and_the_validation_loss_has_not():
    changes = {"regularization.l2": 0.5, "train.epochs": 1, "train.eval_every": 1, "data.val": 0.2}
    experiment = build(load_config(changed(TOY, changes)))
    (record,) = [each for each in train(experiment, Progress()) if each is not None]
    penalty = experiment.network.regularization_loss()
    data = experiment.data
    found = evaluate(experiment.network, data.val, data.preprocessing)

    assert penalty > 0.01
    assert record["regularization_loss"] == penalty
    assert record["train_loss"] == record["data_loss"] + penalty
    assert record["val_loss"] == found.data_loss()


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (1, [8 / 1, 8 / 2, 8 / 3, 6 / 4, 8 / 5, 8 / 6, 8 / 7, 6 / 8]),
        (2, [16 / 3, 14 / 7, 16 / 11, 14 / 15]),
        (8, [60 / 36]),
    ],
)
def test_the_speed_is_that_of_the_steps_since_the_last_evaluation(slow, every, expected):
    speeds = [record["examples_per_second"] for record in trained(every)]

    assert speeds == pytest.approx(expected)


def test_the_seconds_count_steps_and_evaluations_of_all_sittings(slow):
    """1000 s before, then 1 + 2 + 3 + 4 and 5 + 6 + 7 + 8 s of steps, and 100 s for each evaluation."""
    seconds = [record["seconds"] for record in trained(4, seconds=1000.0)]

    assert seconds == pytest.approx([1110, 1236])

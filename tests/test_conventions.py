"""The rows of docs/conventions.md that no other test file holds."""

import math

import numpy as np
import pytest
from helpers import TOY, changed

from mlptrain.config import load_config
from mlptrain.streams import stream
from mlptrain.training.build import build
from mlptrain.training.experiment import Monitor
from mlptrain.training.gradients import gradient_norm
from mlptrain.training.record import (
    MOST_TRAINING_ROWS,
    Clock,
    Progress,
    measure,
)


def experiment(**changes):
    return build(load_config(changed(TOY, changes)))


def record_of(built):
    return measure(built, Progress(step=built.steps_per_epoch), 0.1, Clock(0.0)).values


def test_val_loss_is_the_data_loss_without_the_penalty():
    with_val = {"data.val": 0.2, "data.train.points_per_class": 40}
    free = record_of(experiment(**with_val))
    priced = record_of(experiment(**with_val, **{"regularization.l2": 5.0}))
    assert priced["regularization_loss"] > 1
    assert priced["train_loss"] == priced["data_loss"] + priced["regularization_loss"]
    assert priced["val_loss"] == free["val_loss"]


def test_training_metrics_look_at_2000_rows_at_most():
    built = experiment(**{"data.train.points_per_class": 2_001})  # 4,002 rows: every third counts
    before = record_of(built)
    built.data.train.y[1::3] = 1 - built.data.train.y[1::3]
    built.data.train.y[2::3] = 1 - built.data.train.y[2::3]
    assert record_of(built)["data_loss"] == before["data_loss"]
    built.data.train.y[0] = 1 - built.data.train.y[0]
    assert record_of(built)["data_loss"] != before["data_loss"]
    assert MOST_TRAINING_ROWS == 2000


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1.0, 1e20, 1e25])
def test_the_gradient_norm_neither_overflows_nor_vanishes(scale):
    gradients = np.array([3 * scale, 4 * scale], np.float32)
    assert gradient_norm(gradients) == pytest.approx(5 * scale, rel=1e-6)


def test_only_a_strictly_better_value_is_a_new_best():
    accuracy = Monitor("val_accuracy", larger_is_better=True)
    loss = Monitor("val_loss", larger_is_better=False)
    assert [accuracy.better(value, 0.5) for value in (0.4, 0.5, 0.6)] == [False, False, True]
    assert [loss.better(value, 0.5) for value in (0.4, 0.5, 0.6)] == [True, False, False]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_never_the_best(value):
    for larger in (True, False):
        assert not Monitor("val_loss", larger).better(value, None)
        assert not Monitor("val_loss", larger).better(value, 0.5)


def test_a_random_stream_depends_on_its_key_alone():
    first = stream(0, "shuffle", 3).random(4)
    stream(0, "shuffle", 2).random(1000)
    assert (stream(0, "shuffle", 3).random(4) == first).all()
    others = [stream(1, "shuffle", 3), stream(0, "dropout", 3), stream(0, "shuffle", 4)]
    assert all((other.random(4) != first).any() for other in others)

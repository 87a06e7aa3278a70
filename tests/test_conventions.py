"""The rows of docs/conventions.md that no other test file holds."""

import math

import numpy as np
import pytest
from helpers import TOY, changed

from mlptrain.config import load_config
from mlptrain.streams import stream
from mlptrain.training.build import build
from mlptrain.training.evaluate import evaluate
from mlptrain.training.experiment import MOST_TRAINING_ROWS, Monitor
from mlptrain.training.gradients import gradient_norm
from mlptrain.training.record import Clock, Progress, measure


def experiment(**changes):
    return build(load_config(changed(TOY, changes)))


def record_of(built):
    return measure(built, Progress(step=built.steps_per_epoch), 0.1, 1.0, Clock(0.0)).values


def test_val_loss_is_the_data_loss_without_the_penalty():
    with_val = {"data.val": 0.2, "data.train.points_per_class": 40}
    free = record_of(experiment(**with_val))
    priced = record_of(experiment(**with_val, **{"regularization.l2": 5.0}))
    assert priced["regularization_loss"] > 1
    assert priced["train_loss"] == priced["data_loss"] + priced["regularization_loss"]
    assert priced["val_loss"] == free["val_loss"]


def test_training_metrics_look_at_2000_rows_at_most():
    built = experiment(**{"data.train.points_per_class": 2_001})
    sample = built.data.train.sample(MOST_TRAINING_ROWS, built.seed)
    found = evaluate(built.network, sample, built.data.preprocessing)
    assert record_of(built)["data_loss"] == found.data_loss()
    assert np.bincount(sample.y).tolist() == [1000, 1000]
    assert len(built.measured) == MOST_TRAINING_ROWS == 2000


@pytest.mark.parametrize("period", [2, 3, 24])
def test_a_period_in_the_file_does_not_show_in_the_training_metrics(period, tmp_path):
    """Case, control, case, control: every second row would be controls only."""
    rows = "".join(f"{i % period},{'case' if i % period else 'control'}\n" for i in range(24 * 200))
    (tmp_path / "rows.csv").write_text(f"x,y\n{rows}")
    data = {"train": str(tmp_path / "rows.csv"), "target": "y", "val": 0, "test": 0}
    built = experiment(data=data, **{"train.monitor": "train_roc_auc"})
    (controls,) = [i for i, name in enumerate(built.data.classes) if name == "control"]
    expected = round(MOST_TRAINING_ROWS / period)
    assert abs(int((built.measured.y == controls).sum()) - expected) <= 1
    assert record_of(built)["train_roc_auc"] is not None


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

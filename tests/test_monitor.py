"""Which epoch is the best, and when something is due: rules that a run is too coarse to tell apart."""

import math

import pytest

from mlptrain.training.experiment import Interval, Monitor

LOSS = Monitor("val_loss", larger_is_better=False)
ACCURACY = Monitor("val_accuracy", larger_is_better=True)


@pytest.mark.parametrize("monitor", [LOSS, ACCURACY], ids=lambda each: each.key)
def test_an_equal_value_is_not_better_and_the_first_of_equals_stays_the_best(monitor):
    assert not monitor.better(0.5, 0.5)
    assert not monitor.is_best(0.5, 0.5)


def test_of_a_metric_that_says_so_the_last_of_equals_is_the_best():
    accuracy = Monitor("val_accuracy", larger_is_better=True, last_of_ties=True)

    assert accuracy.is_best(0.5, 0.5)
    assert not accuracy.better(0.5, 0.5)  # patience still counts it as no gain
    assert not accuracy.is_best(0.25, 0.5)


def test_better_is_lower_for_a_loss_and_higher_for_an_accuracy():
    assert LOSS.better(0.25, 0.5)
    assert not LOSS.better(0.5, 0.25)
    assert ACCURACY.better(0.5, 0.25)
    assert not ACCURACY.better(0.25, 0.5)


def test_a_gain_of_min_delta_is_not_yet_one():
    assert not LOSS.better(0.25, 0.5, min_delta=0.25)
    assert LOSS.better(0.125, 0.5, min_delta=0.25)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("monitor", [LOSS, ACCURACY], ids=lambda each: each.key)
def test_what_is_not_finite_is_never_the_best_not_even_the_first(monitor, value):
    assert not monitor.is_best(value, None)
    assert not monitor.is_best(value, 0.5)


def test_the_first_finite_value_is_the_best():
    assert LOSS.better(1e300, None, min_delta=9.0)


def test_something_is_due_at_every_nth_step_or_epoch_and_not_between():
    assert [step for step in range(1, 10) if Interval(3, "steps").due(step, 4)] == [3, 6, 9]
    assert [step for step in range(1, 17) if Interval(2, "epochs").due(step, 4)] == [8, 16]

"""How often a run saves: the clock is set by hand."""

import pytest

from mlptrain.runs import saving
from mlptrain.runs.saving import Pace


class Clock:
    """Time that passes when it is told to."""

    now = 100.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(saving, "time", clock)
    return clock


def test_a_run_of_a_second_is_saved_at_its_end_only(clock):
    allowed = Pace()
    clock.now += 0.99
    assert not allowed.allows()
    clock.now += 0.02
    assert allowed.allows()


def test_a_save_is_earned_back_before_the_next(clock):
    """0.1 s at 2 %: 5 s of training."""
    allowed = Pace()
    with allowed.saving():
        clock.now += 0.1
    clock.now += 4.99
    assert not allowed.allows()
    clock.now += 0.02
    assert allowed.allows()


@pytest.mark.parametrize("cost", [0.001, 0.02, 0.3])
def test_saving_as_often_as_allowed_stays_within_its_share(clock, cost):
    allowed, began, spent = Pace(), clock.now, 0.0
    while clock.now - began < 1000:
        clock.now += 0.01  # a step
        if allowed.allows():
            with allowed.saving():
                clock.now += cost
            spent += cost
    assert 0.01 < spent / (clock.now - began) <= 0.02

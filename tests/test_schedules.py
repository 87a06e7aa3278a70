"""Learning-rate schedules: factors on the base rate, as the lecture writes them (P10)."""

import math
from itertools import pairwise

import pytest

from mlptrain.optim.schedules import SCHEDULES, warm_up

T, PER_EPOCH = 1000, 10


def factors(name, steps, **options):
    return [SCHEDULES[name](t, T, PER_EPOCH, **options) for t in steps]


def test_constant_stays():
    assert factors("constant", [0, 500, 999]) == [1, 1, 1]


def test_step_multiplies_by_a_tenth_after_epochs_30_60_and_90():
    # 10 steps are an epoch: epoch 30 begins with step 300.
    steps = [0, 299, 300, 599, 600, 899, 900]

    assert factors("step", steps) == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01, 0.001])


def test_step_takes_other_epochs_and_another_factor():
    assert factors("step", [9, 10, 40], epochs=[1, 4], factor=0.5) == [1, 0.5, 0.25]


def test_linear_falls_to_nothing():
    assert factors("linear", [0, 250, 500, 1000]) == [1, 0.75, 0.5, 0]


def test_cosine_falls_along_half_a_wave():
    # 1/2 (1 + cos(pi t/T)) at t/T = 0, 1/3, 1/2, 2/3, 1, where the cosine is 1, 1/2, 0, -1/2, -1
    at = [SCHEDULES["cosine"](t, 6, 1) for t in (0, 2, 3, 4, 6)]

    assert at == pytest.approx([1, 0.75, 0.5, 0.25, 0], abs=1e-15)


def test_coslog4_has_four_waves_each_twice_as_long_as_the_last():
    # 0 at 1, 3, 7 and 15 fifteenths of all steps, counted from 1; the tops are at 2^(k + 1/2) - 1
    at = [SCHEDULES["coslog4"](t - 1, 1500, 1) for t in (100, 300, 700, 1500)]
    tops = [SCHEDULES["coslog4"](round(100 * (2 ** (k + 0.5) - 1)) - 1, 1500, 1) for k in range(4)]

    assert at == pytest.approx([0] * 4, abs=1e-12)
    assert tops == pytest.approx([1] * 4, abs=1e-3)


def test_inverse_sqrt_counts_in_epochs_from_1():
    # 1 / sqrt(t + 1), t in epochs: epochs 0, 3, 8 give 1, 1/2, 1/3; half an epoch gives 1/sqrt(1.5).
    assert factors("inverse_sqrt", [0, 30, 80]) == pytest.approx([1, 1 / 2, 1 / 3])
    assert factors("inverse_sqrt", [5]) == pytest.approx([1 / math.sqrt(1.5)])


def test_exponential_counts_in_epochs():
    assert factors("exponential", [0, 10, 20, 30], gamma=0.5) == [1, 0.5, 0.25, 0.125]
    assert factors("exponential", [10]) == [0.95]


FALLING = [name for name in SCHEDULES if name != "coslog4"]


@pytest.mark.parametrize("name", FALLING)
def test_every_other_schedule_starts_at_the_base_rate(name):
    assert factors(name, [0]) == [1]


@pytest.mark.parametrize("name", FALLING)
def test_no_other_schedule_rises_or_reaches_0_before_the_end(name):
    values = factors(name, range(T))

    assert all(later <= earlier for earlier, later in pairwise(values))
    assert values[-1] > 0


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_a_plain_function_of_the_step(name):
    forwards = factors(name, range(0, T, 7))
    backwards = factors(name, reversed(range(0, T, 7)))

    assert forwards == backwards[::-1]


@pytest.mark.parametrize("name", SCHEDULES)
def test_warm_up_is_t_plus_1_over_n_for_the_first_n_steps(name):
    warm = warm_up(SCHEDULES[name], 4)

    climbed = [warm(t, T, PER_EPOCH) / SCHEDULES[name](t, T, PER_EPOCH) for t in range(6)]

    assert climbed == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])


def test_warm_up_of_0_steps_is_the_schedule_itself():
    assert warm_up(SCHEDULES["linear"], 0) is SCHEDULES["linear"]

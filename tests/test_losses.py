"""Losses against arithmetic on paper, and what must hold for every loss of the registry."""

import math

import numpy as np
import pytest
from helpers import run_node

from mlptrain.nn.losses import LOSSES

pytestmark = pytest.mark.usefixtures("strict_floats")

EIGHTHS = np.log([[1.0, 2.0, 5.0]])
"""Scores whose softmax is (1/8, 2/8, 5/8): e^score is 1, 2, 5 and they add up to 8."""

ANIMALS = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
"""Scores of a cat (class 0), a car (1) and a frog (2), the example of CS231n lecture 3."""


def loss_of(loss, scores, targets, weights=None):
    """The loss as a float, and dL/dscores."""
    inputs = [scores, targets] if weights is None else [scores, targets, weights]
    value, (gradient,) = run_node(loss, *inputs, gradients=1)
    return float(value), gradient


def batch(loss, generator, rows=4):
    scores = generator.normal(size=(rows, 3))
    if loss.classifies:
        return scores, generator.integers(0, 3, rows)
    return scores, generator.normal(size=(rows, 3 // loss.per_target))


# softmax


def test_softmax_loss_of_three_scores():
    # p = (1/8, 1/4, 5/8) and y = 1: L = -log(1/4) = 2 log 2.
    value, gradient = loss_of(LOSSES["softmax"](), EIGHTHS, [1])

    assert value == pytest.approx(2 * math.log(2), rel=1e-15)
    np.testing.assert_allclose(gradient, [[1 / 8, 1 / 4 - 1, 5 / 8]], rtol=1e-15)


def test_softmax_loss_of_the_cat_of_the_lecture():
    # e^3.2 / (e^3.2 + e^5.1 + e^-1.7) = 24.5 / (24.5 + 164.0 + 0.18) = 0.13; -log 0.13 = 2.04.
    value, _ = loss_of(LOSSES["softmax"](), ANIMALS[:1], [0])

    assert value == pytest.approx(2.04, abs=0.005)


def test_the_data_loss_is_the_mean_over_the_rows():
    # Rows with loss log 8 and log(8/5): the mean is (2 log 8 - log 5) / 2; each gradient has 1/N = 1/2.
    value, gradient = loss_of(LOSSES["softmax"](), np.repeat(EIGHTHS, 2, axis=0), [0, 2])

    assert value == pytest.approx((2 * math.log(8) - math.log(5)) / 2, rel=1e-15)
    np.testing.assert_allclose(gradient, [[-7 / 16, 2 / 16, 5 / 16], [1 / 16, 2 / 16, -3 / 16]])


def test_softmax_loss_subtracts_the_row_maximum_and_cannot_overflow():
    # p_1 = e^-2000 / (1 + e^-2000), so L = 2000 exactly, and the gradient is (1, -1).
    value, gradient = loss_of(LOSSES["softmax"](), [[1000.0, -1000.0]], [1])

    assert value == 2000
    assert gradient.tolist() == [[1, -1]]


def test_softmax_loss_does_not_change_when_all_scores_move_together():
    shifted, _ = loss_of(LOSSES["softmax"](), EIGHTHS + 123, [1])

    assert shifted == pytest.approx(2 * math.log(2), rel=1e-13)


def test_label_smoothing_takes_e_over_C_from_every_class():
    # e = 0.3, C = 3: q = 0.7 onehot + 0.1 = (0.1, 0.8, 0.1).
    # L = 0.1 log 8 + 0.8 log 4 + 0.1 log(8/5) = 2.2 log 2 - 0.1 log 5;  p - q = (0.025, -0.55, 0.525)
    value, gradient = loss_of(LOSSES["softmax"](label_smoothing=0.3), EIGHTHS, [1])

    assert value == pytest.approx(2.2 * math.log(2) - 0.1 * math.log(5), rel=1e-14)
    np.testing.assert_allclose(gradient, [[0.025, -0.55, 0.525]], rtol=1e-13)


def test_class_weights_weigh_the_rows_of_a_class_in_the_mean():
    # Classes 0 and 1 with weights 1 and 3: (1 log 8 + 3 log 4) / 4 = 9/4 log 2.
    value, gradient = loss_of(
        LOSSES["softmax"](class_weights=[1, 3, 100]), np.repeat(EIGHTHS, 2, axis=0), [0, 1]
    )

    assert value == pytest.approx(9 / 4 * math.log(2), rel=1e-14)
    np.testing.assert_allclose(gradient[1], 3 / 4 * np.array([1 / 8, -3 / 4, 5 / 8]))


def test_class_weights_and_row_weights_multiply():
    # Rows of class 0 and 1 with class weights (1, 3) and row weights (3, 1): both count 3.
    value, _ = loss_of(
        LOSSES["softmax"](class_weights=[1, 3, 1]), np.repeat(EIGHTHS, 2, axis=0), [0, 1], [3.0, 1.0]
    )

    assert value == pytest.approx((math.log(8) + math.log(4)) / 2, rel=1e-14)


# hinge


def test_hinge_loss_of_the_three_animals_of_the_lecture():
    # cat: max(0, 5.1-3.2+1) + max(0, -1.7-3.2+1) = 2.9 + 0;  car: 0;  frog: 6.3 + 6.6 = 12.9
    # The mean over the rows is 15.8 / 3.
    value, _ = loss_of(LOSSES["hinge"](), ANIMALS, [0, 1, 2])

    assert value == pytest.approx(15.8 / 3, rel=1e-14)


def test_hinge_gradient_counts_the_positive_margins():
    # cat: class 1 is over the margin; car: none; frog: both others, so -2 for its own; all over N = 3.
    _, gradient = loss_of(LOSSES["hinge"](), ANIMALS, [0, 1, 2])

    np.testing.assert_allclose(3 * gradient, [[-1, 1, 0], [0, 0, 0], [1, 1, -2]], rtol=1e-14)


def test_hinge_delta_is_1_by_default_and_moves_the_margin():
    # s_j - s_y = -1.5 for both others: nothing at delta 1, twice 0.5 at delta 2.
    scores = [[0.0, 1.5, 0.0]]

    assert loss_of(LOSSES["hinge"](), scores, [1])[0] == 0
    assert loss_of(LOSSES["hinge"](delta=2.0), scores, [1])[0] == 1


def test_kink_of_hinge_has_derivative_0():
    # s_j - s_y + 1 = 0 - 1 + 1 = 0: exactly on the kink.
    value, gradient = loss_of(LOSSES["hinge"](), [[1.0, 0.0]], [0])

    assert value == 0
    assert gradient.tolist() == [[0, 0]]


# regression


def test_mse_is_the_mean_over_rows_of_the_sum_over_outputs_without_a_half():
    # Row 1: 1^2 + (-2)^2 = 5; row 2: 3^2 + 0 = 9; mean 7. Gradient: 2 d / N = d.
    value, gradient = loss_of(LOSSES["mse"](), [[2.0, 0.0], [3.0, 1.0]], [[1.0, 2.0], [0.0, 1.0]])

    assert value == 7
    assert gradient.tolist() == [[1, -2], [3, 0]]


def test_reduction_sum_adds_up_the_rows_of_mse():
    # The same rows: 5 + 9 = 14, and the gradient is 2 d.
    value, gradient = loss_of(
        LOSSES["mse"](reduction="sum"), [[2.0, 0.0], [3.0, 1.0]], [[1.0, 2.0], [0.0, 1.0]]
    )

    assert value == 14
    assert gradient.tolist() == [[2, -4], [6, 0]]


def test_reduction_sum_with_row_weights_weighs_each_row():
    # 2 * 5 + 0.5 * 9 = 14.5.
    value, gradient = loss_of(
        LOSSES["mse"](reduction="sum"),
        [[2.0, 0.0], [3.0, 1.0]],
        [[1.0, 2.0], [0.0, 1.0]],
        [2.0, 0.5],
    )

    assert value == 14.5
    assert gradient.tolist() == [[4, -8], [3, 0]]


def test_mae_is_the_sum_of_absolute_differences():
    # Row 1: 1 + 2; row 2: 3 + 0; mean 3. The derivative is the sign, over N = 2.
    value, gradient = loss_of(LOSSES["mae"](), [[2.0, 0.0], [3.0, 1.0]], [[1.0, 2.0], [0.0, 1.0]])

    assert value == 3
    assert gradient.tolist() == [[0.5, -0.5], [0.5, 0]]


def test_kink_of_mae_has_derivative_0():
    _, gradient = loss_of(LOSSES["mae"](), [[4.0]], [[4.0]])

    assert gradient.tolist() == [[0]]


@pytest.mark.parametrize(
    ("d", "delta", "penalty", "slope"),
    [
        (0.5, 1.0, 0.125, 0.5),  # near: d^2 / 2
        (-0.5, 1.0, 0.125, -0.5),
        (1.0, 1.0, 0.5, 1.0),  # at delta both formulas agree
        (-3.0, 1.0, 2.5, -1.0),  # far: delta (|d| - delta / 2) = 1 (3 - 1/2)
        (3.0, 2.0, 4.0, 2.0),  # 2 (3 - 1)
        (0.0, 1.0, 0.0, 0.0),
    ],
)
def test_huber_is_quadratic_near_0_and_linear_far_away(d, delta, penalty, slope):
    value, gradient = loss_of(LOSSES["huber"](delta=delta), [[d]], [[0.0]])

    assert value == penalty
    assert gradient.tolist() == [[slope]]


# quantile


def test_quantile_weighs_a_target_above_by_the_level_and_one_below_by_the_rest():
    # y = 2 is 1 above s = 1 at t = 1/4: 1/4, and 2 below s = 4 at t = 3/4: 2/4; y = 5 is hit
    scores = [[1.0, 4.0, 5.0, 5.0]]
    value, gradient = loss_of(LOSSES["quantile"](levels=[0.25, 0.75]), scores, [[2.0, 5.0]])

    assert value == 3 / 4
    assert gradient.tolist() == [[-1 / 4, 1 / 4, 1 / 4, -1 / 4]]


def test_the_best_constant_for_a_level_is_the_quantile_of_the_targets():
    y = np.arange(1.0, 11)[:, None]
    loss = LOSSES["quantile"](levels=[0.25])
    values = {s: loss_of(loss, np.full((10, 1), float(s)), y)[0] for s in range(12)}

    assert min(values, key=values.__getitem__) == 3  # 2 of 10 lie below it, 7 above


def test_quantiles_in_rising_order_never_cross_and_never_lose(rng):
    loss = LOSSES["quantile"](levels=[0.1, 0.4, 0.9])
    scores, y = rng.normal(size=(50, 6)), rng.normal(size=(50, 2))
    ordered = loss.response(scores)

    assert (np.diff(ordered.reshape(50, 2, 3)) >= 0).all()
    for i in range(50):
        before, after = (loss_of(loss, s[[i]], y[[i]])[0] for s in (scores, ordered))
        assert after <= before + 1e-12


# poisson


@pytest.mark.parametrize(
    ("rate", "y", "loss", "slope"),
    [
        (3.0, 0.0, 3.0, 3.0),  # y log y is 0 at 0
        (2.0, 4.0, 4 * math.log(2) - 2, -2.0),  # 2 - 4 + 4 log(4/2)
        (1.5, 1.5, 0.0, 0.0),
    ],
)
def test_poisson_is_half_the_deviance_and_its_slope_is_rate_less_y(rate, y, loss, slope):
    value, gradient = loss_of(LOSSES["poisson"](), [[math.log(rate)]], [[y]])

    assert value == pytest.approx(loss, abs=1e-15)
    assert gradient == pytest.approx(slope, abs=1e-15)


# sigmoid


def test_sigmoid_adds_up_the_cross_entropies_of_its_outputs_and_cannot_overflow():
    # p = 3/4 with y = 1, and p = 1/2 with y = 0: -log 3/4 - log 1/2; the slope is p - y
    value, gradient = loss_of(LOSSES["sigmoid"](), [[math.log(3), 0.0]], [[1.0, 0.0]])
    assert value == pytest.approx(math.log(8 / 3), rel=1e-15)
    np.testing.assert_allclose(gradient, [[-1 / 4, 1 / 2]], rtol=1e-15)

    value, gradient = loss_of(LOSSES["sigmoid"](), [[1000.0, -1000.0]], [[0.0, 1.0]])
    assert value == 2000
    np.testing.assert_allclose(gradient, [[1, -1]])


# every loss


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_of_a_batch_is_the_mean_of_its_rows(name, rng):
    loss = LOSSES[name]()
    scores, targets = batch(loss, rng)

    value, _ = loss_of(loss, scores, targets)

    alone = [loss_of(loss, scores[i : i + 1], targets[i : i + 1])[0] for i in range(4)]
    assert value == pytest.approx(sum(alone) / 4, rel=1e-13)


@pytest.mark.parametrize("name", LOSSES)
def test_a_row_of_weight_2_is_a_row_that_stands_there_twice(name, rng):
    loss = LOSSES[name]()
    scores, targets = batch(loss, rng)
    twice = [0, 1, 1, 2, 3]

    weighted, _ = loss_of(loss, scores, targets, [1.0, 2.0, 1.0, 1.0])

    assert weighted == pytest.approx(loss_of(loss, scores[twice], targets[twice])[0], rel=1e-13)


@pytest.mark.parametrize("name", LOSSES)
def test_a_row_of_weight_0_counts_for_nothing(name, rng):
    loss = LOSSES[name]()
    scores, targets = batch(loss, rng)

    value, gradient = loss_of(loss, scores, targets, [1.0, 0.0, 1.0, 1.0])

    others, gradient_of_others = loss_of(loss, scores[[0, 2, 3]], targets[[0, 2, 3]])
    assert value == pytest.approx(others, rel=1e-13)
    assert gradient[1].tolist() == [0, 0, 0]
    np.testing.assert_allclose(gradient[[0, 2, 3]], gradient_of_others, rtol=1e-13)


@pytest.mark.parametrize("name", LOSSES)
def test_equal_weights_change_nothing(name, rng):
    loss = LOSSES[name]()
    scores, targets = batch(loss, rng)

    value, gradient = loss_of(loss, scores, targets, np.full(4, 0.25))

    plain, plain_gradient = loss_of(loss, scores, targets)
    assert value == pytest.approx(plain, rel=1e-13)
    np.testing.assert_allclose(gradient, plain_gradient, rtol=1e-13)


@pytest.mark.parametrize("name", LOSSES)
def test_a_batch_of_weights_that_are_all_0_teaches_nothing(name, rng):
    loss = LOSSES[name]()
    scores, targets = batch(loss, rng)

    value, gradient = loss_of(loss, scores, targets, np.zeros(4))

    assert value == 0
    assert not gradient.any()


@pytest.mark.parametrize("name", LOSSES)
def test_a_step_against_the_gradient_lowers_the_loss(name, rng):
    loss = LOSSES[name]()
    scores, targets = batch(loss, rng)

    value, gradient = loss_of(loss, scores, targets)

    assert loss_of(loss, scores - 1e-3 * gradient, targets)[0] < value


@pytest.mark.parametrize("name", LOSSES)
def test_no_loss_is_negative(name, rng):
    loss = LOSSES[name]()

    assert all(loss_of(loss, *batch(loss, rng))[0] >= 0 for _ in range(20))


def test_weights_that_add_up_to_less_than_a_normal_number_teach_nothing():
    loss, weights = LOSSES["mse"](), np.array([1e-44, 1e-44], np.float32)
    assert loss.reduce(np.array([3.0, 4.0], np.float32), weights) == 0
    each = loss.upstream_of_rows(np.float32(1), weights, 2)
    np.testing.assert_array_equal(each, np.zeros((2, 1)))


@pytest.mark.parametrize("given", ["balanced", {"a": 1.0, "b": 2.0}])
def test_class_weights_by_name_must_be_resolved_first(given):
    with pytest.raises(TypeError, match="must be resolved"):
        LOSSES["softmax"](class_weights=given)

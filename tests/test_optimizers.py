"""Optimizers: two steps of each on paper, and what must hold for every one of the registry.

On paper the parameter starts at 1, the rate is 0.1, and the numbers are chosen so that roots are exact.
"""

import itertools
import math

import numpy as np
import pytest

from mlptrain.arrays import Segment
from mlptrain.optim import OPTIMIZERS
from mlptrain.optim.blocks import BLOCK

pytestmark = pytest.mark.usefixtures("strict_floats")


def path(optimizer, gradients, rates=None, *, decays=True):
    """Where the parameter is after each step."""
    w, seen = np.array([1.0]), []
    optimizer.attach(w, [Segment(0, w.size, decays=decays)])
    for gradient, lr in zip(gradients, rates or [0.1] * len(gradients), strict=True):
        optimizer.step(w, np.array([gradient]), lr)
        seen.append(float(w[0]))
    return seen


def about(*values):
    return pytest.approx(list(values), rel=1e-7)


def attached(name, w):
    optimizer = OPTIMIZERS[name]()
    optimizer.attach(w)
    return optimizer


def walk(optimizer, w, gradients):
    for dw in gradients:
        optimizer.step(w, dw, 0.01)
    return w


# on paper


def test_sgd_is_w_minus_lr_dw():
    # 1 - 0.1 * 0.5 = 0.95;  0.95 - 0.1 * 1 = 0.85
    assert path(OPTIMIZERS["sgd"](), [0.5, 1.0]) == about(0.95, 0.85)


def test_momentum_adds_the_gradient_to_the_velocity():
    # v = 0.5, w = 0.95;  v = 0.9 * 0.5 + 1 = 1.45, w = 0.95 - 0.145
    assert path(OPTIMIZERS["momentum"](rho=0.9), [0.5, 1.0]) == about(0.95, 0.805)


def test_momentum_multiplies_the_velocity_by_the_rate_of_this_step():
    # The same velocities; the second rate is 0.2: 0.95 - 0.2 * 1.45. Rates inside v would give 0.705.
    assert path(OPTIMIZERS["momentum"](rho=0.9), [0.5, 1.0], [0.1, 0.2]) == about(0.95, 0.66)


def test_nesterov_looks_ahead_along_the_velocity():
    # v = 0.5, w = 1 - 0.1 (0.5 + 0.45) = 0.905;  v = 1.45, w = 0.905 - 0.1 (1 + 0.9 * 1.45)
    assert path(OPTIMIZERS["nesterov"](rho=0.9), [0.5, 1.0]) == about(0.905, 0.6745)


def test_adagrad_divides_by_the_root_of_all_squares_so_far():
    # g = 9, w = 1 - 0.1 * 3/3;  g = 25, w = 0.9 - 0.1 * 4/5
    assert path(OPTIMIZERS["adagrad"](), [3.0, 4.0]) == about(0.9, 0.82)


def test_adagrad_adds_eps_outside_the_root():
    # 1 - 0.1 * 3 / (3 + 1); inside it would be 3 / sqrt(10)
    assert path(OPTIMIZERS["adagrad"](eps=1.0), [3.0]) == about(0.925)


def test_rmsprop_forgets_old_squares_and_starts_at_0():
    # g = 1/4 * 4 = 1, w = 1 - 0.1 * 2/1;  g = 3/4 * 1 + 1/4 * 1 = 1, w = 0.8 - 0.1 * 1/1
    assert path(OPTIMIZERS["rmsprop"](decay=0.75), [2.0, 1.0]) == about(0.8, 0.7)


def test_rmsprop_adds_eps_outside_the_root():
    # 1 - 0.1 * 2 / (1 + 1); inside it would be 2 / sqrt(2)
    assert path(OPTIMIZERS["rmsprop"](decay=0.75, eps=1.0), [2.0]) == about(0.9)


def test_adam_corrects_both_moments_for_their_start_at_0():
    # b1 = 1/2, b2 = 3/4.
    # t = 1, dw = 2:  m = 1, v = 1;  m_hat = 1 / (1 - 1/2) = 2, v_hat = 1 / (1 - 3/4) = 4
    #                 w = 1 - 0.1 * 2/2 = 0.9
    # t = 2, dw = 1:  m = 1/2 + 1/2 = 1, v = 3/4 + 1/4 = 1
    #                 m_hat = 1 / (3/4) = 4/3, v_hat = 1 / (7/16) = 16/7
    #                 w = 0.9 - 0.1 * (4/3) / (4 / sqrt 7) = 0.9 - 0.1 * sqrt(7)/3
    adam = OPTIMIZERS["adam"](beta1=0.5, beta2=0.75)

    assert path(adam, [2.0, 1.0]) == about(0.9, 0.9 - 0.1 * math.sqrt(7) / 3)


def test_adam_adds_eps_to_the_root_of_the_corrected_moment():
    # 1 - 0.1 * 2 / (2 + 1); with eps beside the uncorrected root, 1: 1 - 0.1 * 2 / (2 (1 + 1))
    adam = OPTIMIZERS["adam"](beta1=0.5, beta2=0.75, eps=1.0)

    assert path(adam, [2.0]) == about(1 - 0.2 / 3)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_the_first_step_of_adam_is_the_rate_whatever_the_gradient(size):
    assert path(OPTIMIZERS["adam"](), [size]) == pytest.approx([0.9], abs=2e-6)  # eps is 1e-5 of 1e-3


def test_adamw_shrinks_weights_first_and_then_steps_as_adam():
    # w = 1 (1 - 0.1 * 0.1) = 0.99, then the step of Adam, 0.1
    adamw = OPTIMIZERS["adamw"](beta1=0.5, beta2=0.75, weight_decay=0.1)

    assert path(adamw, [2.0]) == about(0.89)


def test_adamw_does_not_shrink_biases():
    adamw = OPTIMIZERS["adamw"](beta1=0.5, beta2=0.75, weight_decay=0.1)

    assert path(adamw, [2.0], decays=False) == about(0.9)


def test_the_decay_of_adamw_does_not_pass_through_the_gradient():
    # Without a gradient only the decay is left: 0.99, then 0.99^2.
    assert path(OPTIMIZERS["adamw"](weight_decay=0.1), [0.0, 0.0]) == about(0.99, 0.9801)


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name != "adamw"])
def test_decoupled_decay_belongs_to_adamw_only(name):
    assert path(OPTIMIZERS[name](), [0.0, 0.0]) == about(1, 1)


# every optimizer


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_finds_the_bottom_of_a_parabola(name):
    target, curvature = np.array([3.0, -2.0, 0.5]), np.array([1.0, 0.3, 0.05])
    w = np.zeros(3)
    optimizer = attached(name, w)

    for t in range(1000):
        optimizer.step(w, curvature * (w - target), 0.5 * (1 - t / 1000))

    np.testing.assert_allclose(w, target, atol=0.02)


@pytest.mark.parametrize("size", [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_blocks_give_the_same_as_a_vector_processed_whole(name, size, rng, monkeypatch):
    start = rng.normal(size=size).astype(np.float32)
    gradients = rng.normal(size=(2, size)).astype(np.float32)
    in_blocks, whole = start.copy(), start.copy()
    walk(attached(name, in_blocks), in_blocks, gradients)

    monkeypatch.setattr("mlptrain.optim.blocks.BLOCK", 4 * BLOCK)
    walk(attached(name, whole), whole, gradients)

    np.testing.assert_array_equal(in_blocks, whole)


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_threads_give_the_same_bits_as_one(name, threads, rng, monkeypatch):
    monkeypatch.setattr("mlptrain.optim.blocks.BLOCK", 100)
    monkeypatch.setattr("mlptrain.optim.blocks.WORTHWHILE", 1)
    start, gradients = rng.normal(size=1234), rng.normal(size=(3, 1234))
    alone, together = start.copy(), start.copy()
    walk(attached(name, alone), alone, gradients)
    optimizer = OPTIMIZERS[name]()
    optimizer.attach(together, [], threads)

    walk(optimizer, together, gradients)

    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("cuts", [(0, 100), (0, 40, 100), (0, 40, 40, 100), (0, 20, 100)])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_slices_give_the_same_bits_as_the_whole(name, cuts, rng, monkeypatch):
    monkeypatch.setattr("mlptrain.optim.blocks.BLOCK", 30)
    start, gradients = rng.normal(size=100), rng.normal(size=(3, 100))
    segments = [Segment(0, 35, decays=True), Segment(35, 60, 0.1), Segment(60, 100)]
    whole, w = start.copy(), start.copy()
    optimizer = with_segments(name, whole, segments)
    shared = [np.zeros(100) for _ in optimizer.slots]  # as of memory that several processes see
    parts = [slice(*each) for each in itertools.pairwise(cuts)]
    slices = [optimizer.sliced(w, part, shared) for part in parts]
    walk(optimizer, whole, gradients)
    for dw in gradients:
        for each in slices:
            walk(each, w, [dw])

    np.testing.assert_array_equal(w, whole)
    for vector, slot in zip(shared, optimizer.slots, strict=True):
        np.testing.assert_array_equal(vector, optimizer.state[slot])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_subnormal_numbers_become_0_every_hundredth_update(name, threads, monkeypatch):
    monkeypatch.setattr("mlptrain.optim.blocks.BLOCK", 2)
    monkeypatch.setattr("mlptrain.optim.blocks.WORTHWHILE", 1)
    w = np.array([1e-40, -1e-45, 1e-37, 1.0, 0.0], np.float32)
    still = np.zeros_like(w)
    optimizer = OPTIMIZERS[name]()
    optimizer.attach(w, [], threads)
    for vector in optimizer.state.values():
        vector[0] = 1e-44  # rounds to itself when it decays

    for _ in range(99):
        optimizer.step(w, still, 0.0)  # a sign of a subnormal number would move w
    before = [vector.copy() for vector in (w, *optimizer.state.values())]
    optimizer.step(w, still, 0.0)

    assert all(vector[0] != 0 for vector in before)
    assert w.tolist() == [0, 0, np.float32(1e-37), 1, 0]
    assert all(vector[0] == 0 for vector in optimizer.state.values())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_parameter_is_updated_by_itself(name, rng):
    start, gradients = rng.normal(size=5), rng.normal(size=(4, 5))
    together = walk(attached(name, start), start.copy(), gradients)

    alone = [
        walk(attached(name, start[i : i + 1]), start[i : i + 1].copy(), gradients[:, i : i + 1])[0]
        for i in range(5)
    ]

    np.testing.assert_allclose(together, alone, rtol=1e-14)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_state_is_named_and_as_long_as_the_parameters(name):
    w = np.zeros(7, np.float32)
    optimizer = attached(name, w)

    assert tuple(optimizer.state) == optimizer.slots
    assert all(array.shape == (7,) and array.dtype == w.dtype for array in optimizer.state.values())
    assert not any(array.any() for array in optimizer.state.values())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_saved_state_and_count_continue_bit_for_bit(name, rng):
    start, gradients = rng.normal(size=6), rng.normal(size=(8, 6))
    straight = walk(attached(name, start), start.copy(), gradients)
    w = start.copy()
    first = attached(name, w)
    walk(first, w, gradients[:3])

    second = attached(name, w)
    second.t = first.t
    for slot, array in first.state.items():
        second.state[slot][...] = array
    walk(second, w, gradients[3:])

    np.testing.assert_array_equal(w, straight)


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if OPTIMIZERS[name].slots])
def test_forgotten_state_makes_a_difference(name, rng):
    # The control of the test above: it would notice a slot that is not saved.
    start, gradients = rng.normal(size=6), rng.normal(size=(8, 6))
    straight = walk(attached(name, start), start.copy(), gradients)
    w = start.copy()
    walk(attached(name, w), w, gradients[:3])
    walk(attached(name, w), w, gradients[3:])

    assert (w != straight).any()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_attaching_again_starts_afresh(name, rng):
    start, gradients = rng.normal(size=6), rng.normal(size=(4, 6))
    optimizer = attached(name, start)
    first = walk(optimizer, start.copy(), gradients)

    optimizer.attach(start)

    np.testing.assert_array_equal(walk(optimizer, start.copy(), gradients), first)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_rate_of_0_leaves_the_parameters_where_they_are(name, rng):
    start = rng.normal(size=6)
    w = start.copy()
    optimizer = OPTIMIZERS[name]()
    optimizer.attach(w, [Segment(0, w.size, decays=True)])

    optimizer.step(w, rng.normal(size=6), 0.0)

    np.testing.assert_array_equal(w, start)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_gradient_is_left_as_it_is(name, rng):
    w, dw = rng.normal(size=6), rng.normal(size=6)
    before = dw.copy()

    attached(name, w).step(w, dw, 0.1)

    np.testing.assert_array_equal(dw, before)


# segments


def with_segments(name, w, segments, threads=1):
    optimizer = OPTIMIZERS[name]()
    optimizer.attach(w, segments, threads)
    return optimizer


@pytest.mark.parametrize("block", [3, 100])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_segment_learns_as_it_would_alone_at_its_own_rate(name, block, rng, monkeypatch):
    monkeypatch.setattr("mlptrain.optim.blocks.BLOCK", block)
    start, gradients = rng.normal(size=10), rng.normal(size=(4, 10))
    segments = [Segment(0, 4, rate=1.0), Segment(4, 5, rate=0.1), Segment(5, 10, rate=2.0)]
    together = start.copy()
    walk(with_segments(name, together, segments), together, gradients)

    for start_, stop, rate, _ in segments:
        alone = start[start_:stop].copy()
        optimizer = attached(name, alone)
        for dw in gradients:
            optimizer.step(alone, dw[start_:stop], 0.01 * rate)
        np.testing.assert_array_equal(together[start_:stop], alone)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("block", [4, 100])
def test_weight_decay_acts_on_the_segments_that_decay_and_on_no_other(block, threads, rng, monkeypatch):
    # lr 0.01 and decay 0.5: W <- 0.995 W, and then Adam, which does not read W.
    monkeypatch.setattr("mlptrain.optim.blocks.BLOCK", block)
    monkeypatch.setattr("mlptrain.optim.blocks.WORTHWHILE", 1)
    start, dw = rng.normal(size=10), rng.normal(size=10)
    decays = np.array([True] * 3 + [False] * 2 + [True] * 5)
    segments = [Segment(0, 3, decays=True), Segment(3, 5), Segment(5, 10, decays=True)]
    w, plain = start.copy(), start.copy()
    optimizer = OPTIMIZERS["adamw"](weight_decay=0.5)
    optimizer.attach(w, segments, threads)
    optimizer.step(w, dw, 0.01)
    walk(attached("adam", plain), plain, [dw])

    np.testing.assert_allclose(w - plain, np.where(decays, -0.005 * start, 0), rtol=1e-12, atol=1e-16)


def test_decay_follows_the_rate_of_its_segment():
    # 1 - 0.1 * 0.5 * 0.2 = 0.99 where the rate is halved; a gradient of 0 moves nothing else
    w = np.array([1.0, 1.0])
    optimizer = OPTIMIZERS["adamw"](weight_decay=0.2)
    optimizer.attach(w, [Segment(0, 1, rate=0.5, decays=True), Segment(1, 2, decays=True)])

    optimizer.step(w, np.zeros(2), 0.1)

    assert w.tolist() == about(0.99, 0.98)

"""Batches: each row once an epoch, the same order every time, resumable at any step."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from helpers import TOY, changed

from mlptrain.config import load_config
from mlptrain.data import batches as module
from mlptrain.data.batches import batches, epoch_order, steps_per_epoch
from mlptrain.training.build import build
from mlptrain.training.record import Progress
from mlptrain.training.trainer import rows_of_steps, take_step


def whole_order(seed, epoch, n):
    return np.concatenate(list(epoch_order(seed, epoch, n))).tolist()


@pytest.mark.parametrize("stretch", [3, 10, 1 << 21])
def test_an_epoch_has_every_row_once(monkeypatch, stretch):
    monkeypatch.setattr(module, "STRETCH", stretch)
    found = list(batches(epoch_order(0, 3, 10), 4))
    assert sorted(np.concatenate(found).tolist()) == list(range(10))
    assert [len(batch) for batch in found] == [4, 4, 2]
    assert {batch.dtype for batch in found} == {np.dtype(np.intp)}


def test_the_order_depends_on_seed_and_epoch_alone():
    assert whole_order(0, 3, 50) == whole_order(0, 3, 50)
    assert whole_order(0, 3, 50) != whole_order(0, 4, 50)
    assert whole_order(0, 3, 50) != whole_order(1, 3, 50)


@pytest.mark.parametrize("stretch", [2, 1 << 21])
def test_all_orders_are_equally_likely(monkeypatch, stretch):
    monkeypatch.setattr(module, "STRETCH", stretch)
    drawn = 2400
    seen = Counter(tuple(whole_order(0, epoch, 4)) for epoch in range(drawn))

    assert set(seen) == set(permutations(range(4)))
    expected = drawn / 24
    chi_square = sum((count - expected) ** 2 / expected for count in seen.values())
    assert chi_square < 49.7  # the 99.9 % quantile at 23 degrees of freedom


def test_rows_are_drawn_to_stretches_in_chunks(monkeypatch):
    monkeypatch.setattr(module, "STRETCH", 1000)
    monkeypatch.setattr(module, "CHUNK", 700)
    stretches = list(epoch_order(0, 0, 5000))

    assert len(stretches) == 5
    assert all(850 < len(rows) < 1150 for rows in stretches)  # 5 standard deviations
    assert sorted(np.concatenate(stretches).tolist()) == list(range(5000))


def test_rows_change_their_company_from_epoch_to_epoch():
    first, second = ({frozenset(b.tolist()) for b in batches(epoch_order(0, e, 40), 4)} for e in (0, 1))
    assert first != second


def test_a_batch_is_filled_from_as_many_stretches_as_it_takes():
    stretches = [np.arange(0, 1), np.arange(1, 2), np.arange(2, 9), np.arange(9, 9), np.arange(9, 10)]
    assert [b.tolist() for b in batches(stretches, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_the_short_last_batch_is_no_step_where_it_is_dropped():
    assert [steps_per_epoch(10, 4, drop_last=drop) for drop in (False, True)] == [3, 2]
    assert [steps_per_epoch(8, 4, drop_last=drop) for drop in (False, True)] == [2, 2]


def test_fewer_rows_than_a_batch_are_one_batch():
    assert [b.tolist() for b in batches([np.arange(3)], 4)] == [[0, 1, 2]]
    assert steps_per_epoch(3, 4, drop_last=True) == 1


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("n", range(1, 30))
@pytest.mark.parametrize(("size", "fewest"), [(2, 2), (4, 2), (5, 3), (16, 8)])
def test_too_short_a_last_batch_joins_the_one_before(n, cut, size, fewest):
    stretches = [np.arange(start, min(start + cut, n)) for start in range(0, n, cut)]
    found = list(batches(stretches, size, fewest))
    lengths = [len(batch) for batch in found]

    assert np.concatenate(found).tolist() == list(range(n))
    assert len(found) == steps_per_epoch(n, size, drop_last=False, fewest=fewest)
    assert lengths[:-1] == [size] * (len(found) - 1)
    assert lengths[-1] < size + fewest
    assert lengths[-1] >= min(fewest, n)


def test_batches_of_one_stretch_are_views_not_copies():
    order = list(epoch_order(0, 0, 11))
    assert all(np.shares_memory(batch, order[0]) for batch in batches(order, 3))


@pytest.mark.parametrize("most", [1e-3, 1e-6])
def test_a_step_of_clipped_gradients_is_no_longer_than_the_rate_allows(most):
    experiment = build(load_config(changed(TOY, {"train.clip_norm": most})))
    before = experiment.network.parameters.values.copy()
    _, norm = take_step(experiment, Progress(), np.arange(8), 0.5)

    assert norm > most
    moved = experiment.network.parameters.values - before
    assert np.linalg.norm(moved) == pytest.approx(0.5 * most, rel=1e-6)


def test_the_steps_of_an_epoch_have_an_order_of_their_own_and_go_on_where_they_were_left():
    experiment = build(load_config(TOY))
    first, second = (np.concatenate([*rows_of_steps(experiment, epoch)]) for epoch in (0, 1))
    after_two = np.concatenate([*rows_of_steps(experiment, 0, done=2)])

    assert sorted(first) == sorted(second) == list(range(30))
    assert first.tolist() != second.tolist()
    assert first.tolist()[16:] == after_two.tolist()

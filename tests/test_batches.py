"""Batches: each row once an epoch, the same order every time, resumable at any step."""

import numpy as np

from mlptrain.data.batches import batches, epoch_order, steps_per_epoch


def test_an_epoch_has_every_row_once() -> None:
    order = epoch_order(0, 3, 10)
    assert sorted(np.concatenate(list(batches(order, 4))).tolist()) == list(range(10))
    assert order.dtype == np.intp


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    assert epoch_order(0, 3, 50).tolist() == epoch_order(0, 3, 50).tolist()
    assert epoch_order(0, 3, 50).tolist() != epoch_order(0, 4, 50).tolist()
    assert epoch_order(0, 3, 50).tolist() != epoch_order(1, 3, 50).tolist()


def test_rows_change_their_company_from_epoch_to_epoch() -> None:
    first, second = ({frozenset(b.tolist()) for b in batches(epoch_order(0, e, 40), 4)} for e in (0, 1))
    assert first != second


def test_the_short_last_batch_is_used_unless_dropped() -> None:
    order = np.arange(10)
    assert [len(b) for b in batches(order, 4)] == [4, 4, 2]
    assert [len(b) for b in batches(order, 4, drop_last=True)] == [4, 4]


def test_an_exact_multiple_has_no_short_batch() -> None:
    assert [len(b) for b in batches(np.arange(8), 4)] == [4, 4]
    assert steps_per_epoch(8, 4, drop_last=False) == steps_per_epoch(8, 4, drop_last=True) == 2


def test_fewer_rows_than_a_batch_are_one_batch() -> None:
    assert [len(b) for b in batches(np.arange(3), 4, drop_last=True)] == [3]


def test_starting_at_a_step_gives_the_rest_of_the_epoch() -> None:
    order = epoch_order(0, 0, 11)
    whole = [b.tolist() for b in batches(order, 3)]
    for start in range(5):
        assert [b.tolist() for b in batches(order, 3, start=start)] == whole[start:]


def test_batches_are_views_not_copies() -> None:
    order = epoch_order(0, 0, 11)
    assert all(np.shares_memory(batch, order) for batch in batches(order, 3))

"""Splitting rows: shares, classes, order and independence."""

from typing import Any

import numpy as np
import pytest
from helpers import partition_of
from hypothesis import given
from hypothesis import strategies as st

from mlptrain.data import split as module
from mlptrain.data.split import Partition, quotas
from mlptrain.errors import ConfigError


def split(n: int, **settings: Any) -> Partition:
    return partition_of(module.split(n, **settings))


def test_every_row_is_in_exactly_one_part_and_in_file_order() -> None:
    parts = split(100, val=0.1, test=0.25, seed=0)
    assert [len(part) for part in parts] == [65, 10, 25]
    assert sorted(np.concatenate(parts).tolist()) == list(range(100))
    assert all((np.diff(part) > 0).all() for part in parts)


def test_the_split_is_a_function_of_the_seed() -> None:
    first, again, other = (split(50, val=0.2, test=0, seed=seed) for seed in (1, 1, 2))
    assert first.val.tolist() == again.val.tolist() != other.val.tolist()


def test_the_test_rows_do_not_depend_on_val() -> None:
    assert (
        split(50, val=0.1, test=0.2, seed=0).test.tolist()
        == split(50, val=0, test=0.2, seed=0).test.tolist()
    )


def test_stratified_parts_have_each_class_in_proportion() -> None:
    classes = np.repeat([0, 1, 2], [50, 30, 20])
    parts = split(100, val=0.1, test=0.2, seed=0, classes=classes)
    assert [np.bincount(classes[part]).tolist() for part in parts] == [
        [35, 21, 14],
        [5, 3, 2],
        [10, 6, 4],
    ]


def test_the_largest_remainders_get_the_rows_that_are_left() -> None:
    # a quarter of 6, 7, 3 is 1.5, 1.75, 0.75: 4 rows, of which 2 by rounding down
    assert quotas(np.array([6, 7, 3]), 0.25, np.array([5, 6, 2])).tolist() == [1, 2, 1]


def test_a_class_of_one_row_stays_in_training() -> None:
    classes = np.array([0] * 9 + [1])
    for seed in range(20):
        assert 9 in split(10, val=0.3, test=0.3, seed=seed, classes=classes).train


@pytest.mark.parametrize(("val", "test"), [(0.5, 0.5), (-0.1, 0), (1.0, 0), (float("nan"), 0)])
def test_fractions_that_leave_no_training_row_are_refused(val: float, test: float) -> None:
    with pytest.raises(ConfigError, match="must be >= 0 and together below 1"):
        split(10, val=val, test=test, seed=0)


def test_a_fraction_of_less_than_one_row_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"data\.test: 0\.01 of 10 rows is no row"):
        split(10, val=0, test=0.01, seed=0)


def test_a_class_for_every_row_leaves_none_to_hold_out():
    with pytest.raises(ConfigError, match=r"no row is left of 50 with 50 classes, .* a number"):
        split(50, val=0.1, test=0.1, seed=0, classes=np.arange(50))


@pytest.fixture
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 16)


@pytest.mark.usefixtures("short_chunks")
def test_shares_of_a_long_file_are_exact_and_the_test_rows_do_not_depend_on_val() -> None:
    classes = np.random.default_rng(0).choice(3, 500, p=[0.7, 0.2, 0.1])
    counts = np.bincount(classes)
    parts = split(500, val=0.2, test=0.1, seed=0, classes=classes)
    assert sorted(np.concatenate(parts).tolist()) == list(range(500))
    assert np.bincount(classes[parts.test]).tolist() == quotas(counts, 0.1, counts).tolist()
    assert np.bincount(classes[parts.val]).tolist() == quotas(counts, 0.2, counts).tolist()
    without_val = split(500, val=0, test=0.1, seed=0, classes=classes)
    assert without_val.test.tolist() == parts.test.tolist()


@pytest.mark.usefixtures("short_chunks")
def test_every_row_of_a_long_file_is_drawn_as_often_as_any_other() -> None:
    drawn = np.zeros((2, 40))
    for seed in range(500):
        part_of = module.split(40, val=0.25, test=0.1, seed=seed)
        drawn += [part_of == module.VAL, part_of == module.TEST]
    for counts, share in zip(drawn, (0.25, 0.1), strict=True):
        spread = np.sqrt(500 * share * (1 - share))
        assert np.abs(counts - 500 * share).max() < 4.5 * spread


@pytest.mark.slow
@given(
    st.lists(st.integers(0, 3), min_size=20, max_size=60),
    st.floats(0.1, 0.4),
    st.floats(0.1, 0.4),
    st.integers(0, 99),
)
def test_any_stratified_split_is_a_partition_that_trains_every_class(
    labels: list[int], val: float, test: float, seed: int
) -> None:
    classes = np.unique(labels, return_inverse=True)[1]
    parts = split(len(labels), val=val, test=test, seed=seed, classes=classes)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    assert set(classes[parts.train]) == set(classes)

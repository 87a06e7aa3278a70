"""A set of rows in one byte a row of the file cuts as the array of its numbers does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlptrain.data import row_set
from mlptrain.data.row_set import RowSet, every_row
from mlptrain.data.source import blocks

PARTS = st.lists(st.integers(0, 2), max_size=60).map(lambda parts: np.array(parts, np.uint8))


@pytest.fixture(autouse=True)
def short_strides(monkeypatch):
    monkeypatch.setattr(row_set, "STRIDE", 7)


@given(PARTS, st.integers(-70, 70), st.integers(-70, 70))
def test_a_slice_is_that_of_the_numbers(set_of, start, stop):
    rows, numbers = RowSet(set_of, 1), np.flatnonzero(set_of == 1)
    assert len(rows) == len(numbers)
    assert rows[start:stop].tolist() == numbers[start:stop].tolist()
    assert rows[:].tolist() == np.asarray(rows).tolist() == numbers.tolist()


@given(PARTS)
def test_sets_of_a_set_are_numbered_as_in_the_file(set_of):
    rows = RowSet(set_of, 1)
    inner = np.arange(len(rows), dtype=np.uint8) % 3
    numbers = np.asarray(rows)
    for number, part in enumerate(rows.split(inner, 3)):
        assert np.asarray(part).tolist() == numbers[inner == number].tolist()


def test_blocks_have_the_same_bounds_as_those_of_an_array():
    set_of = (np.arange(5000) % 3 == 0).astype(np.uint8)
    numbers = np.flatnonzero(set_of)
    pairs = zip(blocks(RowSet(set_of, 1), 1000), blocks(numbers, 1000), strict=True)
    assert all(np.array_equal(*pair) for pair in pairs)


def test_a_single_row_and_a_choice_of_rows():
    rows = every_row(9)
    assert (rows[4], rows[np.array([8, 0])].tolist()) == (4, [8, 0])

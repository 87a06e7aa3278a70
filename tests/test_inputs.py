"""Inputs: the numbers and the codes of the same rows, in memory or in a file."""

import os

import numpy as np
import pytest

from mlptrain.data.cache.file_array import FileArray, OpenFile
from mlptrain.data.cache.rows_file import RowsFile, RowsWriter, sealing
from mlptrain.data.inputs import Inputs, concatenated

NUMBERS = np.arange(12, dtype=np.float32).reshape(6, 2) / 8
CODES = np.array([[3, 0], [1, 2], [0, 0], [2, 9], [3, 1], [1, 1]], np.int32)


def in_file(path):
    """The same rows, written as prepared rows are."""
    with path.open("wb") as file:
        writer = RowsWriter(file.fileno(), sealing(b"key", "rows"))
        writer.add("numbers", [NUMBERS[:4], NUMBERS[4:]])
        writer.add("codes", [CODES[:1], CODES[1:]])
        writer.finish({})
    arrays = RowsFile.read(OpenFile(path, os.open(path, os.O_RDONLY)), "").arrays
    return Inputs(arrays["numbers"], arrays["codes"])


@pytest.fixture(params=["memory", "file"])
def inputs(request, tmp_path):
    if request.param == "memory":
        return Inputs(NUMBERS, CODES)
    found = in_file(tmp_path / "rows")
    assert all(isinstance(array, FileArray) for array in found.arrays)
    return found


@pytest.mark.parametrize(
    "rows", [slice(1, 4), slice(None, None, 2), slice(0, 0), np.array([5, 0, 0])], ids=str
)
def test_a_part_holds_the_numbers_and_the_codes_of_the_same_rows(inputs, rows):
    part = inputs[rows]

    assert len(part) == len(NUMBERS[rows])
    np.testing.assert_array_equal(part.numbers, NUMBERS[rows])
    np.testing.assert_array_equal(part.codes, CODES[rows])
    assert [array.dtype for array in part.arrays] == [np.float32, np.int32]


def test_a_batch_is_written_into_the_arrays_that_are_given(inputs):
    outs = [np.full((3, 2), -1, dtype) for dtype in (np.float32, np.int32)]
    inputs.take(np.array([4, 0, 4]), *outs)

    assert outs[0].tolist() == [[1.0, 1.125], [0.0, 0.125], [1.0, 1.125]]
    assert outs[1].tolist() == [[3, 1], [3, 0], [3, 1]]


def test_without_codes_there_is_one_array():
    inputs = Inputs(NUMBERS)

    assert len(inputs.arrays) == 1
    assert inputs[2:].codes is None
    with pytest.raises(ValueError, match="exactly where"):
        inputs.take(np.array([0]), np.empty((1, 2), np.float32), np.empty((1, 2), np.int32))


def test_codes_are_not_left_unread(inputs):
    with pytest.raises(ValueError, match="exactly where"):
        inputs.take(np.array([0]), np.empty((1, 2), np.float32))


def test_parts_put_together_are_the_whole(inputs):
    whole = concatenated([inputs[:1], inputs[1:4], inputs[4:]])

    np.testing.assert_array_equal(whole.numbers, NUMBERS)
    np.testing.assert_array_equal(whole.codes, CODES)

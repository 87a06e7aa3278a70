"""Rows that are read once: for settings that differ, and for another process."""

import os
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from tables import write

from mlptrain.config import load_config
from mlptrain.config.folds import held_out
from mlptrain.data import request
from mlptrain.data.handed_on import take_over
from mlptrain.data.load import load_dataset
from mlptrain.data.opened import Opened
from mlptrain.runs.rows_of_folds import RowsOfFolds
from mlptrain.training.build import settings_of

ROWS = [[(i * 37 % 11) / 10, i * 17 % 7, "xyz"[i * i % 3], "ab"[i % 2]] for i in range(40)]


@pytest.fixture
def configs(tmp_path):
    table = write(tmp_path / "rows.csv", ["u", "v", "w", "kind"], ROWS)
    data = {"train": str(table), "target": "kind", "numeric": {"encode": "piecewise"}}
    config = load_config({"data": data, "train": {"folds": 3}})
    return [held_out(config, number, 3) for number in (1, 2, 3)]


def same(one, other):
    """Every bit of two datasets, and what is told of them."""
    assert one.notes == other.notes
    assert one.preprocessing == other.preprocessing
    assert dict(one.fingerprint) == dict(other.fingerprint)
    for rows, again in zip((*one.partition,), (*other.partition,), strict=True):
        assert np.array_equal(rows, again)
    for rows, again in ((one.train, other.train), (one.val, other.val), (one.test, other.test)):
        assert (rows is None) == (again is None)
        if rows is not None:
            arrays = (*rows.inputs.arrays, rows.y, rows.weights, rows.truth)
            copies = (*again.inputs.arrays, again.y, again.weights, again.truth)
            for array, copy in zip(arrays, copies, strict=True):
                assert (array is None) == (copy is None)
                assert array is None or (array.dtype, array.tobytes()) == (copy.dtype, copy.tobytes())


def test_a_file_is_read_once_for_all_folds_and_the_rows_are_the_same(configs, monkeypatch):
    expected = [load_dataset(settings_of(config)) for config in configs]
    read = []
    open_source = request.open_source
    monkeypatch.setattr(
        request, "open_source", lambda path, **rest: read.append(path) or open_source(path, **rest)
    )
    opened = Opened()
    for config, alone in zip(configs, expected, strict=True):
        same(load_dataset(settings_of(config), opened=opened), alone)
    assert len(read) == 1


def test_what_is_handed_on_is_what_a_process_would_load(configs):
    rows = RowsOfFolds(configs)
    for number, config in enumerate(configs, 1):
        handed = rows.of(number)
        assert handed is not None
        taken = take_over(handed, settings_of(config), None)
        assert taken is not None
        same(taken, load_dataset(settings_of(config)))
        other = replace(taken.preprocessing, weight="u")
        assert take_over(handed, settings_of(config), other) is None
    rows.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handed.descriptor)


def test_candidates_that_agree_about_the_data_share_their_rows(configs):
    rows = RowsOfFolds([*configs, *configs])
    assert rows.of(1) is rows.of(4)
    rows.close()


def test_where_nothing_may_be_written_a_process_loads_its_rows(configs):
    data = configs[0].data.model_copy(update={"cache": "none"})
    with closing(RowsOfFolds([configs[0].model_copy(update={"data": data})])) as rows:
        assert rows.of(1) is None


def test_rows_that_cannot_be_prepared_are_left_to_the_process_which_says_why(configs, tmp_path):
    (tmp_path / "rows.csv").unlink()
    with closing(RowsOfFolds(configs)) as rows:
        assert rows.of(1) is None


def test_rows_too_large_for_the_memory_are_left_to_the_process(configs, monkeypatch):
    monkeypatch.setattr("mlptrain.runs.rows_of_folds.memory_limit", lambda: 16)
    with closing(RowsOfFolds(configs)) as rows:
        assert rows.of(1) is None

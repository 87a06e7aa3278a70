"""Splits by the columns of a table: groups stay whole, time goes forward, a given split is taken."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import load_data
from hypothesis import given
from hypothesis import strategies as st
from runs import faults, invoke, write_config
from tables import column, write

from mlptrain.data.readers.tables import pieces
from mlptrain.data.settings import Fold
from mlptrain.data.split_groups import hold_out_groups, split_groups
from mlptrain.data.split_time import UNUSED, hold_out_time, split_time
from mlptrain.errors import ConfigError, DataError

HEADER = ["patient", "day", "part", "u", "v", "sick"]


def table(path: Path, groups: int = 30, each: int = 4) -> str:
    """Rows of patients in turn; half of the patients are sick; two rows of each day."""
    rng, rows = np.random.default_rng(0), []
    for i in range(groups * each):
        part = ["train", "train", "val", "test"][i % 4]
        day = f"2026-{1 + i // 56:02}-{1 + i // 2 % 28:02}"
        patient = (i * 7) % groups
        values = [
            f"P{patient:03}",
            day,
            part,
            *rng.normal(size=2).round(3),
            ["no", "yes"][patient % 2],
        ]
        rows.append(values)
    return str(write(path, HEADER, rows))


def loaded(train: str, **settings: Any) -> Any:
    usual = {"target": "sick", "ignore": ["day", "part", "patient"], "seed": 1, "dtype": np.float32}
    return load_data(train, **{"val": 0.2, "test": 0.2, "classify": True, **usual, **settings})


def places(data: Any) -> list[list[int]]:
    return [np.asarray(part).tolist() for part in data.partition]


@given(
    groups=st.lists(st.integers(0, 12), min_size=30, max_size=90),
    seed=st.integers(0, 99),
    fractions=st.sampled_from([(0.2, 0.2), (0.0, 0.3), (0.3, 0.0)]),
)
def test_a_group_is_in_one_part_of_every_split_and_fold(groups, seed, fractions):
    _, numbers = np.unique(groups, return_inverse=True)
    if numbers.max() < 4:
        return
    val, test = fractions
    classes = (numbers + np.arange(len(numbers)) % 2) % 3
    parts = split_groups(numbers, val=val, test=test, seed=seed, classes=classes)
    assert set(classes[parts == 0]) == set(classes)
    folds = [hold_out_groups(numbers, Fold(i, 3), val=val, seed=seed) for i in (1, 2, 3)]
    for assigned in (parts, *folds):
        assert all(len(set(assigned[numbers == group])) == 1 for group in set(numbers))
    assert (sum((fold == 2).astype(int) for fold in folds) == 1).all()


def test_groups_of_one_size_and_two_kinds_are_shared_out_exactly():
    # 60 groups of 10 rows, 40 of them of one class: 15 % and 20 % are 9 and 12 groups, 6 and 8 of it
    groups, classes = np.repeat(np.arange(60), 10), np.repeat([0] * 40 + [1] * 20, 10)
    for seed in range(5):
        parts = split_groups(groups, val=0.15, test=0.2, seed=seed, classes=classes)
        counts = [np.bincount(classes[parts == part]).tolist() for part in range(3)]
        assert counts == [[260, 130], [60, 30], [80, 40]]
    with_less_val = split_groups(groups, val=0.05, test=0.2, seed=4, classes=classes)
    assert ((with_less_val == 2) == (parts == 2)).all()
    other = split_groups(groups, val=0.15, test=0.2, seed=9, classes=classes)
    assert (other != parts).any()


def test_every_python_shares_out_groups_alike():
    # by the `sum` of Python 3.12, which rounds otherwise, groups 4, 5, 11 and 17 were the test rows
    groups, classes = np.repeat(np.arange(20), 3), np.arange(60) * 7 // 3 % 5
    parts = hold_out_groups(groups, Fold(1, 5), val=0.2, seed=2, classes=classes)
    assert [np.unique(groups[parts == part]).tolist() for part in (1, 2)] == [
        [5, 8, 12],
        [10, 11, 17, 19],
    ]


def test_a_class_of_one_group_stays_in_training_and_too_few_groups_are_refused():
    groups, classes = np.repeat(np.arange(8), 3), np.repeat([0, 0, 1, 1, 1, 0, 0, 2], 3)
    for seed in range(20):
        assert 2 in classes[split_groups(groups, val=0.3, test=0.3, seed=seed, classes=classes) == 0]
    with pytest.raises(ConfigError, match="2 groups for 3 sets"):
        split_groups(np.array([0, 0, 1]), val=0.3, test=0.3, seed=0)
    with pytest.raises(ConfigError, match="2 groups for 3 folds"):
        hold_out_groups(np.array([0, 0, 1]), Fold(1, 3), val=0, seed=0)


@given(st.lists(st.integers(0, 20), min_size=40, max_size=80), st.integers(1, 3))
def test_time_goes_from_train_to_val_to_test_and_one_time_is_in_one_part(values, number):
    times = np.array(values, float)
    if len(set(values)) < 6:
        return
    cut = split_time(times, val=0.2, test=0.2)
    fold = hold_out_time(times, Fold(number, 3), val=0.2)
    for assigned, last in ((cut, 2), (fold, UNUSED if number < 3 else 2)):
        parts = [times[assigned == part] for part in range(last + 1)]
        assert all(before.max() < after.min() for before, after in pairwise(parts))


def test_cuts_by_time_are_where_they_were_asked_for_or_at_the_nearest_change():
    times = np.arange(20.0)
    assert np.bincount(split_time(times[::-1], val=0.15, test=0.2)).tolist() == [13, 3, 4]
    assert split_time(times[::-1], val=0, test=0.2)[:4].tolist() == [2, 2, 2, 2]
    pairs = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3.0])  # 30 % would begin within the time 2
    assert split_time(pairs, val=0, test=0.3).tolist() == [0] * 6 + [2] * 4
    with pytest.raises(ConfigError, match="2 different times for 3 parts"):
        split_time(np.array([1.0, 1, 2]), val=0.3, test=0.3)


WAYS = [{"group": "patient"}, {"time": "day"}, {"split_column": "part", "val": None, "test": None}]


@pytest.mark.parametrize("way", WAYS, ids=["group", "time", "given"])
def test_memory_cache_and_pieces_give_the_same_parts(way, tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE", 1024)
    monkeypatch.setattr(pieces, "PER_COLUMN", 1)
    path = table(tmp_path / "t.csv")
    in_memory = loaded(path, cache="none", **way)
    for _ in range(2):
        data = loaded(path, cache=str(tmp_path / "cache"), **way)
        assert places(data) == places(in_memory)
        assert data.train.inputs.numbers[:].tobytes() == in_memory.train.inputs.numbers[:].tobytes()
    again = loaded(path, fitted=in_memory.preprocessing, cache=str(tmp_path / "other"), **way)
    assert places(again) == places(in_memory)


def test_the_columns_of_a_split_are_read_as_they_are_meant(tmp_path):
    path = Path(table(tmp_path / "t.csv"))
    names, days, given_parts = (np.array(column(path, name)) for name in ("patient", "day", "part"))
    train, val, test = places(loaded(str(path), group="patient"))
    assert [len(val), len(test)] == [24, 24]  # 6 of 30 patients each
    assert not set(names[train]) & set(names[val + test])
    assert not set(names[val]) & set(names[test])
    train, val, test = places(loaded(str(path), time="day"))
    assert max(days[train]) < min(days[val]) <= max(days[val]) < min(days[test])
    parts = places(loaded(str(path), split_column="part", val=None, test=None))
    assert [set(given_parts[part]) for part in parts] == [{"train"}, {"val"}, {"test"}]
    data = loaded(str(path), ignore=["day", "part"], group="patient")
    assert data.features == ("u", "v")
    named = {"ignore": [], "features": ["patient", "u"], "categorical": {"unseen": "zeros"}}
    data = loaded(str(path), group="patient", **named)
    assert len(data.features) == len(set(names[places(data)[0]])) + 1


def test_times_may_be_dates_in_a_declared_notation(tmp_path):
    plain = table(tmp_path / "plain.csv")
    rows = [line.split(",") for line in Path(plain).read_text().splitlines()[1:]]
    turned = [[row[0], "/".join(reversed(row[1].split("-"))), *row[2:]] for row in rows]
    path = str(write(tmp_path / "t.csv", HEADER, turned))
    with pytest.raises(DataError, match=r'`columns: \{day: \{date: "%d/%m/%Y"\}\}`'):
        loaded(path, time="day")
    expected, written = places(loaded(plain, time="day")), {"day": {"date": "%d/%m/%Y"}}
    for cache in ("none", str(tmp_path / "cache")):
        assert places(loaded(path, time="day", columns=written, cache=cache)) == expected


def test_a_number_is_a_group_and_a_feature_at_once_in_memory_and_from_the_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE", 256)
    monkeypatch.setattr(pieces, "PER_COLUMN", 1)
    rows = [[1000 + i % 9, i, "ab"[i // 2 % 2]] for i in range(90)]
    path = str(write(tmp_path / "t.csv", ["house", "u", "sick"], rows))
    settings = {"ignore": [], "features": ["house", "u"], "group": "house"}
    one, other = (loaded(path, cache=c, **settings) for c in ("none", str(tmp_path / "cache")))
    assert places(one) == places(other)
    assert one.train.inputs.numbers[:].tobytes() == other.train.inputs.numbers[:].tobytes()


@pytest.mark.parametrize(
    ("cells", "way", "message"),
    [
        ({"part": "Train"}, WAYS[2], "t.csv:4: part: 'Train' is not train, val or test"),
        ({"part": ""}, WAYS[2], "t.csv:4: part: an empty field is a missing value"),
        ({"patient": ""}, WAYS[0], "t.csv:4: patient: an empty field is a missing value"),
        ({"day": ""}, WAYS[1], "t.csv:4: day: an empty field is a missing value"),
        ({}, {"time": "part"}, "column 'part' holds text: data.time needs numbers or dates"),
        ({}, {"group": "patien"}, "no column 'patien', did you mean 'patient'?"),
    ],
)
def test_values_that_give_no_part_are_named_with_their_place(tmp_path, cells, way, message):
    path = Path(table(tmp_path / "t.csv"))
    lines = path.read_text().splitlines()
    cut = lines[3].split(",")
    for name, text in cells.items():
        cut[HEADER.index(name)] = text
    path.write_text("\n".join([*lines[:3], ",".join(cut), *lines[4:]]) + "\n")
    with pytest.raises(DataError) as refused:
        loaded(str(path), **way)
    assert message in "\n".join(refused.value.faults)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"group": "a", "time": "b"}, "the rows are already shared out by group"),
        ({"split_column": "a"}, "write val: null"),
        ({"split_column": "a", "val": None, "test": "t.csv"}, "write test: null"),
        ({"group": "y"}, "the column 'y' is already in data.target"),
        ({"time": "a", "categorical": {"columns": ["a"]}}, "without order"),
    ],
)
def test_ways_that_contradict_each_other_are_faults_of_the_config(tmp_path, data, message):
    config = write_config(tmp_path / "c.yaml", {"data": {"train": "t.csv", **data}})
    assert any(message in line for line in faults(invoke("fit", config)))


def test_a_run_keeps_its_split_for_eval_folds_and_resume(tmp_path):
    path = table(tmp_path / "t.csv")
    data = {"train": path, "target": "sick", "ignore": ["day", "part"], "group": "patient"}
    settings = {"data": data, "model": {"hidden": [3]}, "train": {"epochs": 1}}
    config = write_config(tmp_path / "c.yaml", settings)
    out = tmp_path / "run"
    assert invoke("fit", config, "--out", out, "--quiet").exit_code == 0
    rows = {split: invoke("eval", out, "--split", split, "--json").stdout for split in ("val", "test")}
    assert '"rows": 12' in rows["val"]  # 3 and 6 of 30 patients
    assert '"rows": 24' in rows["test"]
    refused = invoke(
        "fit", config, "--resume", out, "--set", "data.group=null", "--set", "data.time=day"
    )
    assert "data.group: 'patient' in" in refused.stderr
    folds = tmp_path / "folds"
    done = invoke(
        *("fit", config, "--folds", 3, "--out", folds, "--quiet", "--set", "data.group=null"),
        *(
            "--set",
            "data.time=day",
            "--set",
            "data.test=null",
            "--set",
            "data.ignore=[day,part,patient]",
        ),
    )
    assert done.exit_code == 0, done.stderr
    held = list(map(int, column(folds / "out_of_fold.csv", "row")))
    assert held == list(range(31, 121))  # all but the first quarter, which nothing lies before
    given_split = ["data.split_column=part", "data.group=null", "data.val=null", "data.test=null"]
    sets = [word for each in given_split for word in ("--set", each)]
    answer = invoke("fit", config, "--folds", 3, "--out", tmp_path / "no", *sets)
    assert "--folds: data.split_column gives one split" in answer.stderr

"""Packed models that somebody sealed himself: the program's own errors, whatever is in them."""

import copy
import os
import random

import numpy as np
import polars as pl
import pytest
from runs import invoke, write_config
from tables import write

import mlptrain
from mlptrain.errors import MLPTrainError
from mlptrain.storage.archive import read_archive, write_archive

TIMES = int(os.environ.get("MLPTRAIN_PACKS", "300"))
SEED = int(os.environ.get("MLPTRAIN_SEED", "0"))
STRANGE = [None, True, -1, 0, 10**12, 0.5, -1e308, "", "x" * 300, "../up", [], [[]], {}, {"a": 1}]
ROWS = [[i * 37 % 61 / 60, "ab"[i % 2], "rare" if i % 5 == 0 else "no"] for i in range(60)]
X = pl.DataFrame([row[:2] for row in ROWS], ["u", "letter"], orient="row")


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """Two candidates that are averaged, each of two folds, with temperatures and a threshold."""
    place = tmp_path_factory.mktemp("packs")
    table = write(place / "t.csv", ["u", "letter", "kind"], ROWS)
    config = {
        "data": {"train": str(table), "target": "kind", "val": 0, "test": 0},
        "model": {"hidden": [3]}, "train": {"epochs": 2, "folds": 2},
        "calibration": "temperature", "decision": {"metric": "f1"}, "combine": "greedy",
        "candidates": [{"name": "one"}, {"name": "two", "model": {"hidden": [4]}}],
    }  # fmt: skip
    run = place / "run"
    result = invoke("fit", write_config(place / "c.yaml", config), "--out", run, "--jobs", 1, "--quiet")
    assert result.exit_code == 0, result.stderr
    assert invoke("pack", run, "-o", place / "m.npz").exit_code == 0
    return read_archive(place / "m.npz")


def spots(value, path=()):
    """Every place in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from spots(inner, (*path, key))


def changed_document(document, moments):
    """One value of it is another, or is gone."""
    made = copy.deepcopy(document)
    *above, last = moments.choice(list(spots(made)))
    holder = made
    for key in above:
        holder = holder[key]
    if moments.random() < 0.2:
        del holder[last]
    else:
        holder[last] = moments.choice(STRANGE)
    return made


def changed_arrays(arrays, moments):
    """One array is of another shape, type or name, holds what is not finite, or is gone."""
    made = dict(arrays)
    name = moments.choice(sorted(made))
    array = made.pop(name)
    kind = moments.randrange(6)
    if kind == 0:
        made[name] = np.full_like(array, np.nan) if array.dtype.kind == "f" else array[:0]
    elif kind == 1:
        made[name] = array.astype(np.int64)
    elif kind == 2:
        made[name] = np.concatenate([array, array])
    elif kind == 3:
        made[name] = array[None]
    elif kind == 4:
        made[moments.choice(["member1/x", "member9/layer1.W", "layer1.W", f"{name}x"])] = array
    return made


@pytest.mark.slow
def test_a_mutated_pack_predicts_or_is_refused_by_an_error_of_ours(packed, tmp_path):
    arrays, document = packed
    moments, refused, file = random.Random(SEED), 0, tmp_path / "m.npz"
    for number in range(TIMES):
        if moments.random() < 0.7:
            given = arrays, changed_document(document, moments)
        else:
            given = changed_arrays(arrays, moments), document
        write_archive(file, *given)
        try:
            p = mlptrain.load(file).predict_proba(X)
        except MLPTrainError:
            refused += 1
        else:
            assert p.shape == (60, 2), number
    assert refused > TIMES / 2

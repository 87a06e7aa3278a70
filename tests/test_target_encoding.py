"""Target encoding: the arithmetic, and that no training row sees its own answer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import changed, load_data
from runs import THIRTY, finish, interrupted_at
from sklearn.metrics import roc_auc_score

from mlptrain.data.dataset import Dataset
from mlptrain.data.load import load_rows
from mlptrain.data.preprocessing.columns.target_encoded import OutOfFold, TargetEncoded, out_of_fold
from mlptrain.data.readers.sources import open_source
from mlptrain.runs.fit import prepare


def written(path: Path, levels: Any, answers: Any) -> str:
    lines = ["city,y", *(f"c{level},{y}" for level, y in zip(levels, answers, strict=True))]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def loaded(path: str, **section: Any) -> Dataset:
    return load_data(path, categorical={"encode": "target", "unseen": "zeros"}, **section)


def standardized(given: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    return [(each - given.mean(axis=0)) / given.std(axis=0) for each in (given, *others)]


@pytest.mark.parametrize("task", ["two classes", "three classes", "numbers"])
def test_the_means_are_those_of_the_other_folds(tmp_path: Path, task: str) -> None:
    rng = np.random.default_rng(0)
    levels, classes = rng.integers(0, 12, 300), 2 if task == "two classes" else 3
    y = rng.normal(100, 20, 300) if task == "numbers" else rng.integers(0, classes, 300)
    path = written(tmp_path / "t.csv", levels, y if task == "numbers" else [f"k{c}" for c in y])
    data = loaded(path, classify=task != "numbers")
    Y = y[:, None] if task == "numbers" else (y[:, None] == np.arange(classes)).astype(float)
    Y = Y[:, -1:] if task == "two classes" else Y
    (column,) = data.preprocessing.columns
    assert isinstance(column, TargetEncoded)
    again = out_of_fold(
        column, open_source(path, labels=None), np.arange(300), data.preprocessing.target, 0
    )
    assert again.folds is not None
    given = np.empty_like(Y)
    for i in range(300):
        others = (levels == levels[i]) & (again.folds != again.folds[i])
        given[i] = (Y[others].sum(axis=0) + 10 * Y.mean(axis=0)) / (others.sum() + 10)
    whole = np.array([Y[levels == level].sum(axis=0) for level in range(12)])
    whole = (whole + 10 * Y.mean(axis=0)) / (np.bincount(levels)[:, None] + 10)
    expected, everywhere, prior = standardized(given, whole, Y.mean(axis=0))
    np.testing.assert_allclose(data.train.inputs.numbers, expected, rtol=1e-9, atol=1e-11)
    new = written(tmp_path / "new.csv", [*range(12), "unseen"], ["k0"] * 13)
    rows, _ = load_rows(new, data.preprocessing, target_needed=False, dtype=np.float64)
    np.testing.assert_allclose(rows.inputs.numbers, [*everywhere, prior], rtol=1e-9, atol=1e-11)


def test_the_folds_are_stratified(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    answers = rng.permutation(["yes"] * 20 + ["no"] * 80).tolist()
    path = written(tmp_path / "t.csv", rng.integers(0, 12, 100), answers)
    made = loaded(path).preprocessing
    folds = out_of_fold(
        made.columns[0], open_source(path, labels=None), np.arange(100), made.target, 3
    ).folds
    assert folds is not None
    assert np.bincount(folds[np.array(answers) == "yes"]).tolist() == [4] * 5
    assert np.bincount(folds).tolist() == [20] * 5


def test_a_random_answer_stays_unknown_to_the_rows_that_train(tmp_path: Path) -> None:
    """500 levels of 6 rows: the means of all rows know the answers, those of other folds do not."""
    rng = np.random.default_rng(7)
    levels, y = rng.permutation(np.arange(3000) % 500), rng.integers(0, 2, 3000)
    path = written(tmp_path / "t.csv", levels, [f"k{c}" for c in y])
    data = loaded(path)
    everywhere, _ = load_rows(path, data.preprocessing, target_needed=True, dtype=np.float64)
    assert roc_auc_score(y, everywhere.inputs.numbers[:, 0]) > 0.7
    assert abs(roc_auc_score(y, data.train.inputs.numbers[:, 0]) - 0.5) < 0.03


def test_a_resumed_run_gives_its_rows_the_means_of_the_other_folds(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    path = written(tmp_path / "t.csv", rng.integers(0, 15, 120), rng.choice(["p", "q"], 120))
    data = {"train": path, "val": 0.2, "test": 0, "categorical": {"encode": "target"}}
    config = changed(THIRTY, {"data": data, "train.checkpoint_every": {"steps": 1}, "train.epochs": 1})
    whole = finish(prepare(config, out=tmp_path / "whole"))
    assert finish(interrupted_at(prepare(config, out=tmp_path / "run"), 5)) == whole


def test_rows_of_another_table_keep_the_means_they_were_given(tmp_path: Path) -> None:
    """With a stored preprocessing and other rows nothing of their answers may enter either."""
    rng = np.random.default_rng(2)
    first = written(tmp_path / "a.csv", rng.integers(0, 12, 200), rng.choice(["p", "q"], 200))
    second = written(tmp_path / "b.csv", rng.integers(0, 12, 200), rng.choice(["p", "q"], 200))
    made = loaded(first).preprocessing
    kept = loaded(second, fitted=made)
    plain, _ = load_rows(second, made, target_needed=True, dtype=np.float64)
    assert kept.train.inputs.numbers.tobytes() == plain.inputs.numbers.tobytes()
    again, given = (loaded(first, fitted=each).train.inputs.numbers for each in (made, None))
    assert again.tobytes() == given.tobytes()


def test_a_checkpoint_keeps_no_rows(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", np.arange(60) % 12, ["p", "q", "p"] * 20)
    (column,) = loaded(path).preprocessing.to_json()["columns"]
    assert column["type"] == "target"
    assert not {"folds", "table_of_folds"} & set(column)
    assert not any(isinstance(each, OutOfFold) for each in loaded(path).preprocessing.columns)

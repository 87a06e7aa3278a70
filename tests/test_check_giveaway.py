"""`check` warns where the answer stands among the columns, and nowhere else."""

import numpy as np
import pytest
from tables import write

from mlptrain.tools.check import check

NAME = "answer in columns"


def finding(path, columns, rows, **loss):
    """What the check says of a table whose last column is the target."""
    write(path / "rows.csv", columns, rows)
    data = {"train": str(path / "rows.csv"), "target": columns[-1], "val": 0.2, "test": 0}
    found = check({"data": data, "model": {"hidden": [8]}, "train": {"epochs": 1}, **loss})
    return next((each for each in found.findings if each.check == NAME), None)


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(600, 3))


def table(*columns):
    return [list(map(float, row)) for row in zip(*columns, strict=True)]


def test_a_sum_of_columns_is_named(X, tmp_path):
    """casual + registered = total, with a little noise."""
    total = X[:, 1] + 2 * X[:, 2] + 0.01 * X[:, 0]
    found = finding(tmp_path, ["temp", "casual", "registered", "total"], table(*X.T, total), loss="mse")
    assert found.status == "WARN"
    assert "data.ignore: [registered, casual]" in found.advice


def test_the_logarithm_of_the_target_is_named(X, tmp_path):
    wage = np.exp(3 * X[:, 0])
    found = finding(
        tmp_path, ["tenure", "lwage", "wage"], table(X[:, 1], np.log(wage), wage), loss="mse"
    )
    assert found.status == "WARN"
    assert "order (rank correlation 1.0000) of lwage" in found.found


def test_a_code_of_the_class_is_named(X, tmp_path):
    rows = [[*map(float, x), i % 2 * 7 + 1, "ab"[i % 2]] for i, x in enumerate(X)]
    found = finding(tmp_path, ["u", "v", "w", "code", "kind"], rows)
    assert (found.status, found.advice.endswith("[code]")) == ("WARN", True)


def test_a_class_that_is_a_limit_of_a_sum_is_named(X, tmp_path):
    X = np.tile(X, (4, 1)) + np.random.default_rng(1).normal(size=(4 * len(X), 3))
    rows = [[*map(float, x), "yes" if x[0] + x[1] > 0 else "no"] for x in X]
    found = finding(tmp_path, ["u", "v", "w", "kind"], rows)
    assert found.status == "WARN"
    assert "told apart by a linear model" in found.found


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.1, 0.3, 1.0])
def test_a_good_honest_model_is_no_giveaway(X, tmp_path, noise):
    other = np.random.default_rng(1).normal(size=len(X))
    y = X.sum(axis=1) + noise * other
    assert finding(tmp_path, ["u", "v", "w", "y"], table(*X.T, y), loss="mse").status == "PASS"
    rows = [[*map(float, x), "yes" if each > 0 else "no"] for x, each in zip(X, y, strict=True)]
    assert finding(tmp_path, ["u", "v", "w", "y"], rows).status == "PASS"


def test_a_handful_of_a_class_stands_apart_by_luck(X, tmp_path):
    rows = [[*map(float, x), "yes" if i in np.argsort(X[:, 0])[:5] else "no"] for i, x in enumerate(X)]
    assert finding(tmp_path, ["u", "v", "w", "kind"], rows).status == "PASS"


def test_one_column_and_made_up_sets_are_not_asked(X, tmp_path):
    assert finding(tmp_path, ["x", "y"], table(X[:, 0], 2 * X[:, 0]), loss="mse") is None
    found = check({"data": {"train": {"name": "rings"}, "transform": "polar", "val": 0, "test": 0}})
    assert NAME not in {each.check for each in found.findings}

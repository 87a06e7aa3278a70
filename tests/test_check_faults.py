"""`check` on real tables: the config that `init` writes never fails, and each planted fault is graded.

FAIL where the run would be worthless, WARN where it may be meant.
"""

import csv
import random

import numpy as np
import pytest
import yaml
from helpers import changed
from runs import ROOT, invoke

from mlptrain.errors import DataError
from mlptrain.tools.check import check

datasets = pytest.importorskip("sklearn.datasets")

pytestmark = pytest.mark.usefixtures("one_thread")

TARGETS = {
    **{"iris": "kind", "wine": "kind", "breast_cancer": "kind"},
    **{"digits": "digit", "penguins": "species", "auto_mpg": "mpg"},
}
CLASSIFIED = [name for name in TARGETS if name != "auto_mpg"]


def read(name):
    """The columns and the rows of a table, as text."""
    file = ROOT / "data" / f"{name}.csv"
    if file.exists():
        columns, *rows = csv.reader(file.read_text(encoding="utf-8").splitlines())
        return columns, rows
    found = getattr(datasets, f"load_{name}")()
    labels = found.target_names[found.target]
    rows = [[*map(repr, row), label] for row, label in zip(found.data.tolist(), labels, strict=True)]
    return [each.replace(" ", "_") for each in found.feature_names] + ["kind"], rows


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """name -> (columns, rows, the config that `init` writes for it)."""
    made = {}
    for name, target in TARGETS.items():
        folder = tmp_path_factory.mktemp(name)
        columns, rows = read(name)
        write(folder / "rows.csv", columns, rows)
        file = folder / "config.yaml"
        assert invoke("init", folder / "rows.csv", "--target", target, "-o", file).exit_code == 0
        made[name] = (columns, rows, yaml.safe_load(file.read_text(encoding="utf-8")))
    return made


def plain(config, rows):
    """The columns as `init` takes them, and a network without anything that hides a fault."""
    loss = config["loss"]
    batch = 16 if rows < 500 else 32
    epochs = min(6000 * batch // rows, 200)
    scale = "minmax" if config["data"]["scale"] == "minmax" else "standard"
    return {
        "seed": 0,
        "data": {**config["data"], "val": 0.15, "test": 0.2, "scale": scale, "numeric": "none"},
        "model": {"hidden": [64], "activation": "relu", "dropout": 0.2},
        "loss": loss if isinstance(loss, str) else loss["name"],
        "regularization": {"l2": 1e-3},
        "optimizer": {"name": "adam", "learning_rate": 3e-3},
        "schedule": "cosine",
        "train": {"epochs": epochs, "batch_size": batch, "early_stopping": {"patience": 40}},
    }


def write(path, columns, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])


def graded(config):
    """The grades of the checks that did not pass."""
    return {each.check: each.status for each in check(config).findings if each.status != "PASS"}


class Planted:
    """A table in which a fault is planted, and its config."""

    def __init__(self, sound, name, tmp_path):
        columns, rows, self.first = sound[name]
        self.config = plain(self.first, len(rows))
        self.columns, self.rows = list(columns), [list(row) for row in rows]
        self.path = tmp_path / "planted.csv"
        self.target = columns.index(TARGETS[name])

    def graded(self, **changes):
        """The grades, with changes by dotted key, __ for the dots."""
        write(self.path, self.columns, self.rows)
        dotted = {key.replace("__", "."): value for key, value in changes.items()}
        return graded(changed(self.config, {"data.train": str(self.path), **dotted}))


@pytest.fixture
def planted(sound, tmp_path):
    return lambda name: Planted(sound, name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", TARGETS)
def test_what_init_writes_does_not_fail(planted, name, seed):
    # Two of the 150 flowers are the same: that is worth a word.
    table = planted(name)
    table.config = table.first
    assert table.graded(seed=seed) in (
        {},
        {"rows in two sets": "WARN"} if name == "iris" else {},
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "optimizer", [{"name": "adam", "learning_rate": 0.3}, {"name": "sgd", "learning_rate": 5}]
)
@pytest.mark.parametrize("name", TARGETS)
def test_a_rate_a_hundred_times_too_high_fails(planted, name, optimizer):
    assert planted(name).graded(optimizer=optimizer)["update : weight"] == "FAIL"


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_a_rate_a_thousand_times_too_low_fails(planted, name):
    assert planted(name).graded(optimizer__learning_rate=3e-6)["update : weight"] == "FAIL"


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_a_layer_that_is_dead_fails(planted, name):
    assert planted(name).graded(model__initializer="zeros")["dead units"] == "FAIL"


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_weights_that_start_near_0_are_no_fault(planted, name):
    found = planted(name).graded(model__initializer={"name": "normal", "std": 1e-3})

    assert "FAIL" not in found.values()


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_weights_that_start_far_too_large_fail(planted, name):
    found = planted(name).graded(model__initializer={"name": "normal", "std": 100.0})

    assert found["initial loss"] == "FAIL"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", TARGETS)
def test_shuffled_labels_fail(planted, name, seed):
    table = planted(name)
    labels = [row[table.target] for row in table.rows]
    random.Random(seed).shuffle(labels)
    for row, label in zip(table.rows, labels, strict=True):
        row[table.target] = label

    assert table.graded()["labels"] == "FAIL"


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_rows_that_stand_in_two_sets_fail(planted, name):
    table = planted(name)
    table.rows += table.rows[: len(table.rows) // 5]

    assert table.graded()["rows in two sets"] == "FAIL"


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_a_column_in_another_unit_fails_where_nothing_scales_it(planted, name):
    table = planted(name)
    column = next(j for j in range(len(table.columns)) if is_measured(table.rows, j))
    for row in table.rows:
        row[column] = repr(float(row[column]) * 1e5) if row[column] else ""

    assert table.graded(data__scale="none")["scale of columns"] == "FAIL"


def is_measured(rows, column):
    """Whether a column holds more than ten different numbers."""
    values = {row[column] for row in rows if row[column]}
    return len(values) > 10 and all(each.replace(".", "", 1).isdigit() for each in values)


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_a_column_that_never_changes_is_named(planted, name):
    table = planted(name)
    table.columns.append("always")
    table.rows = [[*row, "7"] for row in table.rows]

    found = table.graded(data__image_shape=None)  # of a picture a corner may be blank

    assert found["constant columns"] == "WARN"


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSIFIED)
def test_class_numbers_with_a_loss_for_numbers_are_doubtful(planted, name):
    # They may be counts, or grades: a regression of these is not worthless.
    table = planted(name)
    classes = sorted({row[table.target] for row in table.rows})
    for row in table.rows:
        row[table.target] = str(classes.index(row[table.target]))

    assert table.graded(loss="mse")["loss for the task"] == "WARN"


def test_a_measured_number_with_a_loss_for_classes_is_refused(planted):
    with pytest.raises(DataError, match="too many classes; to predict a number: `loss: mse`"):
        planted("auto_mpg").graded(loss="softmax")


@pytest.mark.parametrize("seed", range(3))
def test_a_weak_but_real_signal_is_not_called_shuffled(planted, seed):
    # One column of twelve explains a tenth of the target, the others nothing.
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(600, 12))
    y = X[:, 3] / 3 + generator.normal(size=600)
    table = planted("auto_mpg")
    table.columns, table.target = [*(f"x{j}" for j in range(12)), "mpg"], 12
    table.rows = [
        [*map(repr, row), repr(each)] for row, each in zip(X.tolist(), y.tolist(), strict=True)
    ]

    assert "labels" not in table.graded(data__ignore=[])

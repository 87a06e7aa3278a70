"""`check` finds each planted fault, and finds none where there is none."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from mlptrain.cli import cli
from mlptrain.errors import ConfigError, DataError
from mlptrain.nn.losses.softmax import SoftmaxLoss
from mlptrain.nn.regularizers import L2
from mlptrain.tools.check import CHECKS, check
from mlptrain.tools.check.suspects import suspects
from tests.helpers import CONFIGS, changed
from tests.runs import invoke, write_config

pytestmark = pytest.mark.usefixtures("one_thread")

ROWS = 400


@pytest.fixture(scope="module")
def blobs():
    """Four classes of 100 rows in six columns, well apart, of order 1: (X, y)."""
    generator = np.random.default_rng(0)
    y = np.arange(ROWS) % 4
    return np.round(generator.normal(size=(4, 6))[y] + 0.4 * generator.normal(size=(ROWS, 6)), 4), y


@pytest.fixture
def table(tmp_path):
    """Write a table; its path."""

    def write(X, y, name="rows.csv"):
        lines = [",".join([*(f"x{j}" for j in range(X.shape[1])), "y"])]
        lines += [",".join([*(f"{x:.9g}" for x in row), str(label)]) for row, label in zip(X, y)]  # noqa: B905
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n")
        return str(path)

    return write


def config(train, **changes):
    """A sound config on a file; changes by dotted key, with __ for the dots."""
    sound = {
        "data": {"train": train, "target": "y", "val": 0.2, "test": 0.2},
        "model": {"hidden": [24]},
        "loss": {"name": "softmax"},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "train": {"epochs": 20, "batch_size": 32},
    }
    return changed(sound, {key.replace("__", "."): value for key, value in changes.items()})


def findings(*arguments):
    return {finding.check: finding for finding in check(*arguments).findings}


def statuses(*arguments):
    """The checks that did not pass, with their verdicts."""
    return {name: each.status for name, each in findings(*arguments).items() if each.status != "PASS"}


# no false alarms


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_shipped_config_fails(path, monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)

    report = check(path)

    assert [finding for finding in report.findings if finding.status == "FAIL"] == []
    assert report.passed


def test_a_sound_config_passes_every_check(blobs, table):
    assert statuses(config(table(*blobs))) == {}


def test_a_sound_regression_passes_every_check(blobs, table):
    X, _ = blobs
    noise = np.random.default_rng(1).normal(size=ROWS)
    y = [f"{value:.4f}" for value in (X @ [1, -2, 3, 0.5, 0, 1] + 0.3 * noise) * 100 + 1000]

    assert statuses(config(table(X, y), loss__name="mse")) == {}


@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [("sgd", 0.1), ("momentum", 0.02), ("rmsprop", 1e-3), ("adagrad", 1e-2), ("adamw", 1e-3)],
)
def test_usual_rates_of_other_optimizers_pass(blobs, table, optimizer, rate):
    chosen = {"optimizer": {"name": optimizer, "learning_rate": rate}}

    assert statuses(config(table(*blobs), **chosen)) == {}


def test_every_check_is_asked_somewhere(blobs, table):
    everything = config(table(*blobs), model__activation="tanh", regularization={"l2": 1e-3})
    asked = set(findings(everything))
    X, _ = blobs
    asked |= set(findings(config(table(X, [f"{x:.4f}" for x in X[:, 0]]), loss__name="mse")))

    assert asked == set(CHECKS)


# planted faults: the data


def test_shuffled_labels_are_found(blobs, table):
    X, y = blobs
    shuffled = np.random.default_rng(0).permutation(y)

    found = findings(config(table(X, shuffled)))["labels"]

    assert found.status == "FAIL"
    assert "shuffled" in found.advice


@pytest.mark.parametrize("seed", range(1, 6))
def test_shuffled_labels_are_found_however_they_fall(blobs, table, seed):
    X, y = blobs
    shuffled = np.random.default_rng(seed).permutation(y)

    assert statuses(config(table(X, shuffled)))["labels"] == "FAIL"


def test_shuffled_labels_without_held_out_rows_are_doubtful(blobs, table):
    X, y = blobs
    path = table(X, np.random.default_rng(0).permutation(y))

    assert statuses(config(path, data__val=0, data__test=0))["labels"] == "WARN"


@pytest.mark.parametrize(("held", "status"), [(0.2, "FAIL"), (0, "WARN")])
def test_shuffled_targets_of_a_regression_are_found(blobs, table, held, status):
    X, _ = blobs
    y = np.random.default_rng(0).permutation(X @ [1, -2, 3, 0.5, 0, 1])

    path = table(X, [f"{value:.5f}" for value in y])
    changes = {"data__val": held, "data__test": held}

    assert statuses(config(path, loss__name="mse", **changes))["labels"] == status


def test_small_sets_of_held_out_rows_are_looked_at_together(blobs, table):
    # 40 rows for val and 40 for test: neither would do alone.
    X, y = blobs
    path = table(X[:200], np.random.default_rng(0).permutation(y[:200]))

    found = findings(config(path))["labels"]

    assert found.status == "FAIL"
    assert "of held-out rows are right" in found.found


def test_labels_that_are_hard_to_see_are_not_called_shuffled(table):
    # XOR of the signs of two columns among ten of noise: no single column says anything.
    generator = np.random.default_rng(0)
    X = generator.normal(size=(1000, 4))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)

    assert "labels" not in statuses(config(table(X, y)))


def test_the_same_rows_in_two_sets_are_found_counted_and_named(blobs, table):
    X, y = blobs
    doubled = table(np.vstack([X, X[:100]]), [*y, *y[:100]])

    found = findings(config(doubled))["rows in two sets"]

    assert found.status == "FAIL"
    assert "of 100 rows of val" in found.found
    assert "of 100 rows of test" in found.found
    first, twin = found.found.split(": val ")[1].split(",")[0].split(" = train ")
    assert abs(int(first) - int(twin)) == ROWS  # rows of the file: the copies stand 400 further down


def test_rows_of_a_file_of_their_own_are_compared_too(blobs, table):
    X, y = blobs
    path, held = table(X, y), table(X[:80], y[:80], "held.csv")

    found = findings(config(path, data__val=held, data__test=0))["rows in two sets"]

    assert found.status == "FAIL"
    assert "80 of 80 rows of val are also in train" in found.found


def test_copies_with_another_id_are_found_where_chance_does_not_explain_them(blobs, table):
    X, y = blobs
    other = X[:100] + np.array([0, 0, 0, 0, 0, 0.5])
    found = findings(config(table(np.vstack([X, other]), [*y, *y[:100]])))["near copies"]
    assert found.status == "WARN"
    assert found.found.endswith("x5 (" + found.found.split(" ")[0] + ")")
    assert 40 <= int(found.found.split(" ")[0]) <= 100  # of 200 rows in pairs 64 are expected
    assert findings(config(table(X, y)))["near copies"].status == "PASS"
    few = np.sign(X)  # 64 possible rows: most differ from another in one column
    assert findings(config(table(few, y)))["near copies"].status == "PASS"


def test_groups_in_two_sets_are_found_until_the_split_keeps_them_whole(blobs, tmp_path):
    X, y = blobs
    lines = [f"{','.join(map(str, row))},P{i // 8},{label}" for i, (row, label) in enumerate(zip(X, y))]  # noqa: B905
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["a,b,c,d,e,f,patient,y", *lines]) + "\n")
    given = {"data__ignore": ["patient"]}
    found = findings(config(str(path), **given))["groups in two sets"]
    assert found.status == "WARN"
    assert "patient (" in found.found
    assert "data.group: patient" in found.advice
    assert (
        findings(config(str(path), **given, data__group="patient"))["groups in two sets"].status
        == "PASS"
    )


def test_a_single_copy_is_a_warning_only(blobs, table):
    X, y = blobs
    held = table(np.vstack([X[:1], X[:150] + 1]), [y[0], *y[:150]], "held.csv")

    assert statuses(config(table(X, y), data__val=held, data__test=0))["rows in two sets"] == "WARN"


def test_a_single_copy_is_a_warning_in_a_small_set_as_well(blobs, table):
    X, y = blobs
    held = table(np.vstack([X[:1], X[:19] + 1]), [y[0], *y[:19]], "held.csv")  # 1 of 20 rows

    assert statuses(config(table(X, y), data__val=held, data__test=0))["rows in two sets"] == "WARN"


def test_equal_rows_of_columns_with_few_values_may_be_chance(table):
    generator = np.random.default_rng(0)
    X = generator.integers(0, 3, (400, 3))
    y = (X.sum(axis=1) > 3).astype(int)

    found = findings(config(table(X, y)))["rows in two sets"]

    assert found.status == "WARN"
    assert "chance" in found.found


def test_an_unscaled_column_is_found_and_named(blobs, table):
    X, y = blobs
    X = X * [1, 1, 1, 1e4, 1, 1]

    found = findings(config(table(X, y), data__scale="none"))["scale of columns"]

    assert found.status == "FAIL"
    assert found.found.endswith("out of proportion: x3")
    assert found.advice == "`scale: standard`"


def test_one_of_two_columns_can_be_out_of_proportion(blobs, table):
    X, y = blobs
    path = table(X[:, :2] * [1, 500], y)

    found = findings(config(path, data__scale="none"))["scale of columns"]

    assert found.status == "WARN"
    assert found.found.endswith("out of proportion: x1")


def test_large_numbers_throughout_are_doubtful(blobs, table):
    X, y = blobs

    assert statuses(config(table(X * 255, y), data__scale="none"))["scale of columns"] == "WARN"


@pytest.mark.parametrize("scale", ["standard", "smooth_clip", "minmax", "none"])
def test_a_column_that_counts_the_rows_is_found(table, scale):
    X, y = np.random.default_rng(0).normal(size=(300, 3)), np.arange(300) // 150
    X[:, 1] = np.arange(300)
    found = findings(config(table(X, y), data__scale=scale))["index columns"]
    assert (found.status, found.found.split(":")[0]) == ("WARN", "x1")


def test_scaling_repairs_an_unscaled_column(blobs, table):
    X, y = blobs

    assert statuses(config(table(X * [1, 1, 1, 1e4, 1, 1], y))) == {}


def test_a_constant_column_is_found_and_named(blobs, table):
    X, y = blobs
    X = X.copy()
    X[:, 2] = 7

    found = findings(config(table(X, y)))["constant columns"]

    assert found.status == "WARN"
    assert found.found == "1 of 6 columns is constant: x2"
    assert found.advice == "leave them out: data.ignore: [x2]"


def test_constant_pixels_of_a_picture_are_no_fault(blobs, table):
    X, y = blobs
    X = X.copy()
    X[:, 2] = 7

    assert "constant columns" not in statuses(config(table(X, y), data__image_shape=[2, 3]))


def test_class_numbers_with_a_regression_loss_are_found(blobs, table):
    found = findings(config(table(*blobs), loss__name="mse"))["loss for the task"]

    assert found.status == "WARN"
    assert found.found == "mse on 4 different values in 240 rows, whole numbers: 0, 1, 2, 3"
    assert found.advice == "if they are classes: `loss: softmax`"


def test_measured_numbers_with_a_classifier_are_found(blobs, table):
    X, _ = blobs
    y = np.round(X[:, 0] + X[:, 1], 1)

    found = findings(config(table(X, y), data__stratify=False, data__val=0, data__test=0))

    assert found["loss for the task"].status == "FAIL"
    assert found["loss for the task"].advice == "to predict a number: `loss: mse`"


def test_many_classes_of_few_rows_are_doubtful(blobs, table):
    X, _ = blobs
    y = [f"c{i % 50}" for i in range(ROWS)]

    found = findings(config(table(X, y), data__val=0, data__test=0))["loss for the task"]

    assert found.status == "WARN"
    assert "50 classes in 400 rows: 8.0 rows for each" in found.found


def test_lopsided_classes_are_found_with_the_line_to_write(blobs, table):
    X, y = blobs
    kept = np.flatnonzero((y != 3) | (np.arange(ROWS) < 60))

    path = table(X[kept], y[kept])
    found = findings(config(path, train__monitor="val_accuracy"))["class balance"]

    assert found.status == "WARN"
    assert found.advice == "train: {monitor: val_loss}"
    assert "class balance" not in statuses(config(path))


def test_lopsided_classes_with_weights_pass(blobs, table):
    X, y = blobs
    kept = np.flatnonzero((y != 3) | (np.arange(ROWS) < 60))
    path = table(X[kept], y[kept])

    assert "class balance" not in statuses(config(path, loss__class_weights="balanced"))


def test_an_unscaled_target_is_doubtful(blobs, table):
    X, _ = blobs
    y = [f"{value:.4f}" for value in X[:, 0] * 1000 + 50_000]

    found = statuses(config(table(X, y), loss__name="mse", data__scale_target="none"))

    assert found["scale of target"] == "WARN"


def test_parts_that_differ_are_found(blobs, table):
    X, y = blobs
    late = np.column_stack([X, np.arange(ROWS) / 40 + np.random.default_rng(0).normal(size=ROWS)])
    train, held = (
        table(late[: ROWS // 2], y[: ROWS // 2]),
        table(late[ROWS // 2 :], y[ROWS // 2 :], "b.csv"),
    )
    found = findings(config(train, data__val=held, data__test=0))["parts differ"]
    assert found.status == "WARN"
    assert "x6 in val by" in found.found
    assert "data.time" in found.advice


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        (lambda x: np.exp(3 * x), "scale_target: log"),
        (lambda x: np.round(np.exp(2 * x)), "loss: poisson"),  # a count
        (lambda x: np.round(1e5 * np.exp(3 * x)), "scale_target: log"),  # prices in whole units
    ],
)
def test_heavy_tails_of_a_target_are_found_with_the_line_to_write(blobs, table, change, advice):
    X, _ = blobs
    y = change(X[:, 0])
    found = findings(config(table(X, [f"{value:.4f}" for value in y]), loss__name="mse"))
    assert found["tails of target"].status == "WARN"
    assert advice in found["tails of target"].advice


def test_rows_with_a_wrong_label_are_named_by_the_folds_that_did_not_see_them(blobs, table, tmp_path):
    X, y = blobs
    wrong = y.copy()
    wrong[[20, 77]] = (y[[20, 77]] + 1) % 4
    file = write_config(tmp_path / "c.yaml", config(table(X, wrong), data__val=0, data__test=0))
    assert invoke("fit", file, "--folds", 2, "--out", tmp_path / "folds", "--quiet").exit_code == 0
    found = suspects(tmp_path / "folds")
    assert found.status == "WARN"
    assert found.found.startswith("2 of 400 rows")
    assert "row 21 (" in found.found
    assert "row 78 (" in found.found
    with pytest.raises(ConfigError, match="is no run of folds"):
        suspects(tmp_path)


# planted faults: the network and its first steps


def test_a_rate_a_hundred_times_too_high_is_found(blobs, table):
    found = statuses(config(table(*blobs), optimizer__learning_rate=1.0))

    assert found["first steps"] in ("WARN", "FAIL")
    assert found["update : weight"] == "FAIL"


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adamw"])
def test_a_rate_far_too_high_is_found_for_every_optimizer(blobs, table, optimizer):
    chosen = {"optimizer": {"name": optimizer, "learning_rate": 100.0}}

    found = statuses(config(table(*blobs), **chosen))

    assert "FAIL" in (found.get("first steps"), found.get("update : weight"))


def test_a_rate_on_a_shipped_config_is_found(monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)

    found = statuses("configs/digits.yaml", ["optimizer.learning_rate=1"])

    assert found["first steps"] == "FAIL"


def test_a_rate_that_diverges_is_found(blobs, table):
    X, _ = blobs
    path = table(X, [f"{value:.4f}" for value in X @ [1, -2, 3, 0.5, 0, 1]])
    chosen = {"optimizer": {"name": "sgd", "learning_rate": 100.0}, "loss__name": "mse"}

    found = findings(config(path, **chosen))["first steps"]

    assert found.status == "FAIL"
    assert found.advice == "lower optimizer.learning_rate (100)"


def test_a_rate_that_gets_nowhere_is_found(blobs, table):
    # 160 steps in all: each moves a weight by the rate at most.
    found = findings(config(table(*blobs), optimizer__learning_rate=1e-9))

    assert found["first steps"].status == "WARN"
    assert found["update : weight"].status == "FAIL"
    assert "all 160 steps of the run together by " in found["update : weight"].found
    assert found["update : weight"].advice == ("raise optimizer.learning_rate (1e-09), or train.epochs")


def test_a_rate_that_does_not_get_far_is_doubtful(blobs, table):
    # 800 steps at 5e-5 move a weight by 0.04 at most, where weights are of size 0.3 to 0.6.
    slow = config(table(*blobs), optimizer__learning_rate=5e-5, train__epochs=100)

    assert statuses(slow) == {"update : weight": "WARN"}


def test_a_rate_is_compared_with_a_gentler_one(blobs, table):
    # The loss falls without a jump, but at a rate of 0.03 it falls much further.
    chosen = {"optimizer": {"name": "momentum", "learning_rate": 1.0}}

    found = findings(config(table(*blobs), **chosen))["first steps"]

    assert found.status == "FAIL"
    assert "0.03 of the rate gets to " in found.found


def test_weights_that_start_near_0_are_not_replaced_by_the_first_step(blobs, table):
    small = {"name": "normal", "std": 1e-4}

    assert "update : weight" not in statuses(config(table(*blobs), model__initializer=small))


def test_an_all_dead_layer_is_found(blobs, table):
    found = findings(config(table(*blobs), model__initializer="zeros"))

    assert found["dead units"].status == "FAIL"
    assert found["dead units"].found == (
        "24 of 24 in layer1 are 0 on all 240 rows at the start: nothing gets through"
    )


def test_a_layer_that_dies_in_the_first_steps_is_found(blobs, table):
    X, y = blobs
    chosen = {"optimizer": {"name": "sgd", "learning_rate": 1000.0}, "data__scale": "none"}

    found = findings(config(table(abs(X) + 1, y), **chosen))["units after steps"]

    assert found.status == "FAIL"
    assert "nothing gets through" in found.found


def test_units_that_start_alike_are_found(blobs, table):
    # Sigmoid units are not dead at 0, but each puts out the same half.
    chosen = {"model__initializer": "zeros", "model__activation": "sigmoid"}

    found = statuses(config(table(*blobs), **chosen))

    assert found["distinct units"] == "FAIL"
    assert "dead units" not in found


def test_a_linear_classifier_may_start_at_zero(blobs, table):
    chosen = {"model__initializer": "zeros", "model__hidden": []}

    assert statuses(config(table(*blobs), **chosen)) == {}


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_saturated_units_are_found(blobs, table, activation):
    chosen = {
        "model__activation": activation,
        "model__initializer": {"name": "normal", "std": 1000.0},
    }

    assert statuses(config(table(*blobs), **chosen))["saturated units"] == "FAIL"


def test_numbers_that_are_not_finite_end_the_checks(blobs, table):
    chosen = {"model__initializer": {"name": "normal", "std": 1e30}}

    found = findings(config(table(*blobs), **chosen))

    assert found["finite numbers"].status == "FAIL"
    assert "layer" in found["finite numbers"].found
    assert list(found)[-1] == "finite numbers"


def test_the_first_loss_is_compared_with_log_c(blobs, table):
    # log 4 = 1.386
    assert "scores of 0 give log 4 = 1.386" in findings(config(table(*blobs)))["initial loss"].found


def test_the_first_hinge_loss_is_compared_with_the_margins(blobs, table):
    found = findings(config(table(*blobs), loss__name="hinge"))["initial loss"]

    assert "scores of 0 give 3 margins = 3" in found.found


def test_the_first_squared_error_is_compared_with_the_variance(blobs, table):
    # a standardized target has variance 1
    X, _ = blobs
    path = table(X, [f"{value:.4f}" for value in X[:, 0] * 100])

    found = findings(config(path, loss__name="mse"))["initial loss"]

    assert "scores of 0 give the variance of the target, 1" in found.found


def test_a_loss_that_is_not_log_c_is_found(blobs, table, monkeypatch):
    forward = SoftmaxLoss.forward

    def halved(self, inputs, out, saved):
        forward(self, inputs, out, saved)
        out[()] /= 2

    monkeypatch.setattr(SoftmaxLoss, "forward", halved)

    found = findings(config(table(*blobs)))["initial loss"]

    assert found.status == "FAIL"
    assert found.found == "scores of 0 give 0.6931, not log 4 = 1.386"


def test_large_first_scores_are_doubtful(blobs, table):
    chosen = {"model__initializer": {"name": "normal", "std": 5.0}}

    assert statuses(config(table(*blobs), **chosen))["initial loss"] == "WARN"


def test_a_penalty_raises_the_loss(blobs, table):
    found = findings(config(table(*blobs), regularization={"l2": 0.01}))["penalty"]
    without, with_it = (float(word) for word in found.found.split() if word[0].isdigit())

    assert found.status == "PASS"
    assert with_it > without


def test_a_penalty_that_lowers_the_loss_is_found(blobs, table, monkeypatch):
    forward = L2.forward

    def negative(self, inputs, out, saved):
        forward(self, inputs, out, saved)
        out[()] *= -1

    monkeypatch.setattr(L2, "forward", negative)

    assert statuses(config(table(*blobs), regularization={"l2": 0.01}))["penalty"] == "FAIL"


def test_a_penalty_that_rules_the_loss_is_doubtful(blobs, table):
    assert statuses(config(table(*blobs), regularization={"l2": 10.0}))["penalty"] == "WARN"


@pytest.mark.slow
def test_a_network_that_cannot_learn_by_heart_is_found(blobs, table, monkeypatch):
    backward = SoftmaxLoss.backward

    def uphill(self, upstream, inputs, out, saved, into):
        backward(self, upstream, inputs, out, saved, into)
        into[0][...] *= -1

    monkeypatch.setattr(SoftmaxLoss, "backward", uphill)

    found = statuses(config(table(*blobs)))

    assert found["memorise"] == "FAIL"
    assert found["first steps"] in ("WARN", "FAIL")


def test_a_network_too_small_to_learn_by_heart_is_doubtful(blobs, table):
    X, _ = blobs
    y = np.random.default_rng(0).integers(0, 4, ROWS)

    assert statuses(config(table(X[:, :2], y), model__hidden=[2]))["memorise"] == "WARN"


def test_penalty_and_dropout_do_not_keep_it_from_learning_by_heart(blobs, table):
    chosen = {"regularization": {"l2": 1.0}, "model__dropout": 0.8}

    assert "memorise" not in statuses(config(table(*blobs), **chosen))


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_norms_dropout_and_row_weights_are_no_obstacle(blobs, table, norm):
    X, y = blobs
    weighted = np.column_stack([X, 1 + np.arange(ROWS) % 2])
    chosen = {"data__weight": "x6", "model__norm": norm, "model__dropout": 0.2}

    assert statuses(config(table(weighted, y), **chosen)) == {}


def test_nothing_is_written(blobs, table, tmp_path, monkeypatch):
    path = table(*blobs)
    monkeypatch.chdir(tmp_path)

    check(config(path))

    assert [each.name for each in tmp_path.iterdir()] == ["rows.csv"]


def test_the_same_config_is_judged_alike_twice(blobs, table):
    path = table(*blobs)

    assert check(config(path)) == check(config(path))


# the command


def run(*arguments):
    return CliRunner().invoke(cli, ["check", *map(str, arguments)])


@pytest.fixture
def spiral(monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)
    return "configs/spiral.yaml"


def test_all_well_ends_with_0(spiral):
    result = run(spiral)

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].endswith("0 WARN, 0 FAIL")
    assert result.stderr == ""


def test_a_failure_ends_with_1_and_says_what_to_do(spiral):
    result = run(spiral, "--set", "optimizer.learning_rate=100")

    assert result.exit_code == 1
    assert "error: configs/spiral.yaml: first steps: it jumps from " in result.stderr
    assert "lower optimizer.learning_rate (100)" in result.stderr


def test_json_is_one_document(spiral):
    document = json.loads(run(spiral, "--json").stdout)

    assert document["passed"] is True
    assert document["checks"][0] == {
        "name": "loss for the task",
        "status": "PASS",
        "found": "softmax on 3 classes",
        "advice": None,
    }


def test_json_of_a_failure(spiral):
    result = run(spiral, "--json", "--set", "optimizer.learning_rate=100")
    document = json.loads(result.stdout)

    assert result.exit_code == 1
    assert document["passed"] is False
    assert {"FAIL"} <= {each["status"] for each in document["checks"]}


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_are_folded_to_the_terminal_and_not_cut(spiral, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    everything = " ".join(run(spiral).stdout.split())

    lines = run(spiral).stdout.splitlines()

    assert max(len(line) for line in lines) <= width
    assert "nearest" not in everything
    assert "neighbours share a label in" in everything
    assert "…" not in everything


def test_help_has_an_example():
    assert "Example:" in run("--help").stdout


def test_errors_of_config_and_data_are_those_of_fit(tmp_path):
    with pytest.raises(ConfigError):
        check({"data": {"train": "x.csv"}, "modle": {}})
    with pytest.raises(DataError):
        check({"data": {"train": str(tmp_path / "none.csv")}})

"""From a file or a dict to a Config and back; settings that go before the file; faults between keys."""

import math
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlptrain.config import (
    Config,
    dump,
    load_config,
    resolved,
)
from mlptrain.config.train import EarlyStopping, Steps
from mlptrain.data.preprocessing.flag_target import SEVERAL
from mlptrain.data.readers.toy import TOYS
from mlptrain.errors import ConfigError
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.initializers import INITIALIZERS
from mlptrain.nn.losses import LOSSES
from mlptrain.optim import OPTIMIZERS
from mlptrain.optim.schedules import SCHEDULES

LEAST = {"data": {"train": "rows.csv"}}


def loaded(overrides=(), **sections):
    return load_config(LEAST | sections, overrides)


def faults(overrides=(), **sections):
    with pytest.raises(ConfigError) as error:
        load_config(LEAST | sections, overrides)
    return list(error.value.faults)


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text):
        Path("a.yaml").write_text(text)
        return "a.yaml"

    return write


# Defaults, and what may be written.


def test_the_training_data_are_all_that_is_required():
    config = loaded()

    assert (config.seed, config.loss.name, config.optimizer.name) == (0, "softmax", "adam")
    assert (config.model.hidden, config.model.activation.name) == ((100,), "relu")
    assert (config.train.epochs, config.train.batch_size) == (50, 64)


def test_the_keys_of_the_documented_example_are_all_known(file):
    config = load_config(
        file("""
seed: 0
data:
  train: data/digits.csv
  target: digit
  val: 0.1
  test: 0.2
  stratify: true
  features: null
  ignore: []
  weight: null
  scale: standard
  scale_target: standard
  missing: error
  categorical: one_hot
  transform: null
  image_shape: null
model:
  hidden: [100]
  activation: relu
  initializer: he
  bias: true
  dropout: 0.0
  norm: none
  dtype: float32
loss: softmax
regularization: {l2: 0.0, l1: 0.0}
optimizer: {name: adam, learning_rate: 1e-3}
schedule: constant
train:
  epochs: 50
  batch_size: 64
  drop_last: false
  clip_norm: null
  nonfinite: abort
  monitor: val_loss
  early_stopping: null
  eval_every: 1
  checkpoint_every: 1
""")
    )

    assert config == load_config({"data": {"train": "data/digits.csv", "target": "digit"}})


def test_a_whole_number_is_taken_where_a_number_is_meant():
    assert loaded(regularization={"l2": 1}).regularization.l2 == 1.0


def test_a_toy_set_has_its_options():
    config = load_config({"data": {"train": {"name": "spiral", "noise": 0.1}}})

    assert config.data.train.options() == {"classes": 3, "points_per_class": 100, "noise": 0.1}


def test_a_schedule_takes_warmup():
    config = loaded(schedule={"name": "cosine", "warmup": 100})

    assert config.schedule.options() == {"warmup": 100}


def test_activations_may_differ_from_layer_to_layer():
    config = loaded(model={"hidden": [5, 5], "activation": ["tanh", {"name": "elu", "alpha": 0.5}]})

    assert [choice.name for choice in config.model.activation] == ["tanh", "elu"]


def test_a_policy_for_blanks_may_be_one_word():
    assert loaded(data={"train": "x", "missing": "mean"}).data.missing.policy == "mean"
    assert loaded(data={"train": "x", "missing": "mean"}).data.missing.indicator is False


def test_an_interval_is_in_epochs_or_in_steps():
    train = loaded(train={"eval_every": 2, "checkpoint_every": {"steps": 100}}).train

    assert train.eval_every == 2
    assert train.checkpoint_every == Steps(steps=100)


def test_early_stopping_has_its_own_defaults():
    assert loaded(train={"early_stopping": {}}).train.early_stopping == EarlyStopping(
        patience=10, min_delta=0.0
    )


@pytest.mark.parametrize("part", [0, 0.0, None])
def test_no_validation_rows_are_asked_for_with_0_or_null(part):
    assert not loaded(data={"train": "x", "val": part}).data.val


def test_a_dict_may_hold_paths_tuples_and_numpy_numbers():
    config = load_config(
        {
            "data": {"train": Path("x.csv")},
            "model": {"hidden": (np.int64(3),), "dropout": np.float64(0.5)},
        }
    )

    assert (config.data.train, config.model.hidden, config.model.dropout) == ("x.csv", (3,), 0.5)


def test_a_config_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        loaded().seed = 1


@pytest.mark.parametrize("key", ["loss", "optimizer", "schedule", "activation", "initializer", "toy"])
def test_every_entry_of_every_registry_can_be_chosen(key):
    tables = {
        "loss": LOSSES,
        "optimizer": OPTIMIZERS,
        "schedule": SCHEDULES,
        "activation": ACTIVATIONS,
        "initializer": INITIALIZERS,
        "toy": TOYS,
    }
    for name in tables[key]:
        if key == "toy":
            config = load_config({"data": {"train": {"name": name}}})
        elif key in ("activation", "initializer"):
            config = loaded(model={key: name})
        else:
            config = loaded(**{key: name})

        assert load_config(resolved(config)) == config


# Resolved, and back.


def test_the_resolved_config_has_every_default_written_out():
    tree = resolved(loaded())

    assert tree["optimizer"]["learning_rate"] == 0.001
    assert tree["data"]["missing"] == {"policy": "error", "indicator": False}
    assert [*tree, "sweep"] == list(Config.model_fields)  # what `fit` does not read


def test_the_resolved_config_is_plain_data():
    config = loaded(schedule="step", model={"hidden": [3, 4]})

    assert resolved(config)["schedule"]["epochs"] == [30, 60, 90]
    assert yaml.safe_load(dump(resolved(config))) == resolved(config)


configs = st.fixed_dictionaries(
    {"data": st.just({"train": "x.csv"})},
    optional={
        "seed": st.integers(0, 2**63 - 1),
        "loss": st.sampled_from(list(LOSSES)),
        "regularization": st.fixed_dictionaries({"l2": st.floats(0, 1e30), "l1": st.integers(0, 10)}),
        "optimizer": st.fixed_dictionaries(
            {"name": st.sampled_from(list(OPTIMIZERS))},
            optional={"learning_rate": st.floats(min_value=0, exclude_min=True, allow_infinity=False)},
        ),
        "model": st.fixed_dictionaries(
            {"hidden": st.lists(st.integers(1, 10**7), max_size=4)},
            optional={
                "dropout": st.floats(0, 1, exclude_max=True),
                "norm": st.sampled_from(["none", "layer"]),
            },
        ),
        "schedule": st.fixed_dictionaries(
            {"name": st.just("step"), "epochs": st.lists(st.integers(0, 99), min_size=1, max_size=3)}
        ),
    },
)


def is_allowed(data):
    """Layer norm over a single unit is refused."""
    model = data.get("model", {})
    return model.get("norm") != "layer" or 1 not in model.get("hidden", [])


@pytest.mark.slow
@given(configs.filter(is_allowed))
def test_a_config_written_out_and_read_again_is_the_same(data):
    config = load_config(data)

    assert load_config(yaml.safe_load(dump(resolved(config)))) == config


# Settings that go before the file.


def test_an_override_goes_before_the_file(file):
    path = file("data: {train: x.csv}\ntrain: {epochs: 5}\n")

    assert load_config(path, ["train.epochs=7"]).train.epochs == 7
    assert load_config(path, {"train.epochs": 8}).train.epochs == 8


def test_of_two_overrides_the_last_one_counts():
    assert loaded(["seed=1", "seed=2"]).seed == 2


def test_the_value_of_an_override_is_yaml_1_2():
    config = loaded(["optimizer.learning_rate=1e-2", "model.hidden=[3, 4]", "train.clip_norm="])

    assert config.optimizer.options()["learning_rate"] == 0.01
    assert config.model.hidden == (3, 4)
    assert config.train.clip_norm is None


def test_an_override_reaches_through_a_short_form():
    config = loaded(["optimizer.rho=0.5", "data.missing.indicator=true"], optimizer="momentum")

    assert config.optimizer.options()["rho"] == 0.5
    assert config.data.missing.indicator


def test_an_override_reaches_through_a_default():
    assert loaded(["train.early_stopping.patience=3"]).train.early_stopping.patience == 3
    assert loaded(["optimizer.beta1=0.5"]).optimizer.name == "adam"


def test_an_override_of_a_choice_replaces_its_options():
    config = loaded(["optimizer=sgd"], optimizer={"name": "adam", "beta1": 0.5})

    assert config.optimizer.options() == {"learning_rate": 0.01, "rate_factors": {}}


def test_an_override_of_the_name_alone_keeps_options_and_says_so_where_they_do_not_fit(file):
    path = file("data: {train: x}\noptimizer:\n  name: adam\n  beta1: 0.5\n")

    with pytest.raises(ConfigError) as error:
        load_config(path, ["optimizer.name=sgd"])

    assert str(error.value) == (
        "a.yaml:4: optimizer.beta1: unknown key; sgd has no such option; it is one of adam, adamw; "
        "to change the name, set optimizer as a whole"
    )


def test_overrides_leave_the_dict_of_the_caller_alone():
    data = {"data": {"train": "x"}}
    load_config(data, ["data.val=0"])

    assert data == {"data": {"train": "x"}}


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        (
            "optimizer.lr=3",
            "--set optimizer.lr=3: optimizer.lr: unknown key; did you mean 'learning_rate'?",
        ),
        ("train.epochs=0", "--set train.epochs=0: train.epochs: must be >= 1, got 0"),
        ("optimiser.eps=1", "--set optimiser.eps=1: optimiser: unknown key; did you mean 'optimizer'?"),
        ("seed", "--set seed: expected KEY=VALUE, for instance train.epochs=5"),
        ("=3", "--set =3: expected KEY=VALUE, for instance train.epochs=5"),
        ("a..b=3", "--set a..b=3: expected KEY=VALUE, for instance train.epochs=5"),
        (
            "a={b: 1, b: 2}",
            "--set a={b: 1, b: 2}: the key 'b' is already on line 1; delete one of them",
        ),
        (
            "data.train.noise=1",
            "--set data.train.noise=1: "
            "data.train is 'rows.csv' and has no keys; set data.train as a whole",
        ),
        ("model.hidden=3", "--set model.hidden=3: model.hidden: expected a list, got 3; write [3]"),
        ("seed=\x1b[31m", "--set seed=?[31m: control character 0x1b; delete it"),
    ],
)
def test_a_fault_of_an_override_names_the_override(override, fault):
    assert faults([override]) == [fault]


def test_a_fault_of_an_override_from_python_names_it_too():
    assert faults({"train.epochs": 0}) == ["set train.epochs=0: train.epochs: must be >= 1, got 0"]


# Faults between two keys.


def test_activations_and_hidden_layers_must_be_as_many():
    assert faults(model={"hidden": [5, 5, 5], "activation": ["relu", "tanh"]}) == [
        "config: model.activation: "
        "one name for all layers, or one for each of the 3 hidden layers, got 2"
    ]


def test_val_and_test_must_leave_rows_to_train_on():
    assert faults(data={"train": "x", "val": 0.5, "test": 0.5}) == [
        "config: data.test: val 0.5 and test 0.5 leave no rows to train on; their sum must be < 1"
    ]


def test_several_targets_need_a_regression_loss():
    data = {"train": "x", "target": ["a", "b"]}

    assert loaded(data=data, loss="mse").data.target == ("a", "b")
    assert faults(data=data) == [f"config: data.target: {SEVERAL}; got loss softmax"]


@pytest.mark.parametrize(
    ("roles", "fault"),
    [
        (
            {"features": ["a"], "ignore": ["a"]},
            "data.features: the column 'a' is already in data.ignore",
        ),
        ({"features": ["y"]}, "data.features: the column 'y' is already in data.target"),
        ({"ignore": ["a", "a"]}, "data.ignore: the column 'a' is already in data.ignore"),
        ({"weight": "y"}, "data.weight: the column 'y' is already in data.target"),
    ],
)
def test_a_column_has_one_role(roles, fault):
    assert faults(data={"train": "x"} | roles) == ["config: " + fault]


def test_batch_norm_needs_more_than_one_row():
    (fault,) = faults(model={"norm": "batch"}, train={"batch_size": 1})

    assert fault.startswith("config: model.norm: batch norm needs more than one row in a minibatch")


def test_a_toy_set_is_not_a_file():
    (fault,) = faults(data={"train": "spiral"})

    assert fault.startswith("config: data.train: a toy set is written {name: spiral}")


def test_none_is_written_null():
    assert faults(data={"train": "x", "val": "None"}) == [
        "config: data.val: 'None' would be a file; for none write null"
    ]


@pytest.mark.parametrize(
    ("loss", "monitor"),
    [("softmax", "val_roc_auc"), ("hinge", "train_accuracy"), ("mse", "val_rmse"), ("mae", "val_loss")],
)
def test_monitor_takes_every_metric_of_the_task(loss, monitor):
    assert loaded(loss=loss, train={"monitor": monitor}).train.monitor == monitor


@pytest.mark.parametrize(
    ("loss", "monitor", "fault"),
    [
        ("softmax", "val_acuracy", "did you mean 'val_accuracy'?"),
        (
            "softmax",
            "val_rmse",
            "'val_rmse' is not a value that the loss softmax gives; choose from val_loss",
        ),
        ("mse", "val_accuracy", "'val_accuracy' is not a value that the loss mse gives"),
        (
            "hinge",
            "val_brier",
            "'val_brier' is not a value that the loss hinge gives",
        ),  # no probabilities
    ],
)
def test_monitor_is_a_value_that_the_loss_gives(loss, monitor, fault):
    (found,) = faults(loss=loss, train={"monitor": monitor})

    assert fault in found


def test_a_metric_of_the_validation_rows_needs_some():
    assert faults(data={"train": "x", "val": 0}, train={"monitor": "val_accuracy"}) == [
        "config: train.monitor: val_accuracy needs validation rows; set data.val, or use train_accuracy"
    ]


def test_the_default_monitor_needs_no_validation_rows():
    assert loaded(data={"train": "x", "val": 0}).train.monitor == "val_loss"


# All at once.


def test_all_faults_are_reported_at_once_in_the_order_of_the_file(file):
    path = file("""seed: -1
data: {train: x.csv, val: 0.6, test: 0.6}
train:
  epochs: ten
  epoch: 3
optimizer: adma
""")

    with pytest.raises(ConfigError) as error:
        load_config(path, ["model.dropout=2", "oops"])

    assert error.value.faults == (
        "--set oops: expected KEY=VALUE, for instance train.epochs=5",
        "--set model.dropout=2: model.dropout: must be < 1, got 2",
        "a.yaml:1: seed: must be >= 0, got -1",
        "a.yaml:2: data.test: val 0.6 and test 0.6 leave no rows to train on; their sum must be < 1",
        "a.yaml:4: train.epochs: expected a whole number, got 'ten'",
        "a.yaml:5: train.epoch: unknown key; did you mean 'epochs'?",
        "a.yaml:6: optimizer: 'adma' is not an optimizer; did you mean 'adam'?",
    )


def test_a_fault_between_keys_waits_until_its_keys_are_right():
    assert (
        len(
            faults(data={"train": "x", "val": "None", "test": 2}, model={"activation": [], "hidden": 3})
        )
        == 3
    )


def test_a_misspelt_required_key_is_one_fault():
    with pytest.raises(ConfigError) as error:
        load_config({"data": {"trian": "x"}})

    assert str(error.value) == "config: data.trian: unknown key; did you mean 'train'?"


def test_a_file_full_of_faults_ends_in_a_readable_list():
    found = faults(model={"hidden": ["x"] * 1000})

    assert len(found) == 51
    assert found[-1] == "... and more; fix these first"


@pytest.mark.parametrize(
    ("text", "found"),
    [("", "the file is empty"), ("- a\n", "got [a]"), ("hello\n", "got 'hello'")],
)
def test_a_file_without_keys_is_refused(file, text, found):
    with pytest.raises(ConfigError) as error:
        load_config(file(text))

    assert str(error.value) == f"a.yaml:1: expected keys with values, such as 'data:'; {found}"


def test_an_empty_dict_misses_the_training_data():
    with pytest.raises(ConfigError) as error:
        load_config({})

    assert str(error.value) == "config: data.train: missing; it has no default"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_must_be_finite(number):
    (fault,) = faults(regularization={"l2": number})

    assert "regularization.l2: must be finite, got " in fault


def test_a_dict_nested_without_end_is_refused():
    loop = {}
    loop["a"] = loop

    with pytest.raises(ConfigError, match="nested more than 50 levels deep"):
        load_config(loop)


def test_control_characters_of_a_dict_are_refused():
    with pytest.raises(ConfigError) as error:
        load_config({"data": {"train": "a\0b"}})

    assert str(error.value) == "config: a control character in 'a?b'; delete it"


def test_a_key_of_a_dict_must_be_text():
    assert faults(**{"data": {"train": "x", 3: 4}}) == ["config: data[3]: a key must be text, got 3"]


@pytest.mark.parametrize("key", ["[key]", "|int", "|mapping"])
def test_a_key_spelled_like_a_word_of_the_validator_is_only_unknown(key):
    (fault,) = faults(**{"data": {"train": "x"}, key: 1})

    assert fault.startswith(f"config: {key}: unknown key; ")

"""Sixty ways to break a config, and what each is answered with; and how many slips are understood."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlptrain.config import Config, load_config
from mlptrain.config.choices import Named
from mlptrain.config.keys import (
    OTHER_WORDS,
    advice_on_key,
    keys_of,
    mapping_at,
    sections_with,
)
from mlptrain.errors import ConfigError
from mlptrain.messages import nearest
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.losses import LOSSES
from mlptrain.optim import OPTIMIZERS
from mlptrain.optim.schedules import SCHEDULES

GOOD = """\
seed: 0
data:
  train: data/digits.csv
  target: digit
  val: 0.1
  test: 0.2
  stratify: true
  ignore: [id]
  scale: standard
  missing: error
  image_shape: [8, 8]
model:
  hidden: [100, 50]
  activation: relu
  initializer: he
  dropout: 0.1
  norm: none
  dtype: float32
loss: {name: softmax, label_smoothing: 0.1}
regularization: {l2: 1e-4, l1: 0}
optimizer:
  name: adam
  learning_rate: 1e-3
schedule: {name: step, epochs: [3, 6]}
train:
  epochs: 10
  batch_size: 64
  clip_norm: 1.0
  nonfinite: abort
  monitor: val_accuracy
  early_stopping: {patience: 10}
  eval_every: 1
"""

# (line of GOOD, the text there, what it becomes, the fault after "a.yaml:line: ")
BROKEN = [
    # a key with a slip of the fingers
    (1, "seed", "sede", "sede: unknown key; did you mean 'seed'?"),
    (2, "data", "dta", "dta: unknown key; did you mean 'data'?"),
    (3, "train", "trian", "data.trian: unknown key; did you mean 'train'?"),
    (4, "target", "taget", "data.taget: unknown key; did you mean 'target'?"),
    (6, "test", "tset", "data.tset: unknown key; did you mean 'test'?"),
    (7, "stratify", "startify", "data.startify: unknown key; did you mean 'stratify'?"),
    (8, "ignore", "ignroe", "data.ignroe: unknown key; did you mean 'ignore'?"),
    (12, "model", "modle", "modle: unknown key; did you mean 'model'?"),
    (13, "hidden", "hiden", "model.hiden: unknown key; did you mean 'hidden'?"),
    (14, "activation", "activations", "model.activations: unknown key; did you mean 'activation'?"),
    (15, "initializer", "initialiser", "model.initialiser: unknown key; did you mean 'initializer'?"),
    (16, "dropout", "drop-out", "model.drop-out: unknown key; did you mean 'dropout'?"),
    (
        19,
        "label_smoothing",
        "lable_smoothing",
        "loss.lable_smoothing: unknown key; did you mean 'label_",
    ),
    (
        20,
        "regularization",
        "regularisation",
        "regularisation: unknown key; did you mean 'regularization'?",
    ),
    (21, "optimizer", "Optimizer", "Optimizer: unknown key; did you mean 'optimizer'?"),
    (
        23,
        "learning_rate",
        "learnign_rate",
        "optimizer.learnign_rate: unknown key; did you mean 'learning_",
    ),
    (24, "epochs", "epoch", "schedule.epoch: unknown key; did you mean 'epochs'?"),
    (27, "batch_size", "batchsize", "train.batchsize: unknown key; did you mean 'batch_size'?"),
    (
        31,
        "patience",
        "patiance",
        "train.early_stopping.patiance: unknown key; did you mean 'patience'?",
    ),
    (32, "eval_every", "eval-every", "train.eval-every: unknown key; did you mean 'eval_every'?"),
    # a key in the wrong section, or from another trainer
    (1, "seed", "epochs", "epochs: unknown key; it belongs to "),
    (16, "dropout", "l2", "model.l2: unknown key; it belongs to regularization"),
    (23, "learning_rate", "lr", "optimizer.lr: unknown key; did you mean 'learning_rate'?"),
    (
        23,
        "learning_rate",
        "weight_decay",
        "optimizer.weight_decay: unknown key; adam has no such option",
    ),
    (28, "clip_norm", "learning_rate", "train.learning_rate: unknown key; it belongs to optimizer"),
    (26, "epochs", "max_epochs", "train.max_epochs: unknown key; did you mean 'epochs'?"),
    # a name that no table has
    (
        9,
        "standard",
        "standart",
        "data.scale: expected one of standard, minmax, smooth_clip, log, none, got 'standart'",
    ),
    (
        10,
        "error",
        "mena",
        "data.missing: expected one of error, mean, median, drop, got 'mena'; did you",
    ),
    (14, "relu", "rleu", "model.activation: 'rleu' is not an activation; did you mean 'relu'?"),
    (
        15,
        "he",
        "orthogonal",
        "model.initializer: 'orthogonal' is not an initializer; choose from he, xavier",
    ),
    (
        17,
        "none",
        "batchnorm",
        "model.norm: expected one of none, batch, layer, got 'batchnorm'; did you",
    ),
    (18, "float32", "float16", "model.dtype: expected float32 or float64, got 'float16'"),
    (19, "softmax", "sotfmax", "loss.name: 'sotfmax' is not a loss; did you mean 'softmax'?"),
    (22, "adam", "Adma", "optimizer.name: 'Adma' is not an optimizer; did you mean 'adam'?"),
    (24, "step", "steps", "schedule.name: 'steps' is not a schedule; did you mean 'step'?"),
    (
        29,
        "abort",
        "abrot",
        "train.nonfinite: expected one of abort, skip, rollback, got 'abrot'; did you",
    ),
    (
        30,
        "val_accuracy",
        "val_acc",
        "train.monitor: 'val_acc' is not a value that the loss softmax gives",
    ),
    # a value of the wrong type
    (1, "0", "zero", "seed: expected a whole number, got 'zero'"),
    (
        3,
        "data/digits.csv",
        "3",
        "data.train: expected a file, or a toy set such as {name: spiral}, got 3",
    ),
    (4, "digit", "8", "data.target: expected a column, or a list of columns, got 8"),
    (5, "0.1", "true", "data.val: expected a fraction of the rows, a file or null, got true"),
    (7, "true", "yes", "data.stratify: expected true or false, got 'yes'; write true"),
    (8, "[id]", "id", "data.ignore: expected a list, got 'id'; write [id]"),
    (11, "[8, 8]", "8", "data.image_shape: expected a list of 2 or 3 sizes, or null, got 8"),
    (13, "[100, 50]", "100", "model.hidden: expected a list, got 100; write [100]"),
    (13, "[100, 50]", "[100, 1.5]", "model.hidden[1]: expected a whole number, got 1.5"),
    (23, "1e-3", "'1e-3'", "optimizer.learning_rate: expected a number, got '1e-3'; remove the quotes"),
    (26, "10", "ten", "train.epochs: expected a whole number, got 'ten'"),
    (26, "10", "1e2", "train.epochs: expected a whole number, got 100.0; write 100"),
    (28, "1.0", "None", "train.clip_norm: expected a number > 0, or null, got 'None'; write null"),
    (31, "{patience: 10}", "10", "train.early_stopping: expected {patience: n} or null, got 10"),
    # a value out of its range
    (1, "0", "-1", "seed: must be >= 0, got -1"),
    (5, "0.1", "1.5", "data.val: must be < 1, got 1.5"),
    (11, "[8, 8]", "[8]", "data.image_shape: needs at least 2 items, got [8]"),
    (13, "[100, 50]", "[100, 0]", "model.hidden[1]: must be >= 1, got 0"),
    (16, "0.1", "1", "model.dropout: must be < 1, got 1"),
    (20, "1e-4", "-1e-4", "regularization.l2: must be >= 0, got -0.0001"),
    (20, "1e-4", ".inf", "regularization.l2: must be finite, got .inf"),
    (23, "1e-3", "1e400", "optimizer.learning_rate: must be finite, got .inf"),
    (27, "64", "0", "train.batch_size: must be >= 1, got 0"),
    # a fault between two keys
    (
        6,
        "0.2",
        "0.95",
        "data.test: val 0.1 and test 0.95 leave no rows to train on; their sum must be < 1",
    ),
    (8, "id", "digit", "data.ignore: the column 'digit' is already in data.target"),
    (
        14,
        "relu",
        "[relu]",
        "model.activation: one name for all layers, or one for each of the 2 hidden layers",
    ),
    (19, "softmax, label_smoothing: 0.1", "mse", "train.monitor: 'val_accuracy' is not a value that"),
    # a text that is no YAML, or more YAML than a config needs
    (2, "data:", "data", "not valid YAML:"),
    (13, "[100, 50]", "[100, 50", "not valid YAML:"),
    (16, "dropout", "hidden", "the key 'hidden' is already on line 13; delete one of them"),
    (
        9,
        "standard",
        "*scale",
        "aliases (*scale) are not supported; repeat the value, or quote the text",
    ),
    (4, "  target", "\ttarget", "not valid YAML: a tab cannot indent; use spaces"),
]
ELSEWHERE = {"not valid YAML:", "train.monitor: 'val_accuracy' is not a value that"}
"""Faults that show on a later line than the one that was changed."""


def broken(number, old, new):
    lines = GOOD.splitlines()
    assert old in lines[number - 1]
    lines[number - 1] = lines[number - 1].replace(old, new, 1)
    return "\n".join(lines) + "\n"


def test_the_config_that_is_broken_below_is_good(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(GOOD)

    assert load_config(path).train.epochs == 10


@pytest.mark.slow
@pytest.mark.parametrize(("number", "old", "new", "answer"), BROKEN)
def test_a_fault_is_one_line_with_file_line_and_key(number, old, new, answer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(broken(number, old, new))

    start = time.perf_counter()
    with pytest.raises(ConfigError) as error:
        load_config("a.yaml")

    assert time.perf_counter() - start < 1
    (fault,) = error.value.faults
    if answer in ELSEWHERE:
        assert fault.startswith("a.yaml:")
        assert answer in fault
    else:
        assert fault.startswith(f"a.yaml:{number}: {answer}")


def test_there_are_at_least_sixty_of_them():
    assert len(BROKEN) >= 60


# What people's fingers do to a word.


def slips(word):
    """Every word with one letter left out, doubled, swapped with the next, or replaced."""
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
        yield word[:at] + word[at] + word[at:]
        yield word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
        yield word[:at] + "q" + word[at + 1 :]


def mappings():
    """(path, data, keys) of every mapping in a config, with every optimizer."""
    for path in [(), ("data",), ("model",), ("regularization",), ("train",)]:
        data = {"data": {}, "model": {}, "regularization": {}, "train": {}}
        yield path, data, keys_of(*mapping_at(path, data))
    for name in OPTIMIZERS:
        data = {"optimizer": {"name": name}}
        yield ("optimizer",), data, keys_of(*mapping_at(("optimizer",), data))


@pytest.mark.slow
def test_nine_of_ten_slips_in_a_key_are_understood():
    told = [
        key in (advice := advice_on_key(slip, path, data)).word or f"'{key}'" in advice.text
        for path, data, keys in mappings()
        for key in keys
        for slip in slips(key)
        if slip not in keys
    ]

    assert len(told) > 1000
    assert sum(told) / len(told) >= 0.9


def test_nine_of_ten_slips_in_a_name_are_understood():
    tables = (OPTIMIZERS, SCHEDULES, LOSSES, ACTIVATIONS)
    told = [
        nearest(slip, table) == name
        for table in tables
        for name in table
        for slip in slips(name)
        if slip not in table
    ]

    assert len(told) > 500
    assert sum(told) / len(told) >= 0.9


def test_every_section_with_a_key_is_named():
    assert sections_with("epochs") == ["schedule", "train"]


def test_no_key_of_the_schema_hides_behind_another_word():
    # A word of another trainer must not be a key of ours, or its advice would never be given.
    assert [word for word in OTHER_WORDS.values() if not sections_with(word)] == []
    assert [word for word in OTHER_WORDS if sections_with(word)] == []


def test_the_schema_is_walked_through_short_forms_and_lists():
    data = {"model": {"activation": ["relu", {"name": "elu"}]}}
    here, name = mapping_at(("model", "activation", 1), data)

    assert isinstance(here, Named)
    assert keys_of(here, name) == ["name", "alpha"]
    assert keys_of(*mapping_at((), data)) == list(Config.model_fields)


# Whatever is in a config, it is a Config or a list of faults, each in one line.

KEYS = sorted({key for _, _, keys in mappings() for key in keys})
words = st.sampled_from([*KEYS, *OPTIMIZERS, *ACTIVATIONS, "mean", "x.csv", "\n", ""])
leaves = st.none() | st.booleans() | st.integers() | st.floats() | words
trees = st.recursive(
    leaves, lambda below: st.lists(below, max_size=3) | st.dictionaries(words, below, max_size=4)
)
sections = st.dictionaries(words, trees, max_size=5)


@pytest.mark.slow
@given(
    st.fixed_dictionaries({}, optional={key: sections | trees for key in Config.model_fields}),
    st.lists(
        st.builds(lambda key, below, word: f"{key}.{below}={word}", words, words, words), max_size=2
    ),
)
def test_anything_ends_in_a_config_or_in_faults_of_one_line(data, overrides):
    try:
        load_config(data, overrides)
    except ConfigError as error:
        faults = error.faults
    else:
        faults = ()

    assert all(fault and "\n" not in fault for fault in faults)
    # pydantic's own words would begin like this.
    assert not any("Input should" in fault or "Value error" in fault for fault in faults)


@pytest.mark.parametrize("digits", [19, 25, 5000])
def test_a_quoted_number_of_many_digits_is_one_line(digits):
    """Without its quotes it would be refused as well, so nobody is told to remove them."""
    with pytest.raises(ConfigError) as error:
        load_config(
            {"data": {"train": "rows.csv"}, "seed": "-" + "9" * digits, "train": {"epochs": "12"}}
        )

    first, second = error.value.faults
    assert first.startswith("config: seed: expected a whole number, got '-9999")
    assert "remove the quotes" not in first
    assert second == "config: train.epochs: expected a whole number, got '12'; remove the quotes"

"""What a sweep tries is checked before its first trial; what is wrong is said with its line."""

import pytest

from mlptrain.errors import ConfigError
from mlptrain.sweeps.plan import read_plan
from mlptrain.sweeps.space import Choice, Range, ZeroOr

DATA = "data: {train: {name: moons, points_per_class: 20}, val: 0.2, test: 0}\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan(here, text, *typed, overrides=(), options=None):
    (here / "c.yaml").write_text(DATA + text)
    return read_plan("c.yaml", overrides, typed, options)


def test_a_space_means_the_same_in_yaml_and_typed(here):
    written = """sweep:
  space:
    optimizer.learning_rate: {min: 1e-4, max: 1e-1, log: true}
    train.batch_size: {min: 16, max: 64, step: 16}
    model.hidden: [[64], [128, 128]]
    model.dropout: {zero_or: {min: 0.1, max: 0.5}}
    model.activation: [relu, tanh]
"""
    typed = (
        "optimizer.learning_rate=1e-4..1e-1:log",
        "train.batch_size=16..64:step=16",
        "model.hidden=[64],[128,128]",
        "model.dropout=0,0.1..0.5",
        "model.activation=relu,tanh",
    )
    found = plan(here, written).space

    assert found == plan(here, "", *typed).space
    assert found == (
        Range("optimizer.learning_rate", 1e-4, 1e-1, log=True),
        Range("train.batch_size", 16, 64, step=16, whole=True),
        Choice("model.hidden", ([64], [128, 128])),
        ZeroOr(Range("model.dropout", 0.1, 0.5)),
        Choice("model.activation", ("relu", "tanh")),
    )


def test_a_range_is_of_whole_numbers_where_the_config_takes_no_others(here):
    batch, rate = plan(here, "", "train.batch_size=16..64", "model.dropout=0..0.5").space
    assert (batch.whole, rate.whole) == (True, False)


def test_a_file_of_its_own_names_the_config_beside_it(here):
    (here / "sub").mkdir()
    (here / "sub" / "base.yaml").write_text(DATA + "seed: 3\n")
    (here / "sub" / "s.yaml").write_text(
        "base: base.yaml\ntrials: 7\nspace: {model.hidden: [[4], [8]]}\n"
    )
    found = read_plan("sub/s.yaml", ["train.epochs=2"])

    config = found.config({"model.hidden": [8]})
    assert (found.trials, config.seed, config.train.epochs, config.model.hidden) == (7, 3, 2, (8,))


def test_what_is_typed_goes_before_what_is_written(here):
    text = "sweep: {space: {model.hidden: [[4], [8]]}, trials: 7, sampler: random}\n"
    found = plan(here, text, "model.hidden=[2],[3]", options={"trials": 9, "metric": "accuracy"})

    assert (found.space[0].values, found.trials, found.settings.sampler) == (([2], [3]), 9, "random")
    assert found.config({}).train.monitor == "val_accuracy"


def test_a_whole_optimizer_is_chosen_before_its_rate(here):
    found = plan(here, "", "optimizer=adam,sgd", "optimizer.learning_rate=0.01..0.1")
    optimizer = found.config({"optimizer.learning_rate": 0.05, "optimizer": "sgd"}).optimizer
    assert (optimizer.name, optimizer.options()["learning_rate"]) == ("sgd", 0.05)


def test_a_grid_has_every_combination(here):
    found = plan(here, "", "train.batch_size=16..64:step=16", "model.dropout=0,0.1..0.3:step=0.1",
                 options={"sampler": "grid"})  # fmt: skip
    assert [each.values for each in found.space] == [(16, 32, 48, 64), (0.0, 0.1, 0.2, 0.3)]
    assert found.trials == 16


def test_folds_validate_and_the_test_rows_stay_apart(here):
    found = plan(here, "", "model.hidden=[2],[3]", options={"folds": 3})
    folds = [config.data.fold for config in found.configs({"model.hidden": [2]})]
    assert [(each.number, each.of, each.holds) for each in folds] == [
        (1, 3, "val"),
        (2, 3, "val"),
        (3, 3, "val"),
    ]


WRONG = {
    "model.hiden: [[4], [8]]": "c.yaml:4: sweep.space.model.hiden: unknown key; did you mean 'hidden'?",
    "model.dropout: {min: 0, max: 1}": "c.yaml:4: sweep.space.model.dropout: must be < 1, got 1.0",
    "model.dropout: {min: 0.5, max: 0.1}": "min 0.5 must be below max 0.1",
    "optimizer.learning_rate: {min: 0, max: 1, log: true}": "min must be > 0, got 0; for 0 as well",
    "optimizer.learning_rate: {min: 1e-4}": "max: expected a number, got null",
    "optimizer.learning_rate: {min: 1e-4, max: 1, logg: true}": "key 'logg'; did you mean 'log'?",
    "optimizer.learning_rate: {min: 0.1, max: 1.0, step: 0.4}": "of 0.4 from 0.1 do not reach 1.0",
    "train.batch_size: {min: 16.5, max: 64}": "min: expected a whole number, got 16.5",
    "model.hidden: [[4]]": "1 of the two values that a choice needs",
    "model.hidden: [[4], [8], [4]]": "[4] stands there twice",
    "model.hidden: [[4], [0]]": "must be >= 1, got 0",
    "model.hidden: 8": "expected [a, b], {min: a, max: b}",
    "model.dropout: {zero_or: {min: 0, max: 0.5}}": "0 is in the range already",
    "optimizer.momentum: [0.8, 0.9]": "unknown key; the keys here are name, learning_rate",
    "seed: [1, 2]": "each trial would be judged by other rows",
    "data.val: [0.1, 0.2]": "each trial would be judged by other rows",
    "train.monitor: [val_loss, val_accuracy]": "write that",
    "loss: [softmax, hinge]": "changes what the loss means",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_space_is_refused_with_its_line(here, line):
    with pytest.raises(ConfigError) as refused:
        plan(here, f"sweep:\n  space:\n    {line}\n")
    (fault,) = refused.value.faults
    assert fault.startswith("c.yaml:4: sweep.space.")
    assert WRONG[line] in fault


def test_every_fault_has_a_line_and_what_is_typed_is_its_own_place(here):
    with pytest.raises(ConfigError) as refused:
        plan(here, "sweep:\n  space:\n    model.hiden: [1, 2]\n", "model.dropout=0..2")
    assert [fault.partition(": ")[0] for fault in refused.value.faults] == [
        "c.yaml:4",
        "model.dropout=0..2",
    ]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("metric: acuracy", "c.yaml:4: sweep.metric: 'val_acuracy' is not a value that the loss"),
        ("sampler: bayes", "c.yaml:4: sweep.sampler: expected one of tpe, random, grid, got 'bayes'"),
        ("sampler: grid", "c.yaml:3: sweep.space.optimizer.learning_rate: a grid needs a list"),
        ("trails: 3", "c.yaml:4: sweep.trails: unknown key; did you mean 'trials'?"),
    ],
)
def test_wrong_settings_are_refused_with_their_line(here, settings, expected):
    space = "space: {optimizer.learning_rate: {min: 1e-4, max: 1e-1}}"
    with pytest.raises(ConfigError) as refused:
        plan(here, f"sweep:\n  {space}\n  {settings}\n")
    assert refused.value.faults[0].startswith(expected)


def test_without_a_space_there_is_nothing_to_try(here):
    with pytest.raises(ConfigError, match="nothing to try"):
        plan(here, "")


@pytest.mark.parametrize(
    ("made", "value", "end"),
    [
        (Range("k", 1e-4, 1e-1, log=True), 0.0999, 1e-1),  # log10 0.0999 = -1.0004
        (Range("k", 1e-4, 1e-1, log=True), 0.05, None),
        (Range("k", 0.0, 1.0), 0.009, 0.0),
        (Choice("k", (16, 32, 64)), 64, 64),
        (Choice("k", (16, 32, 64)), 32, None),
        (Choice("k", (16, 64)), 64, None),  # of two values one is always at an end
        (ZeroOr(Range("k", 1e-4, 1e-1, log=True)), 0.0, None),
    ],
)
def test_a_value_near_the_end_of_its_range_lies_on_it(made, value, end):
    found = made.edge(value)
    assert found == end

"""No dead knobs: every option and every key of the config changes what comes out of a small run.

The lists of options and keys come from the signatures and the schema, so that a new one without a
case here fails. A case is a pair of changes to the small config `TOY`: what both runs have in
common, and the value that only the second one has.
"""

import numpy as np
import pytest
from helpers import TOY, changed, fingerprint

import mlptrain
from mlptrain.config import load_config
from mlptrain.config.choices import options_of
from mlptrain.config.schema import Config
from mlptrain.config.section import Section
from mlptrain.config.train import EarlyStopping
from mlptrain.data.readers.toy import TOYS
from mlptrain.errors import MLPTrainError
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.initializers import INITIALIZERS
from mlptrain.nn.losses import LOSSES
from mlptrain.optim import OPTIMIZERS
from mlptrain.optim.schedules import SCHEDULES
from mlptrain.runs.run import begin
from mlptrain.training.build import build
from mlptrain.training.record import Progress
from mlptrain.training.trainer import train

pytestmark = pytest.mark.usefixtures("one_thread")

REGISTRIES = {
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "loss": LOSSES,
    "model.activation": ACTIVATIONS,
    "model.initializer": INITIALIZERS,
    "data.train": TOYS,
}

NUMBERS = {"name": "random", "rows": 20, "features": 3, "outputs": 2}
"""A regression to learn."""

OPTION_VALUES = {
    "learning_rate": 0.05,
    "rho": 0.5,
    "decay": 0.5,
    "beta1": 0.5,
    "beta2": 0.5,
    "eps": 0.01,
    "weight_decay": 0.3,
    "warmup": 3,
    "epochs": [0],
    "factor": 0.5,
    "gamma": 0.5,
    "label_smoothing": 0.2,
    "class_weights": [1.0, 3.0],
    "delta": 0.3,
    "reduction": "sum",
    "levels": [0.2, 0.7],
    "slope": 0.3,
    "alpha": 0.5,
    "pieces": 3,
    "std": 0.5,
    "bias_std": 0.5,
    "rate_factors": {"bias": 0.1},
    "classes": 4,
    "points_per_class": 11,
    "noise": 0.37,
    "radius": 2.0,
    "rows": 17,
    "features": 4,
    "outputs": 3,
}
"""For each option, whichever entries have it, a value that is nobody's default."""

COMMON = {"schedule": ["warmup"], "optimizer": ["rate_factors"], "model.initializer": ["bias_std"]}
"""Options that every entry of a registry has besides its own."""

IN_COMMON = {
    ("schedule", "step"): {"epochs": [1]},  # the default begins at epoch 30
    ("data.train", "random"): {"rows": 20, "features": 3, "outputs": 2},
}
"""Options without which another option of the entry could not act in two epochs."""

TABLE_KEYS = {"data.ignore": ["n", "when", "w", "price", "size"], "data.target": "cls", "data.val": 0.2}
PRICES = {"data.ignore": ["n", "when", "w", "cls"], "data.target": "price", "loss": "mse"}
BLANKS = {"data.ignore": ["when", "w", "price", "size"], "data.missing": {"policy": "mean"}}

KEY_CASES = {
    "seed": ({}, 4),
    "data.train": ({}, {"name": "xor", "points_per_class": 15}),
    "data.target": ("table", PRICES, "size"),
    "data.val": ({}, 0.3),
    "data.test": ({}, 0.3),
    "data.stratify": ({"data.val": 0.4}, False),
    "data.fold": ({}, {"number": 2, "of": 3}),
    "data.group": ({"data.val": 0.3}, "x0"),
    "data.time": ({"data.val": 0.3}, "x0"),
    "data.split_column": ("table", {"data.train": "parts.csv", "data.val": None}, "part"),
    "data.features": ("table", {"data.ignore": []}, ["u", "v"]),
    "data.ignore": ("table", {}, ["n", "when", "w", "price", "size", "u"]),
    "data.weight": ("table", {"data.ignore": ["n", "when", "price", "size"]}, "w"),
    "data.scale": ("table", {}, "minmax"),
    "data.scale_target": ("table", PRICES, "none"),
    "data.clip_target": (
        "table",
        {**PRICES, "train.monitor": "train_mae", "optimizer.learning_rate": 2.0},
        True,
    ),
    "data.target_missing": ("table", {"data.train": "gaps.csv"}, "drop"),
    "data.missing.policy": ("table", BLANKS, "median"),
    "data.missing.indicator": ("table", BLANKS, True),
    "data.numeric.encode": ("table", {}, "piecewise"),
    "data.categorical.encode": ("table", {}, "error"),
    "data.categorical.binary": (
        "table",
        {
            "data.categorical.columns": ["cls"],
            "data.target": "w",
            "data.ignore": ["n", "when", "price", "size"],
        },
        "signed",
    ),
    "data.categorical.unseen": ("table", {"data.val": "unseen.csv"}, "zeros"),
    "data.categorical.missing": ("table", {"data.val": "blank.csv"}, "zeros"),
    "data.categorical.columns": ("table", {"data.ignore": ["n", "when", "price", "size"]}, ["w"]),
    "data.columns": ("table", {"data.categorical": {"missing": "zeros"}}, {"kind": {"missing": ["a"]}}),
    "data.missing_values": ("table", {"data.categorical": {"missing": "zeros"}}, ["a"]),
    "data.dates": ("table", {"data.ignore": ["n", "w", "price", "size"]}, "number"),
    "data.transform": ({}, "polar"),
    "model.hidden": ({}, [5, 3]),
    "model.activation": ({}, "tanh"),
    "model.initializer": ({}, "lecun"),
    "model.bias": ({}, False),
    "model.ensemble": ({}, 3),
    "model.input_scale": ({}, True),
    "model.parametrization": ({}, "ntk"),
    "model.last_layer": ({}, "zeros"),
    "model.dropout": ({}, 0.5),
    "model.norm": ({}, "batch"),
    "model.dtype": ({}, "float32"),
    "loss": ({}, "hinge"),
    "regularization.l2": ({}, 0.01),
    "regularization.l1": ({}, 0.01),
    "optimizer": ({}, "adam"),
    "schedule": ({}, "linear"),
    "train.epochs": ({}, 3),
    "train.batch_size": ({}, 5),
    "train.accumulate": ({}, 2),
    "train.shards": ({"model.dtype": "float32"}, 3),
    "train.drop_last": ({}, True),
    "train.clip_norm": ({}, 0.01),
    "train.nonfinite": ({"data.train": "huge.npz", "data.scale": "none", "loss": "mse"}, "skip"),
    "train.monitor": ({}, "train_accuracy"),
    "train.early_stopping": (
        {"train.epochs": 4, "train.eval_every": 1},
        {"patience": 1, "min_delta": 9.0},
    ),
    "train.average": (
        {"optimizer": {"name": "sgd", "learning_rate": 5.0}, "train.eval_every": 1},
        {"ema": 0.5},
    ),
    "train.max_minutes": ({"train.eval_every": 1000}, 1e-9),
    "train.eval_every": ({}, 1),
    "init_from": ({}, {"checkpoint": "source"}),
}

WITHOUT_EFFECT_ON_TRAINING = {
    "calibration": "what is fitted afterwards",
    "decision": "what is fitted afterwards",
    "data.cache": "where large tables are kept: the same bits from there",
    "data.image_shape": "how pictures are drawn",
    "train.checkpoint_every": "what is kept on the disk",
    "train.log_histograms": "what is recorded besides",
    "train.tensorboard": "where it is written besides",
    "train.folds": "how many runs there are: a run is one of them",
    "candidates": "runs of their own, with other settings",
    "combine": "which runs predict",
    "sweep": "what `mlptrain sweep` tries",
}


def outcome(config):
    """What a run comes to: the bits it trained, its best value and evaluations, or its error."""
    try:
        experiment, progress = begin(load_config(config))[1], Progress()
        records = [record for record in train(experiment, progress) if record is not None]
    except MLPTrainError as error:
        return type(error).__name__
    return fingerprint(experiment), progress.best, len(records)


DATA_OF = {
    "classes": {},
    "numbers": {"data.train": NUMBERS},
    "flags": {"data.train": "table.csv", "data.target": ["cls"], "data.features": ["u", "v"]},
    "amounts": {"data.train": "table.csv", "data.target": "w", "data.features": ["u", "v"]},
}
"""Data that a loss can be used with, by what it learns."""


def options():
    """Every option of every entry of every registry."""
    for section, registry in REGISTRIES.items():
        for name, entry in registry.items():
            for option in [*options_of(entry), *COMMON.get(section, [])]:
                yield section, name, option


def keys(section=Config, prefix=""):
    """Every key of the config."""
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from keys(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


def with_entry(section, name, given):
    """The small config with one entry of a registry, on data that it can be used with."""
    changes = {section: {"name": name, **IN_COMMON.get((section, name), {}), **given}}
    if section == "loss":
        changes |= DATA_OF[LOSSES[name].targets]
    if section == "data.train" and name == "random":
        changes["loss"] = "mse"
    return changed(TOY, changes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Tables with a column for each key of `data`, and a matrix with a value that overflows."""
    folder = tmp_path_factory.mktemp("knobs")
    generator = np.random.default_rng(5)
    header = "u,v,n,kind,when,w,cls,price,size"
    rows = []
    for i in range(40):
        u, v, price, size = generator.normal(size=4).round(3)
        n = "" if i % 5 == 0 else f"{generator.exponential():.3f}"
        rows.append(f"{u},{v},{n},{'abc'[i % 3]},2026-01-{i % 28 + 1:02},{i % 4},{'pq'[i % 2]},")
        rows[-1] += f"{price},{size}"
    gaps = [row.replace(",p,", ",,") if i == 4 else row for i, row in enumerate(rows)]
    (folder / "gaps.csv").write_text("\n".join([header, *gaps]) + "\n")
    for name, kind in (("table", None), ("unseen", "z"), ("blank", "")):
        lines = rows[:8] if name != "table" else rows
        if kind is not None:
            lines = [line.replace(",a,", f",{kind},") for line in lines]
        (folder / f"{name}.csv").write_text("\n".join([header, *lines]) + "\n")
    parted = [f"{line},{'train' if i % 4 else 'val'}" for i, line in enumerate(rows)]
    (folder / "parts.csv").write_text("\n".join([f"{header},part", *parted]) + "\n")
    X, y = generator.normal(size=(30, 2)), generator.normal(size=30)
    X[7] = 1e200
    np.savez(folder / "huge.npz", X=X, y=y)
    mlptrain.fit(TOY, out=folder / "source")
    return folder


@pytest.fixture(autouse=True)
def in_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)


@pytest.mark.slow
@pytest.mark.parametrize(("section", "name", "option"), list(options()))
def test_every_option_of_every_registry_changes_the_result(section, name, option):
    assert option in OPTION_VALUES, f"give {section}.{option} a value in OPTION_VALUES"

    without = with_entry(section, name, {})
    with_value = with_entry(section, name, {option: OPTION_VALUES[option]})

    assert outcome(without) != outcome(with_value)


@pytest.mark.parametrize("section", REGISTRIES)
def test_no_two_entries_of_a_registry_do_the_same(section):
    results = {name: outcome(with_entry(section, name, {})) for name in REGISTRIES[section]}

    assert all(isinstance(result, tuple) for result in results.values()), results
    assert len(set(results.values())) == len(results)


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key in keys() if key not in WITHOUT_EFFECT_ON_TRAINING])
def test_every_key_of_the_config_changes_the_result(key):
    assert key in KEY_CASES, f"give {key} a case in KEY_CASES"
    *table, common, value = KEY_CASES[key]
    base = changed(TOY, {"data.train": "table.csv", **TABLE_KEYS}) if table else TOY
    base = changed(base, common)

    with_default, with_value = outcome(base), outcome(changed(base, {key: value}))

    assert with_default != with_value
    assert {type(with_default), type(with_value)} != {str}  # at least one of them trains


@pytest.mark.parametrize(
    ("option", "value"), [("patience", 2), ("min_delta", 9.0)], ids=["patience", "min_delta"]
)
def test_every_option_of_early_stopping_changes_the_result(option, value):
    given = {"patience": 1, "min_delta": 0.0 if option == "min_delta" else 9.0}
    base = changed(TOY, {"train.epochs": 4, "train.eval_every": 1, "train.early_stopping": dict(given)})

    other = changed(base, {f"train.early_stopping.{option}": value})

    assert outcome(base) != outcome(other)


def test_drop_last_takes_whole_batches_only():
    # 30 rows in batches of 8: 3 whole ones and one of 6, for 2 epochs.
    steps = [
        len(list(train(build(load_config(changed(TOY, {"train.drop_last": drop}))), Progress())))
        for drop in (False, True)
    ]

    assert steps == [8, 6]


def test_early_stopping_has_no_other_options():
    assert set(EarlyStopping.model_fields) == {"patience", "min_delta"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("data.cache", "none"),
        ("data.image_shape", [1, 2]),
        ("train.checkpoint_every", {"steps": 3}),
        ("train.log_histograms", True),
    ],
)
def test_what_is_only_shown_or_kept_does_not_change_the_training(key, value):
    assert key in WITHOUT_EFFECT_ON_TRAINING
    assert outcome(TOY) == outcome(changed(TOY, {key: value}))


def test_no_case_is_left_over_from_a_key_that_is_gone():
    assert set(KEY_CASES) | set(WITHOUT_EFFECT_ON_TRAINING) == set(keys())


def test_no_value_is_left_over_from_an_option_that_is_gone():
    assert set(OPTION_VALUES) == {option for _, _, option in options()}

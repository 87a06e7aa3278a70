"""Warm start: weights are matched by the names of columns, classes and targets, or refused by name."""

import json

import numpy as np
import pytest
from helpers import changed
from runs import THIRTY, faults, invoke, outcome, write_config
from tables import write

import mlptrain
from mlptrain.config import load_config
from mlptrain.errors import CheckpointError
from mlptrain.runs.fit import prepare, start_from
from mlptrain.runs.run import begin
from mlptrain.storage.archive import read_archive

RNG = np.random.default_rng(1)
COLUMNS = dict(zip("abcd", RNG.normal(size=(4, 60)).round(3), strict=True))
COLUMNS["b"] *= 100
CLASSES = np.array(["cold", "mild", "warm"])[
    np.digitize(COLUMNS["a"] - COLUMNS["b"] / 100, [-0.5, 0.5])
]
STILL = {"optimizer.learning_rate": 1e-30, "train.epochs": 1}
CONFIG = {
    "data": {"train": "", "val": 0.2, "test": 0},
    "model": {"hidden": [6], "dtype": "float64"},
    "optimizer": {"name": "adam", "learning_rate": 0.02},
    "train": {"epochs": 3},
}


@pytest.fixture
def config(tmp_path):
    """A config for a table of these columns in this order, with settings on top."""

    def config(columns="abcd", rows=slice(None), classes=CLASSES, **settings):
        names, values = [*columns, "y"], [*(COLUMNS[each] for each in columns), classes]
        path = tmp_path / f"{columns}{rows.start or 0}-{len(set(classes))}{classes[0]}.csv"
        write(path, names, list(zip(*(each[rows] for each in values), strict=True)))
        return changed(CONFIG, {"data.train": str(path), **settings})

    return config


@pytest.fixture
def source(config, tmp_path):
    return mlptrain.fit(config(), out=tmp_path / "source").best


def started(config, source, **options):
    """The network of a warm start before its first step, as a function of columns by name."""
    key = start_from(source, **options)
    checked, experiment, notes = begin(load_config(config).model_copy(update={"init_from": key}))
    return checked, experiment, notes


def scores_of(experiment, rows=5):
    """The scores of the first rows of the table, each by the name of its class."""
    made = experiment.data.preprocessing
    columns = np.stack([COLUMNS[name][:rows] for name in made.inputs], axis=1)
    scaled = [(columns[:, j] - c.center) * c.factor for j, c in enumerate(made.columns)]
    scores = experiment.network.scores([np.stack(scaled, axis=1)])
    return dict(zip(made.classes or made.targets, scores.T, strict=True))


def expected(source, rows=5):
    """What the source itself says of them."""
    model = mlptrain.load(source)
    columns = np.stack([COLUMNS[name][:rows] for name in "abcd"], axis=1)
    return dict(zip(model.classes, model.scores(columns).T, strict=True))


def assert_equal(found, wanted):
    assert set(found) <= set(wanted)
    for name, scores in found.items():
        np.testing.assert_allclose(scores, wanted[name], rtol=1e-12, atol=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("refit", [False, True])
@pytest.mark.parametrize("columns", ["abcd", "dcba", "badc"])
def test_columns_are_matched_by_name(config, source, columns, refit):
    _, experiment, _ = started(config(columns), source, refit_preprocessing=refit)
    assert_equal(scores_of(experiment), expected(source))


def test_other_rows_are_seen_with_the_scaling_of_the_source(config, source):
    _, experiment, notes = started(config(rows=slice(30, None)), source)

    assert_equal(scores_of(experiment), expected(source))
    assert notes == (
        f"started from {source}, step 3: all layers, columns and outputs matched by name, "
        "preprocessing kept (data.scale and its like are not used)",
    )


def test_scaling_is_learned_anew_when_asked(config, source):
    _, experiment, notes = started(config(rows=slice(30, None)), source, refit_preprocessing=True)

    training = experiment.data.partition.train
    center = experiment.data.preprocessing.columns[1].center
    assert center == pytest.approx(COLUMNS["b"][30:][training].mean())
    assert notes[0].endswith("preprocessing fitted anew")


@pytest.mark.parametrize("refit", [False, True])
def test_classes_are_matched_by_name(config, tmp_path, refit):
    """Rows without the class `cold`: the others keep their own scores."""
    unscaled = {"data.scale": "none"}  # the training rows are others
    source = mlptrain.fit(config(**unscaled), out=tmp_path / "source").best
    few = config(classes=np.where(CLASSES == "cold", "mild", CLASSES), **unscaled)
    _, experiment, _ = started(few, source, refit_preprocessing=refit)

    assert experiment.data.classes == (("mild", "warm") if refit else ("cold", "mild", "warm"))
    assert_equal(scores_of(experiment), expected(source))


@pytest.mark.parametrize("hidden", [[6], []], ids=["hidden", "linear"])
def test_the_scales_and_last_layers_of_an_ensemble_are_matched_by_name(config, tmp_path, hidden):
    model = {"hidden": hidden, "ensemble": 2, "input_scale": True, "dtype": "float64"}
    source = mlptrain.fit(config(model=model), out=tmp_path / "source").best
    _, experiment, _ = started(config("dcba", model=model), source)

    assert_equal(scores_of(experiment), expected(source))


def test_a_new_class_is_refused_by_name(config, source, tmp_path):
    renamed = np.where(CLASSES == "warm", "hot", CLASSES)
    path = write_config(tmp_path / "warm.yaml", config(classes=renamed))
    result = invoke("fit", path, "--init-from", source, "--out", tmp_path / "warm")

    assert result.exit_code == 5
    assert faults(result) == [
        f"class 'hot' is none of {source} (cold, mild, warm): correct it, or ask for a new last layer "
        "by --head new"
    ]
    assert not (tmp_path / "warm").exists()


def test_new_classes_get_a_new_last_layer_when_asked(config, source):
    renamed = np.where(CLASSES == "warm", "hot", CLASSES)
    _, experiment, _ = started(config(classes=renamed), source, head="new")
    fresh = begin(load_config(config(classes=renamed)))[1].network.parameters
    arrays, _ = read_archive(source)

    found = experiment.network.parameters
    assert experiment.data.classes == ("cold", "hot", "mild")
    for name in ("layer1.W", "layer1.b"):
        np.testing.assert_array_equal(found[name].value, arrays[name])
    for name in ("layer2.W", "layer2.b"):
        np.testing.assert_array_equal(found[name].value, fresh[name].value)


def test_a_new_last_layer_may_predict_another_target(config, source):
    numbers = changed(config(), {"data.target": "d", "data.ignore": ["y"], "loss": "mse"})
    with pytest.raises(CheckpointError) as caught:
        started(numbers, source, head="new")
    assert caught.value.faults == (f"{source}: its column 'd' is not in the data",)


def test_every_column_that_does_not_fit_is_named(config, source, tmp_path):
    other = config("abc")
    table = tmp_path / "other.csv"
    write(table, ["a", "b", "e", "y"], [(1, 2, 3, "cold"), (2, 1, 5, "warm")] * 20)
    with pytest.raises(CheckpointError) as caught:
        started(changed(other, {"data.train": str(table)}), source)
    assert caught.value.faults == (
        f"{source}: its column 'c' is not in the data",
        f"{source}: its column 'd' is not in the data",
        f"column 'e' of the data is none of {source}: leave it out by data.ignore",
    )


def test_the_advice_to_ignore_a_column_works(config, source, tmp_path):
    table = tmp_path / "more.csv"
    rows = [
        (*each, 7 * i, c) for i, (*each, c) in enumerate(zip(*COLUMNS.values(), CLASSES, strict=True))
    ]
    write(table, [*"abcd", "e", "y"], rows)
    more = changed(config(), {"data.train": str(table)})
    with pytest.raises(CheckpointError, match=r"column 'e' .* by data.ignore"):
        started(more, source)

    _, experiment, _ = started(changed(more, {"data.ignore": ["e"]}), source)
    assert_equal(scores_of(experiment), expected(source))


@pytest.mark.parametrize(
    ("key", "value", "was"),
    [
        ("model.hidden", [7], "[6]"),
        ("model.norm", "batch", "'none'"),
        ("model.bias", False, "True"),
        ("model.dtype", "float32", "'float64'"),
    ],
)
def test_other_layers_are_refused_by_their_key(config, source, key, value, was):
    with pytest.raises(CheckpointError) as caught:
        started(config(**{key: value}), source)
    assert caught.value.faults == (f"{key}: {was} in {source}, {value!r} here: take the same",)


def test_another_activation_is_refused(config, source):
    with pytest.raises(CheckpointError, match=r"model.activation: .*'relu'.*'tanh'"):
        started(config(**{"model.activation": "tanh"}), source)


def test_a_linear_model_has_no_layer_to_keep_under_a_new_one(config, tmp_path):
    linear = {"model.hidden": []}
    source = mlptrain.fit(config(**linear), out=tmp_path / "linear").best
    with pytest.raises(CheckpointError, match="one layer only"):
        started(config(**linear), source, head="new")
    _, experiment, _ = started(config("dcba", **linear), source, refit_preprocessing=True)
    assert_equal(scores_of(experiment), expected(source))


def test_the_run_says_where_it_began_and_its_config_repeats_it(config, source, tmp_path):
    before = outcome(source.parent)
    path = write_config(tmp_path / "warm.yaml", config("dcba"))
    result = invoke("fit", path, "--init-from", source.parent, "--out", tmp_path / "warm", "--quiet")
    assert result.exit_code == 0
    assert f"note: started from {source}, step 3" in " ".join(result.stderr.split())
    origin = json.loads((tmp_path / "warm" / "summary.json").read_text())["init_from"]
    assert origin["checkpoint"] == str(source)
    assert len(origin["sha256"]) == 64

    again = mlptrain.fit(tmp_path / "warm" / "config.yaml", out=tmp_path / "again")
    first, document = read_archive(tmp_path / "warm" / "last.npz")
    second, _ = read_archive(again.directory.last)
    assert document["config"]["init_from"] == origin
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert outcome(source.parent) == before


def test_a_source_that_has_changed_since_is_refused(config, source, tmp_path):
    mlptrain.fit(config(), out=tmp_path / "warm", init_from=source)
    mlptrain.fit(config(seed=8), out=source.parent, force=True)
    with pytest.raises(CheckpointError, match="not the file that init_from"):
        mlptrain.fit(tmp_path / "warm" / "config.yaml", out=tmp_path / "again")


def test_a_warm_start_is_resumed_with_its_own_preprocessing(config, source, tmp_path):
    """Interrupted after an epoch and resumed, it gives the bits of the whole run."""
    other = config("dcba", rows=slice(20, None))
    whole = mlptrain.fit(other, out=tmp_path / "whole", init_from=source)
    short = mlptrain.fit(other, set={"train.epochs": 1}, out=tmp_path / "short", init_from=source)
    assert short.progress.step < whole.progress.step
    resumed = mlptrain.fit(other, resume=tmp_path / "short")

    first, second = (read_archive(run.directory.last)[0] for run in (whole, resumed))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert resumed.summary["init_from"] == whole.summary["init_from"] is not None


def test_the_options_of_a_warm_start_need_one(config, tmp_path):
    path = write_config(tmp_path / "c.yaml", config())
    for option in (["--refit-preprocessing"], ["--head", "new"]):
        result = invoke("fit", path, *option)
        assert result.exit_code == 2
        assert faults(result) == ["--refit-preprocessing and --head go with --init-from CHECKPOINT"]


def test_folds_do_not_begin_with_what_has_seen_their_rows(config, source, tmp_path):
    warm = changed(config(), {"init_from": {"checkpoint": str(source)}})
    result = invoke("fit", write_config(tmp_path / "c.yaml", warm), "--folds", 3)
    assert result.exit_code == 2
    assert "--folds begins with weights of its own" in faults(result)[0]


def test_the_weights_are_taken_and_the_optimizer_is_not(config, source, tmp_path):
    run = mlptrain.fit(config(**STILL), out=tmp_path / "warm", init_from=source)
    taken, found = read_archive(source)[0], read_archive(run.directory.last)[0]

    for name in ("layer1.W", "layer1.b", "layer2.W", "layer2.b"):
        np.testing.assert_array_equal(found[name], taken[name])
    assert (run.progress.step, run.experiment.optimizer.t) == (1, 1)


def test_fewer_epochs_than_are_done_are_refused(tmp_path):
    mlptrain.fit(THIRTY, out=tmp_path / "run")
    before = outcome(tmp_path / "run")
    with pytest.raises(CheckpointError) as caught:
        mlptrain.fit(THIRTY, set={"train.epochs": 2}, resume=tmp_path / "run")
    assert caught.value.faults == (
        f"train.epochs: 2 now, but {tmp_path / 'run' / 'last.npz'} has done 3; steps cannot be undone: "
        "ask for 3 or more, or begin a new run",
    )
    assert outcome(tmp_path / "run") == before


def test_more_epochs_are_noted_where_they_make_the_rate_jump(tmp_path):
    """Cosine, 30 steps of 0.02: after step 30 the rate was 0.02 (1 + cos(pi 29/30)) / 2 = 5.5e-5.

    In a run of 60 steps it is half of the first one there.
    """
    mlptrain.fit(THIRTY, out=tmp_path / "run")
    run = prepare(THIRTY, {"train.epochs": 6}, resume=tmp_path / "run")
    run.directory.close()

    assert run.started == (
        "train.epochs 3 → 6 stretches the schedule cosine: the learning rate jumps from "
        "5.48e-05 to 0.01",
    )
    lines = (tmp_path / "run" / "config.yaml").read_text().splitlines()
    assert lines[0] == "# changed after step 30: train.epochs from 3 to 6"
    assert load_config(tmp_path / "run" / "config.yaml").train.epochs == 6


def test_a_constant_rate_does_not_jump(tmp_path):
    constant = changed(THIRTY, {"schedule": "constant"})
    mlptrain.fit(constant, out=tmp_path / "run")
    run = prepare(constant, {"train.epochs": 6}, resume=tmp_path / "run")
    run.directory.close()
    assert run.notes == []


def test_a_run_is_shown_on_one_line(tmp_path):
    run = prepare(THIRTY, out=tmp_path / "run")
    assert repr(run) == f"<Run {tmp_path / 'run'}: step 0 of 30>"
    for _ in run:
        pass
    best, epoch = run.progress.best, run.progress.best_epoch
    ended = f"completed: all 3 epochs done; best val_loss {best:.6g} at epoch {epoch}"
    assert repr(run) == f"<Run {tmp_path / 'run'}: {ended}>"


def test_the_package_lists_its_public_names():
    assert dir(mlptrain) == ["Model", "Run", "Value", "__version__", "fit", "load"]

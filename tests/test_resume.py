"""A run that stops and goes on is the run that never stopped, bit for bit; or it is refused.

The same at every step, for everything in `RESUMED`, is in tests/chaos/test_resume_everywhere.py.
"""

import json
import math
import shutil

import pytest
from helpers import changed
from runs import (
    RESUMED,
    THIRTY,
    abandoned_at,
    faults,
    finish,
    interrupted_at,
    invoke,
    outcome,
    records,
    timeless,
    write_config,
)
from tables import write

from mlptrain.errors import MLPTrainError, StorageError
from mlptrain.runs.fit import prepare
from mlptrain.runs.resume import changes_between
from mlptrain.runs.run import Run
from mlptrain.storage.archive import read_archive, write_archive
from mlptrain.storage.lock import is_held
from mlptrain.storage.run_directory import RunDirectory

pytestmark = pytest.mark.usefixtures("one_thread")

EVERY_STEP = {"train.checkpoint_every": {"steps": 1}}
EVERY_THIRD = {"train.checkpoint_every": {"steps": 3}}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The outcome of THIRTY with some changes, trained in one sitting; each is trained only once."""
    known = {}

    def outcome_of(changes):
        key = json.dumps(changes)
        if key not in known:
            path = tmp_path_factory.mktemp("whole") / "run"
            known[key] = finish(prepare(changed(THIRTY, changes), out=path))
        return known[key]

    return outcome_of


@pytest.fixture
def begin(tmp_path):
    """A new run of THIRTY with some changes."""

    def begin(changes=EVERY_STEP):
        return prepare(changed(THIRTY, changes), out=tmp_path / "run")

    return begin


# --- exact ---


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 10, 17], ids="after step {}".format)
@pytest.mark.parametrize("name", RESUMED)
def test_an_interrupted_run_ends_like_one_that_was_not(begin, uninterrupted, name, step):
    changes = RESUMED[name]

    assert finish(interrupted_at(begin(changes), step)) == uninterrupted(changes)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [(12, 15), (10, 20), (20, 21), (1, 2, 3), (30,), (29, 30)], ids=str)
def test_a_run_may_be_interrupted_again_and_again(begin, uninterrupted, steps):
    assert finish(interrupted_at(begin({}), *steps)) == uninterrupted({})


@pytest.mark.slow
@pytest.mark.parametrize("step", [3, 4, 5, 10, 11, 29])
def test_what_was_done_after_the_last_checkpoint_is_done_again(begin, uninterrupted, step):
    assert finish(abandoned_at(begin(EVERY_THIRD), step)) == uninterrupted(EVERY_THIRD)


def test_records_after_the_last_checkpoint_are_taken_back(begin):
    run = abandoned_at(begin(EVERY_THIRD), 5)

    assert [record["step"] for record in records(run.directory.path)] == []
    finish(run)
    assert [record["step"] for record in records(run.directory.path)] == [4, 8, 12, 16, 20, 24, 28, 30]


def test_patience_is_counted_over_all_sittings(begin):
    changes = RESUMED["early stopping"]
    whole = begin(changes)
    finish(whole)
    assert whole.summary["status"] == "early_stopped"
    shutil.rmtree(whole.directory.path)
    run = interrupted_at(begin(changes), whole.summary["steps"] - 1)
    finish(run)

    assert ended(run) == ended(whole)


def ended(run):
    """The summary without its timings."""
    return {**timeless(run.summary), "metrics": timeless(run.summary["metrics"])}


def test_an_interruption_at_the_step_that_ends_the_run_changes_nothing(begin, uninterrupted):
    changes = RESUMED["early stopping"]
    whole = begin(changes)
    finish(whole)
    shutil.rmtree(whole.directory.path)
    run = interrupted_at(begin(changes), whole.summary["steps"])

    assert finish(run) == uninterrupted(changes)
    assert ended(run) == ended(whole)


def test_a_run_that_was_stopped_early_stays_stopped(begin):
    run = begin(RESUMED["early stopping"])
    first = finish(run)
    again = prepare(None, resume=run.directory.path)

    assert finish(again) == first
    assert again.summary["status"] == "early_stopped"


def test_a_run_that_is_done_stays_as_it_is(begin):
    run = begin({})
    first = finish(run)
    again = prepare(None, resume=run.directory.path)

    assert finish(again) == first
    assert ended(again) == ended(run)


def test_time_is_counted_over_all_sittings(begin):
    run = interrupted_at(begin({}), 17)
    before = run.progress.seconds
    finish(run)

    assert before > 0
    assert run.summary["seconds"] > before


@pytest.mark.parametrize("part", ["restore_optimizer", "restore_network"])
def test_a_resume_that_forgets_something_ends_otherwise(begin, uninterrupted, monkeypatch, part):
    """The negative control: the comparison above would notice."""
    monkeypatch.setattr(f"mlptrain.training.checkpoint.{part}", lambda *arguments: None)

    assert finish(interrupted_at(begin({}), 17)) != uninterrupted({})


def test_a_resume_at_the_wrong_step_ends_otherwise(begin, uninterrupted):
    run = interrupted_at(begin({}), 17)
    run.progress.step += 1

    assert finish(run) != uninterrupted({})


# --- longer, with the same beginning ---


def test_a_run_may_get_more_epochs(begin, tmp_path):
    constant = {"schedule": "constant"}
    whole = finish(prepare(changed(THIRTY, constant), out=tmp_path / "whole"))
    finish(begin({**constant, "train.epochs": 2}))
    longer = prepare(changed(THIRTY, constant), resume=tmp_path / "run")
    after = finish(longer)
    parameters = [key for key in whole if key.startswith("last: layer")]

    assert len(parameters) == 4
    assert {key: after[key] for key in parameters} == {key: whole[key] for key in parameters}


# --- refused ---


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "value", "old", "new"),
    [
        ("seed", 6, 5, 6),
        ("data.val", 0.1, 0.2, 0.1),
        ("data.scale", "minmax", "'standard'", "'minmax'"),
        ("data.train.noise", 0.3, 0.1, 0.3),
        ("model.hidden", [7], "[6]", "[7]"),
        ("model.dropout", 0.5, 0.0, 0.5),
        ("regularization.l2", 0.1, 0.0, 0.1),
        ("optimizer.learning_rate", 0.03, 0.02, 0.03),
        ("train.batch_size", 4, 8, 4),
        ("train.monitor", "val_accuracy", "'val_loss'", "'val_accuracy'"),
        ("train.clip_norm", 1.0, None, 1.0),
    ],
)
def test_a_changed_key_is_refused_by_name(begin, tmp_path, key, value, old, new):
    run = interrupted_at(begin({}), 17)
    run.directory.close()
    config = write_config(tmp_path / "new.yaml", changed(THIRTY, {key: value}))
    result = invoke("fit", config, "--resume", run.directory.path)

    assert result.exit_code == 5
    assert faults(result) == [
        f"{key}: {old} in {run.directory.last}, {new} now; a resumed run cannot change it"
    ]


def test_every_changed_key_has_its_line(begin, tmp_path):
    run = interrupted_at(begin({}), 17)
    run.directory.close()
    config = write_config(tmp_path / "new.yaml", THIRTY)
    settings = ["--set", "seed=6", "--set", "optimizer={name: sgd, learning_rate: 0.02}"]
    result = invoke("fit", config, *settings, "--resume", run.directory.path)

    assert result.exit_code == 5
    named = [line.split(": ")[0] for line in faults(result)]
    assert named[:2] == ["seed", "optimizer.name"]


def test_a_refused_resume_changes_nothing(begin, tmp_path):
    run = interrupted_at(begin({}), 17)
    run.directory.close()
    before = {path.name: path.read_bytes() for path in run.directory.path.iterdir()}
    config = write_config(tmp_path / "new.yaml", changed(THIRTY, {"seed": 6}))
    invoke("fit", config, "--resume", run.directory.path)
    after = {path.name: path.read_bytes() for path in run.directory.path.iterdir()}

    assert after == before


@pytest.mark.parametrize(
    "setting",
    ["train.epochs=4", "train.checkpoint_every={steps: 2}", "train.nonfinite=skip"],
)
def test_what_leaves_the_steps_as_they_are_may_change(begin, tmp_path, setting):
    run = interrupted_at(begin({}), 17)
    run.directory.close()
    config = write_config(tmp_path / "new.yaml", THIRTY)
    result = invoke("fit", config, "--set", setting, "--resume", run.directory.path)

    assert result.exit_code == 0, result.stderr
    key, value = setting.removeprefix("train.").split("=")
    assert f"  {key}: {value}\n" in run.directory.config.read_text()


def test_the_same_config_may_be_named(begin, tmp_path, uninterrupted):
    run = interrupted_at(begin({}), 17)
    run.directory.close()
    config = write_config(tmp_path / "same.yaml", THIRTY)
    result = invoke("fit", config, "--resume", run.directory.path)

    assert result.exit_code == 0, result.stderr
    assert outcome(run.directory.path) == uninterrupted({})


def test_changed_data_are_refused(tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("a,b,y\n" + "1,2,p\n3,4,q\n5,7,p\n" * 10)
    config = changed(THIRTY, {"data.train": str(table)})
    run = interrupted_at(prepare(config, out=tmp_path / "run"), 5)
    run.directory.close()
    table.write_text("a,b,y\n" + "1,2,p\n3,4,q\n5,8,p\n" * 10)
    result = invoke("fit", "--resume", run.directory.path)

    assert result.exit_code == 5
    assert faults(result) == [
        f"{table}: has changed since {run.directory.last} was written; a run goes on with the same "
        "data only: put the file back, or begin a new run with --init-from"
    ]


def test_data_that_are_gone_end_with_3(tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("a,b,y\n" + "1,2,p\n3,4,q\n5,7,p\n" * 10)
    config = changed(THIRTY, {"data.train": str(table)})
    run = interrupted_at(prepare(config, out=tmp_path / "run"), 5)
    run.directory.close()
    table.unlink()

    assert invoke("fit", "--resume", run.directory.path).exit_code == 3


def test_a_run_without_a_checkpoint_cannot_go_on(begin):
    run = begin(EVERY_THIRD)
    run.directory.close()
    result = invoke("fit", "--resume", run.directory.path)

    assert result.exit_code == 5
    assert faults(result) == [
        f"{run.directory.path}: holds no checkpoint to resume from; begin a new run"
    ]


# --- broken files ---


def test_the_checkpoint_before_is_taken_where_the_last_is_broken(begin, uninterrupted):
    run = abandoned_at(begin(), 17)
    run.directory.close()
    directory = run.directory
    directory.last.write_bytes(directory.last.read_bytes()[:-100])
    result = invoke("fit", "--resume", directory.path, "--quiet")

    assert result.exit_code == 0
    assert f"note: {directory.last}: set aside as last.npz.corrupt\n" in result.stderr
    assert f"note: {directory.previous}: used instead of last.npz\n" in result.stderr
    assert outcome(directory.path) == uninterrupted(EVERY_STEP)
    assert (directory.path / "last.npz.corrupt").exists()


@pytest.mark.parametrize("changes", [{}, {"train.average": {"ema": 0.9}}], ids=["weights", "averages"])
def test_the_best_checkpoint_is_taken_where_both_are_broken(begin, uninterrupted, changes):
    changes = {**EVERY_STEP, **changes}
    run = abandoned_at(begin(changes), 17)
    run.directory.close()
    for path in (run.directory.last, run.directory.previous):
        path.write_bytes(b"")
    result = invoke("fit", "--resume", run.directory.path)

    assert result.exit_code == 0
    assert f"note: {run.directory.best}: used instead of last.npz\n" in result.stderr
    assert outcome(run.directory.path) == uninterrupted(changes)


def with_other_meaning(path, change):
    """The checkpoint with something else in its document, sealed."""
    arrays, document = read_archive(path)
    change(document)
    write_archive(path, arrays, document)


def swap_classes(document):
    for names in (document["classes"], document["preprocessing"]["target"]["classes"]):
        names.reverse()


def rename_feature(document):
    document["features"][0] = "height"


def scale_otherwise(document):
    document["preprocessing"]["columns"][0]["center"] += 0.5


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (swap_classes, ["classes[0]: '1' in {0}, '0' now", "classes[1]: '0' in {0}, '1' now"]),
        (rename_feature, ["features[0]: 'height' in {0}, 'x0' now"]),
        (scale_otherwise, ["preprocessing.columns.'x0'.center: "]),
    ],
)
def test_a_checkpoint_whose_numbers_mean_something_else_is_refused_by_name(begin, change, expected):
    run = abandoned_at(begin(), 17)
    run.directory.close()
    with_other_meaning(run.directory.last, change)
    before = run.directory.last.read_bytes()
    result = invoke("fit", "--resume", run.directory.path)

    assert result.exit_code == 5
    lines = faults(result)
    for line, words in zip(lines, expected, strict=False):
        assert line.startswith(words.format(run.directory.last))
    assert lines[-1].endswith("or begin a new run with --init-from")
    assert run.directory.last.read_bytes() == before


def test_a_sum_that_differs_in_its_last_digit_is_no_other_meaning(begin):
    run = abandoned_at(begin(), 17)
    run.directory.close()

    def add_up_otherwise(document):
        column = document["preprocessing"]["columns"][0]
        column["center"] = math.nextafter(column["center"], math.inf)

    with_other_meaning(run.directory.last, add_up_otherwise)
    assert invoke("fit", "--resume", run.directory.path).exit_code == 0


def test_a_checkpoint_from_before_durations_could_be_declared_goes_on(begin, tmp_path):
    path = write(tmp_path / "t.csv", ["x0", "y"], [[f"{i} kg", i % 2] for i in range(60)])
    where = {"data.train": str(path), "data.target": "y", "data.columns": {"x0": {"unit": "kg"}}}
    run = abandoned_at(begin({**where, **EVERY_STEP}), 5)
    run.directory.close()

    def as_before(document):
        assert document["preprocessing"]["reading"]["columns"]["x0"].pop("duration") is None

    with_other_meaning(run.directory.last, as_before)
    assert invoke("fit", "--resume", run.directory.path).exit_code == 0


def test_metrics_that_lost_records_are_refused(begin):
    run = abandoned_at(begin(), 17)
    run.directory.close()
    run.directory.metrics.write_text("")
    result = invoke("fit", "--resume", run.directory.path)

    assert result.exit_code == 5
    assert "put it back, or begin a new run with --init-from" in faults(result)[0]


# --- a warm start ---


def parameters(path):
    arrays, document = read_archive(path)
    return {name: array for name, array in arrays.items() if name.startswith("layer")}, document


def test_a_resume_that_is_refused_leaves_the_run_to_the_next_who_asks(tmp_path):
    finish(prepare(changed(THIRTY, {"train.epochs": 1}), out=tmp_path / "run"))
    with pytest.raises(MLPTrainError) as refused:  # whose traceback holds all that was opened
        Run.resumed(tmp_path / "run", overrides=["model.hidden=[3]", "train.batch_size=4"])

    again = Run.resumed(tmp_path / "run")
    again.directory.close()
    keys = [fault.split(":")[0] for fault in refused.value.faults]
    assert keys == ["model.hidden", "train.batch_size"]
    assert again.progress.step == 10


def test_test_rows_are_measured_with_the_best_parameters_and_not_with_the_last(tmp_path):
    changes = {"data.test": 0.3, "optimizer.learning_rate": 1.0, "schedule": "constant"}
    finish(prepare(changed(THIRTY, changes), out=tmp_path / "run"))
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    best, last = (
        invoke("eval", tmp_path / "run" / f"{name}.npz", "--json").stdout for name in ("best", "last")
    )

    assert summary["best_epoch"] < 3
    assert summary["test"]["loss"] == json.loads(best)["loss"] != json.loads(last)["loss"]


def test_a_key_that_only_one_of_two_configs_has_is_a_change():
    old, new = {"a": {"b": 1, "c": 2}}, {"a": {"b": 1}, "d": 3}

    assert list(changes_between(old, new)) == [("a.c", 2, None), ("d", None, 3)]


def test_a_run_that_cannot_begin_leaves_its_directory_to_the_next_who_asks(tmp_path, monkeypatch):
    def full(directory, text):
        raise StorageError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(RunDirectory, "write_config", full)
        with pytest.raises(StorageError) as refused:  # whose traceback holds all that was opened
            prepare(THIRTY, out=tmp_path / "run")

    assert not is_held(tmp_path / "run")
    assert "no space" in str(refused.value)

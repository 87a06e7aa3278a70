"""Beginning a run and going on with it: moved data, other directories, more epochs, `--resume auto`."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from helpers import changed
from runs import (
    THIRTY,
    abandoned_at,
    faults,
    finish,
    interrupted_at,
    invoke,
    outcome,
    records,
    write_config,
)

from mlptrain import fit
from mlptrain.runs.fit import prepare, prepare_folds
from mlptrain.storage.archive import read_archive
from mlptrain.storage.run_directory import make_numbered

pytestmark = pytest.mark.usefixtures("one_thread")

ROWS = "a,b,y\n" + "".join(f"{i % 7},{i * 37 % 11},{'pq'[i * 5 % 3 == 1]}\n" for i in range(60))
CONSTANT = changed(THIRTY, {"schedule": "constant"})


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with a table in a folder of its own, named by a relative path."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "rows.csv").write_text(ROWS)
    data = {"train": "d/rows.csv", "val": 0.2, "test": 0.2}
    write_config(tmp_path / "table.yaml", changed(THIRTY, {"data": data}))
    return tmp_path


# --- a directory for each run ---


@pytest.mark.slow
def test_runs_that_begin_at_once_get_directories_of_their_own(tmp_path):
    """Eight threads at a time, forty runs: nobody gets what somebody else has made."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make_numbered(tmp_path / "runs" / "x"), range(40)))

    numbers = ["x", *(f"x-{number}" for number in range(2, 41))]
    assert sorted(path.name for path in made) == sorted(numbers)


@pytest.mark.slow
def test_runs_and_folds_that_are_ready_at_once_do_not_meet(here):
    ready = [prepare("table.yaml") for _ in range(3)]
    several = [prepare_folds("table.yaml", 2) for _ in range(2)]
    for folds in several:
        for _, run in folds:
            finish(run)
    for run in ready:
        finish(run)

    places = [run.directory.path for run in ready] + [folds.directory for folds in several]
    assert len(set(places)) == 5
    assert len(list((here / "runs").iterdir())) == 5


def test_a_config_that_cannot_run_leaves_no_directory(here):
    assert invoke("fit", "table.yaml", "--set", "data.train=d/none.csv").exit_code == 3
    assert not (here / "runs").exists()


# --- moved data ---


@pytest.mark.slow
def test_a_moved_file_is_the_same_file(here):
    interrupted_at(prepare("table.yaml", out="run"), 5).directory.close()
    expected = finish(prepare("table.yaml", out="whole"))
    (here / "d").rename(here / "moved")
    refused = invoke("fit", "--resume", "run")

    assert refused.exit_code == 3
    assert faults(refused) == [
        f"d/rows.csv: no such file, nor {here}/d/rows.csv; if it was moved, "
        "mlptrain fit --resume run --set data.train=FILE keeps its new place"
    ]
    assert invoke("fit", "--resume", "run", "--set", "data.train=moved/rows.csv").exit_code == 0
    assert outcome(here / "run") == expected
    assert "train: moved/rows.csv\n" in (here / "run" / "config.yaml").read_text()


@pytest.mark.slow
def test_the_new_place_is_kept_for_a_finished_run_and_all_that_read_it(here):
    pytest.importorskip("matplotlib", reason="a report draws")
    finish(prepare("table.yaml", out="run"))
    before = json.loads(invoke("eval", "run", "--json").stdout)
    (here / "d").rename(here / "moved")
    assert invoke("eval", "run").exit_code == 3
    assert invoke("fit", "--resume", "run", "--set", "data.train=moved/rows.csv").exit_code == 0

    assert json.loads(invoke("eval", "run", "--json").stdout) == before
    assert invoke("report", "run").exit_code == 0
    (here / "moved").rename(here / "d")
    assert invoke("fit", "--resume", "run").exit_code == 0
    assert json.loads(invoke("eval", "run", "--json").stdout) == before


@pytest.mark.parametrize("key", ["train", "val"])
def test_another_content_at_a_new_place_is_refused(here, key):
    (here / "val.csv").write_text(ROWS)
    interrupted_at(prepare("table.yaml", {"data.val": "val.csv"}, out="run"), 5).directory.close()
    (here / "other.csv").write_text(ROWS + "1,1,p\n")
    result = invoke("fit", "--resume", "run", "--set", f"data.{key}=other.csv")

    assert result.exit_code == 5
    assert faults(result)[0].startswith("other.csv: has changed since run/last.npz was written")


def test_files_that_change_places_are_not_the_same(here):
    """Both contents are known, but training rows may not become validation rows."""
    (here / "val.csv").write_text(ROWS + "1,1,p\n")
    interrupted_at(prepare("table.yaml", {"data.val": "val.csv"}, out="run"), 5).directory.close()
    exchanged = ["--set", "data.train=val.csv", "--set", "data.val=d/rows.csv"]

    assert invoke("fit", "--resume", "run", *exchanged).exit_code == 5


def test_labels_that_were_moved_are_found_as_well(tmp_path, rng):
    X, y = rng.normal(size=(60, 2)), np.arange(60) % 2
    for place in ("old", "new"):
        (tmp_path / place).mkdir()
        np.save(tmp_path / place / "x.npy", X)
        np.save(tmp_path / place / "labels.npy", y)
    old, new = (
        {"data.train": f"{tmp_path}/{each}/x.npy", "data.target": f"{tmp_path}/{each}/labels.npy"}
        for each in ("old", "new")
    )
    interrupted_at(prepare(changed(THIRTY, old), out=tmp_path / "run"), 5).directory.close()
    shutil.rmtree(tmp_path / "old")

    run = prepare(changed(THIRTY, new), resume=tmp_path / "run")
    assert run.progress.step == 5
    finish(run)


def test_a_target_column_is_no_file(here):
    interrupted_at(prepare("table.yaml", {"data.target": "y"}, out="run"), 5).directory.close()
    result = invoke("fit", "--resume", "run", "--set", "data.target=a")

    assert result.exit_code == 5
    assert "data.target: 'y' in run/last.npz, 'a' now" in faults(result)[0]


@pytest.mark.slow
def test_a_run_is_found_from_any_directory(here, monkeypatch, tmp_path_factory):
    pytest.importorskip("matplotlib", reason="a report draws")
    interrupted_at(prepare("table.yaml", out="run"), 5).directory.close()
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    run = here / "run"

    assert invoke("fit", "--resume", run).exit_code == 0
    for command in (["eval", run], ["report", run], ["show", run], ["fit", "--resume", run]):
        result = invoke(*command)
        assert result.exit_code == 0, result.stderr


def test_of_two_files_of_a_name_the_one_with_the_content_is_taken(here, monkeypatch, tmp_path_factory):
    finish(prepare("table.yaml", out="run"))
    before = invoke("eval", "run", "--json")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "d").mkdir()
    (elsewhere / "d" / "rows.csv").write_text(ROWS + "1,1,p\n")
    monkeypatch.chdir(elsewhere)
    result = invoke("eval", here / "run", "--json")

    assert result.stderr == before.stderr
    assert json.loads(result.stdout)["loss"] == json.loads(before.stdout)["loss"]


# --- a run that had hardly begun ---


def test_a_run_that_is_killed_in_its_first_step_can_be_resumed(tmp_path):
    expected = finish(prepare(THIRTY, out=tmp_path / "whole"))
    run = abandoned_at(prepare(THIRTY, out=tmp_path / "run"), 1)

    assert run.progress.step == 0
    assert finish(run) == expected


def test_auto_goes_on_with_what_was_killed_before_its_first_evaluation(tmp_path):
    """Its config is all that was written, but for the checkpoint of step 0."""
    expected = finish(prepare(THIRTY, out=tmp_path / "whole"))
    abandoned_at(prepare(THIRTY, out=tmp_path / "run"), 1).directory.close()
    run = prepare(THIRTY, out=tmp_path / "run", resume="auto")

    assert finish(run) == expected


def test_the_newest_of_two_checkpoints_is_taken_where_the_last_is_broken(tmp_path):
    """The one before the last is then of step 0, and best.npz of step 30 or near it."""
    run = prepare(THIRTY, out=tmp_path / "run")
    expected = finish(run)
    run.directory.last.write_bytes(b"")
    assert read_archive(run.directory.previous)[1]["progress"]["step"] == 0
    resumed = prepare(None, resume=tmp_path / "run")

    assert resumed.progress.step == read_archive(run.directory.best)[1]["progress"]["step"] > 0
    assert finish(resumed) == expected


# --- begin or go on ---


def test_auto_begins_goes_on_and_is_done(tmp_path):
    config, run = write_config(tmp_path / "thirty.yaml", THIRTY), tmp_path / "run"
    expected = finish(prepare(THIRTY, out=tmp_path / "whole"))
    words = ["fit", config, "--out", run, "--resume", "auto"]
    interrupted_at(prepare(THIRTY, out=run, resume="auto"), 7).directory.close()
    resumed, again = invoke(*words), invoke(*words)

    assert (resumed.exit_code, again.exit_code) == (0, 0)
    assert resumed.stdout.startswith("completed: all 3 epochs done\n")
    assert again.stdout.startswith("already finished: all 3 epochs done\n")
    assert again.stderr == ""
    assert outcome(run) == expected


def test_auto_begins_again_what_was_killed_before_its_first_checkpoint(tmp_path):
    run = prepare(THIRTY, out=tmp_path / "run")
    run.directory.close()
    assert [path.name for path in (tmp_path / "run").glob("[!.]*")] == ["config.yaml"]

    assert fit(THIRTY, out=tmp_path / "run", resume="auto").summary["status"] == "completed"


def test_auto_replaces_nothing_else(tmp_path):
    """A config.yaml of somebody's own is no run that has just begun; nor are the metrics of a run."""
    config, place = write_config(tmp_path / "thirty.yaml", THIRTY), tmp_path / "place"
    place.mkdir()
    (place / "config.yaml").write_text("mine")
    assert invoke("fit", config, "--out", place, "--resume", "auto").exit_code == 2
    assert invoke("fit", config, "--out", place, "--resume", "auto").exit_code == 2
    assert (place / "config.yaml").read_text() == "mine"

    fit(THIRTY, out=tmp_path / "run")
    for checkpoint in (tmp_path / "run").glob("*.npz"):
        checkpoint.unlink()
    assert invoke("fit", config, "--out", tmp_path / "run", "--resume", "auto").exit_code == 2
    assert len(records(tmp_path / "run")) == 8


def test_auto_goes_on_with_folds(here):
    words = ["fit", "table.yaml", "--folds", 3, "--out", "five", "--resume", "auto"]
    first = invoke(*words, "--quiet")
    (here / "five" / "folds.json").unlink()
    shutil.rmtree(here / "five" / "fold-3")
    second = invoke(*words, "--quiet")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout == second.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--resume", "auto"], "to begin where there is none: --out DIR --resume auto"),
        (["--resume", "auto", "--out", "x", "--force"], "--resume auto never replaces a run"),
        (["--resume", "run", "--out", "x"], "to start or resume a run: --out DIR --resume auto"),
    ],
)
def test_what_auto_needs_is_said(here, words, said):
    result = invoke("fit", "table.yaml", *words)

    assert result.exit_code == 2
    assert said in faults(result)[0]


def test_auto_of_a_changed_config_is_refused_key_by_key(tmp_path):
    fit(THIRTY, out=tmp_path / "run")
    config = write_config(tmp_path / "other.yaml", changed(THIRTY, {"seed": 8}))
    result = invoke("fit", config, "--out", tmp_path / "run", "--resume", "auto")

    assert result.exit_code == 5
    assert faults(result)[0].startswith("seed: 5 in ")


# --- further than the end ---


def test_a_finished_run_gets_more_epochs_by_name(tmp_path):
    expected = finish(prepare(CONSTANT, out=tmp_path / "whole"))
    fit(CONSTANT, out=tmp_path / "run", set={"train.epochs": 2})
    result = invoke("fit", "--resume", tmp_path / "run", "--set", "train.epochs=3")

    assert result.exit_code == 0
    assert "note:" not in result.stderr
    longer = outcome(tmp_path / "run")
    assert {key: longer[key] for key in longer if key.startswith("last: layer")} == {
        key: expected[key] for key in expected if key.startswith("last: layer")
    }


def test_a_schedule_that_is_stretched_says_how_the_rate_jumps(tmp_path):
    """Cosine at its last step, 29 of 30: (1 + cos(29π/30)) / 2 = 0.0027; at step 30 of 40: 0.1464."""
    fit(THIRTY, out=tmp_path / "run")
    result = invoke("fit", "--resume", tmp_path / "run", "--set", "train.epochs=4")

    assert result.exit_code == 0
    assert (
        "note: train.epochs 3 → 4 stretches the schedule cosine: the learning rate jumps from "
        "5.48e-05 to 0.00293\n"
    ) in result.stderr


def test_a_config_yaml_that_was_edited_is_not_read_and_the_note_says_how_to_change_it(tmp_path):
    run = tmp_path / "run"
    finish(prepare(CONSTANT, out=run))
    written = (run / "config.yaml").read_text()
    edited = written.replace("epochs: 3", "epochs: 5")
    (run / "config.yaml").write_text(edited)
    resumed = prepare(None, resume=run)
    assert resumed.notes == [
        f"{run}/config.yaml: differs from {run}/last.npz, with whose config the run goes on; "
        "to change that: --set train.epochs=5"
    ]
    assert resumed.started == tuple(resumed.notes)
    resumed.directory.close()

    assert (run / "config.yaml").read_text() == written
    (run / "config.yaml").write_text(edited)  # a sitting that was killed before it saved leaves it so
    assert prepare(None, ["train.epochs=5"], resume=run).notes == []


def test_a_config_yaml_that_is_none_any_more_is_no_obstacle(tmp_path):
    run = tmp_path / "run"
    finish(prepare(CONSTANT, out=run))
    (run / "config.yaml").write_text("data: [\n")

    assert prepare(None, resume=run).notes == [
        f"{run}/config.yaml: is no config any more; the run goes on with the one in {run}/last.npz"
    ]


def test_fewer_epochs_than_are_done_are_refused(tmp_path):
    fit(THIRTY, out=tmp_path / "run")
    result = invoke("fit", "--resume", tmp_path / "run", "--set", "train.epochs=2")

    assert result.exit_code == 5
    assert faults(result) == [
        f"train.epochs: 2 now, but {tmp_path}/run/last.npz has done 3; steps cannot be undone: "
        "ask for 3 or more, or begin a new run"
    ]
    assert "  epochs: 3\n" in (tmp_path / "run" / "config.yaml").read_text()


STOPPED = changed(CONSTANT, {"train.early_stopping": {"patience": 2, "min_delta": 0.1}})


@pytest.mark.parametrize("change", ["train.early_stopping.patience=4", "train.early_stopping=null"])
def test_a_run_that_was_stopped_goes_on_with_more_patience(tmp_path, change):
    """As if it had had the patience from the beginning."""
    key, value = change.split("=")
    patient = {key: None if value == "null" else int(value)}
    whole = fit(STOPPED, out=tmp_path / "whole", set=patient)
    first = fit(STOPPED, out=tmp_path / "run")
    assert first.summary["status"] == "early_stopped"
    assert first.summary["steps"] < whole.summary["steps"]
    result = invoke("fit", "--resume", tmp_path / "run", "--set", change)

    assert result.exit_code == 0, result.stderr
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


def test_more_epochs_do_not_help_a_run_that_was_stopped(tmp_path):
    fit(STOPPED, out=tmp_path / "run")
    result = invoke("fit", "--resume", tmp_path / "run", "--set", "train.epochs=9")

    assert result.exit_code == 0
    assert result.stdout.startswith("already finished: ")
    assert result.stderr == (
        "note: the run was stopped early, so more epochs change nothing: to go on, raise "
        "train.early_stopping.patience above 2, or set train.early_stopping=null\n"
    )


# --- which checkpoint ---


def test_a_run_without_a_best_checkpoint_says_why_and_what_to_name(here):
    (here / "val.csv").write_text("a,b,y\n" + "1,2,p\n2,1,p\n" * 5)
    settings = {"data.val": "val.csv", "train.monitor": "val_roc_auc"}
    run = prepare("table.yaml", settings, out="run")
    finish_without_best(run)
    for words in (["eval", "run"], ["predict", "run", "d/rows.csv"]):
        result = invoke(*words)
        assert result.exit_code == 5
        assert faults(result) == [
            "run: has no best.npz: train.monitor was not a finite number in any evaluation; "
            "for the parameters of its last step name run/last.npz"
        ]
    assert invoke("eval", "run/last.npz").exit_code == 0
    assert invoke("predict", "run/last.npz", "d/rows.csv").exit_code == 0


def finish_without_best(run):
    for _ in run:
        pass


def test_a_run_that_was_not_evaluated_yet_says_so(tmp_path):
    interrupted_at(prepare(THIRTY, out=tmp_path / "run"), 2).directory.close()
    result = invoke("eval", tmp_path / "run")

    assert result.exit_code == 5
    assert "has no best.npz: it has not been evaluated yet" in faults(result)[0]
    assert invoke("eval", tmp_path / "run" / "last.npz").exit_code == 0


@pytest.mark.parametrize("command", ["eval", "show", "plot"])
def test_a_directory_of_runs_lists_them(here, command):
    for name in ("one", "two"):
        fit("table.yaml", out=here / "runs" / name)
    result = invoke(command, "runs")

    assert result.exit_code == 2
    (line,) = faults(result)
    assert line.startswith("runs: holds 2 runs: name one of them, here with the newest first: runs/")
    assert {"runs/one", "runs/two"} == set(line.rpartition("first: ")[2].split(", "))


def test_a_directory_without_a_run_is_called_that(tmp_path):
    assert invoke("eval", tmp_path).exit_code == 2
    assert faults(invoke("eval", tmp_path)) == [
        f"{tmp_path}: holds no run; name the directory that `fit` wrote"
    ]


def test_the_hint_to_go_on_can_be_pasted(here):
    run = prepare("table.yaml", out="a run; rm it")
    with pytest.raises(KeyboardInterrupt) as error:
        interrupt(run)
    assert str(error.value).endswith("resume it with mlptrain fit --resume 'a run; rm it'")


def interrupt(run):
    import signal

    for _ in run:
        signal.raise_signal(signal.SIGINT)

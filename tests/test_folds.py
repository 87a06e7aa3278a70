"""k-fold cross-validation: every row is held out once, and what comes of it is kept."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from helpers import partition_of
from runs import faults, invoke, train_and_signal, write_config
from sklearn import metrics
from tables import column, read, write

from mlptrain.data import split
from mlptrain.data.settings import Fold
from mlptrain.errors import ConfigError, Interrupted
from mlptrain.runs.fit import prepare_folds
from mlptrain.runs.fold_results import spread
from mlptrain.storage.lock import LOCK
from mlptrain.storage.run_directory import RunDirectory

ROWS = [[i, (i * 37 % 11) / 10, (i * 17 % 7) / 3, "abc"[i % 3], i / 4 - 3] for i in range(45)]
HEADER = ["id", "u", "v", "letter", "size"]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folds")
    table = write(folder / "rows.csv", HEADER, ROWS)
    data = {"train": str(table), "target": "letter", "ignore": ["id", "size"], "val": 0.2, "test": 0.3}
    settings = {"data": data, "model": {"hidden": [5]}, "train": {"epochs": 3}}
    return write_config(folder / "config.yaml", settings)


@pytest.fixture(scope="module")
def folds(config: Path) -> Path:
    out = config.parent / "run"
    result = invoke("fit", config, "--folds", 4, "--out", out, "--quiet")
    assert result.exit_code == 0, result.stderr
    return out


def hold_out(*arguments, **settings):
    return partition_of(split.hold_out(*arguments, **settings))


def test_every_row_is_held_out_exactly_once():
    parts = [hold_out(23, Fold(i, 5), val=0.2, seed=1) for i in range(1, 6)]
    assert sorted(np.concatenate([part.test for part in parts])) == list(range(23))
    assert {len(part.test) for part in parts} == {4, 5}
    for part in parts:
        assert sorted(np.concatenate(part)) == list(range(23))


def test_folds_hold_every_class_in_its_proportion():
    classes = np.repeat([0, 1, 2], [20, 11, 4])
    for i in range(1, 5):
        part = hold_out(35, Fold(i, 4), val=0.0, seed=3, classes=classes)
        counts = np.bincount(classes[part.test], minlength=3)
        assert counts[0] == 5
        assert counts[1] in (2, 3)
        assert counts[2] == 1


def test_folds_depend_on_the_seed_alone():
    first, again, other = (hold_out(50, Fold(1, 5), val=0.1, seed=seed) for seed in (0, 0, 1))
    assert first.test.tolist() == again.test.tolist() != other.test.tolist()


def test_more_folds_than_rows_are_refused():
    with pytest.raises(ConfigError, match="11 folds of 10 rows"):
        hold_out(10, Fold(1, 11), val=0.0, seed=0)


def test_a_class_of_one_row_is_refused_before_the_first_step(config, tmp_path):
    write(tmp_path / "rows.csv", HEADER, [*ROWS, [45, 1, 1, "z", 1]])
    out = tmp_path / "run"
    train = f"data.train={tmp_path}/rows.csv"
    result = invoke("fit", config, "--folds", 3, "--out", out, "--quiet", "--set", train)
    assert result.exit_code == 3
    assert faults(result) == [
        f"{tmp_path}/rows.csv:47: letter: 'z' is the only row of its class",
        f"{tmp_path}/rows.csv: 1 such value in all: folds need two rows of each class: "
        "delete them, or add rows",
    ]


def test_each_fold_is_a_run_of_its_own(folds):
    assert names_in(folds) == [
        *(f"fold-{number}" for number in range(1, 5)), "folds.json", "out_of_fold.csv",
    ]  # fmt: skip
    for number in range(1, 5):
        assert (folds / f"fold-{number}" / "best.npz").exists()


def test_eval_of_a_fold_is_on_the_rows_that_it_held_out(folds):
    summary = json.loads((folds / "folds.json").read_text())
    for number, expected in enumerate(summary["metrics"]["log_loss"]["values"], 1):
        found = json.loads(invoke("eval", folds / f"fold-{number}", "--json").stdout)
        assert found["split"] == "test"
        assert found["log_loss"] == expected


def test_mean_and_deviation_are_those_of_the_folds(folds):
    summary = json.loads((folds / "folds.json").read_text())
    for found in summary["metrics"].values():
        assert found["mean"] == pytest.approx(np.mean(found["values"]), rel=1e-12)
        assert found["std"] == pytest.approx(np.std(found["values"], ddof=1), rel=1e-12)


def test_a_metric_that_a_fold_does_not_define_leaves_the_others():
    table = spread([{"roc_auc": None}, {"roc_auc": 0.5}, {"roc_auc": 0.7}])
    assert table["roc_auc"]["mean"] == pytest.approx(0.6)
    assert table["roc_auc"]["values"] == [None, 0.5, 0.7]


def test_predictions_out_of_fold_stand_in_the_order_of_the_file(folds):
    out = folds / "out_of_fold.csv"
    assert column(out, "row") == [str(i) for i in range(1, 46)]
    assert column(out, "letter") == [row[3] for row in ROWS]
    assert set(column(out, "fold")) == set("1234")


def test_predictions_out_of_fold_give_the_metrics_of_each_fold(folds):
    header, rows = read(folds / "out_of_fold.csv")
    assert header == ["row", "fold", "letter", "predicted_letter", "proba_a", "proba_b", "proba_c"]
    summary = json.loads((folds / "folds.json").read_text())
    for number in range(4):
        mine = [row for row in rows if row[1] == str(number + 1)]
        truth, predicted = [row[2] for row in mine], [row[3] for row in mine]
        p = np.array([row[4:] for row in mine], float)
        accuracy = summary["metrics"]["accuracy"]["values"][number]
        loss = summary["metrics"]["log_loss"]["values"][number]
        assert accuracy == pytest.approx(metrics.accuracy_score(truth, predicted), rel=1e-9)
        assert loss == pytest.approx(metrics.log_loss(truth, p), rel=1e-9)


def test_the_truth_of_a_regression_keeps_every_digit(config, tmp_path):
    sets = ["--set", "data.target=size", "--set", "data.ignore=[id, letter]", "--set", "loss=mae"]
    result = invoke("fit", config, "--folds", 3, "--out", tmp_path / "r", "--json", *sets)
    header, rows = read(tmp_path / "r" / "out_of_fold.csv")
    assert header == ["row", "fold", "size", "predicted_size"]
    assert [float(row[2]) for row in rows] == [row[4] for row in ROWS]
    assert json.loads(result.stdout) == json.loads((tmp_path / "r" / "folds.json").read_text())


def test_twice_the_same_folds_give_the_same_predictions(config, folds, tmp_path):
    invoke("fit", config, "--folds", 4, "--out", tmp_path / "again", "--quiet")
    again = (tmp_path / "again" / "out_of_fold.csv").read_bytes()
    assert again == (folds / "out_of_fold.csv").read_bytes()


def test_the_test_part_of_the_config_is_set_aside(folds):
    saved = (folds / "fold-2" / "config.yaml").read_text()
    assert "test: null" in saved
    assert "fold: {number: 2, of: 4, holds: test}" in saved


def test_folds_are_not_replaced_without_force(config, folds):
    result = invoke("fit", config, "--folds", 4, "--out", folds)
    assert result.exit_code == 2
    assert faults(result)[0].startswith(f"{folds}: holds a run (folds.json)")


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_single_run_does_not_move_in_with_folds(config, folds, tmp_path, force):
    shutil.copytree(folds, tmp_path / "several")
    (tmp_path / "several" / "folds.json").unlink()
    result = invoke("fit", config, "--out", tmp_path / "several", *force)
    assert result.exit_code == 2
    assert faults(result) == [
        f"{tmp_path}/several: holds the runs of several folds (fold-1 … fold-4); "
        "choose another --out, or delete them"
    ]


# --- the directory of several runs ---


@pytest.mark.parametrize(
    "command",
    [
        ["fit", "--resume", "RUN"],
        ["fit", "config.yaml", "--init-from", "RUN"],
    ],
    ids=" ".join,
)
def test_a_command_for_one_run_says_which_runs_there_are(folds, command):
    words = {"RUN": str(folds), "config.yaml": str(folds / "fold-1" / "config.yaml")}
    result = invoke(*(words.get(word, word) for word in command))
    assert result.exit_code == 2
    (fault,) = faults(result)
    assert fault.startswith(
        f"{folds}: holds the runs of several folds (fold-1 … fold-4): "
        f"name one of them, such as {folds}/fold-1"
    )


def copied(folds, tmp_path):
    return shutil.copytree(folds, tmp_path / "run")


def test_force_leaves_no_fold_of_the_run_before(config, folds, tmp_path):
    out = copied(folds, tmp_path)
    assert invoke("fit", config, "--folds", 2, "--out", out, "--force", "--quiet").exit_code == 0
    assert names_in(out) == ["fold-1", "fold-2", "folds.json", "out_of_fold.csv"]


def names_in(path):
    return sorted(each.name for each in path.iterdir() if each.name != LOCK)


def test_force_removes_files_of_a_run_and_nothing_else(config, folds, tmp_path):
    out = copied(folds, tmp_path)
    (out / "fold-3" / "notes.txt").write_text("mine")
    (out / "fold-9").mkdir()
    (out / "fold-9" / "mine.csv").write_text("a,b")
    (out / "fold-04").mkdir()
    (out / "fold-04" / "best.npz").write_text("no name of a fold")
    (out / "fold-7").symlink_to(folds / "fold-1")
    assert invoke("fit", config, "--folds", 2, "--out", out, "--force", "--quiet").exit_code == 0
    assert names_in(out) == [
        *("fold-04", "fold-1", "fold-2", "fold-3", "fold-7", "fold-9", "folds.json"),
        "out_of_fold.csv",
    ]
    assert names_in(out / "fold-3") == ["notes.txt"]
    assert names_in(out / "fold-9") == ["mine.csv"]
    assert names_in(out / "fold-04") == ["best.npz"]
    assert (folds / "fold-1" / "best.npz").exists()


def test_the_folds_of_a_job_at_work_are_left_alone(config, tmp_path):
    """Its first fold is done, so nobody holds that one: the lock of all does."""
    out = tmp_path / "run"
    with closing(iter(prepare_folds(config, 2, out=out))) as runs:
        for _ in next(runs)[1]:
            pass
        next(runs)
        before = {path: path.read_bytes() for path in (out / "fold-1").iterdir()}
        for options in (["--force"], ["--resume", out]):
            where = [] if "--resume" in options else ["--out", out]
            result = invoke("fit", config, "--folds", 2, *where, *options, "--quiet")
            assert result.exit_code == 2
            assert faults(result)[0].startswith(f"{out}: in use by process ")
        assert {path: path.read_bytes() for path in (out / "fold-1").iterdir()} == before


@pytest.mark.parametrize("beside", ["nothing", "folds"])
def test_force_replaces_no_config_that_somebody_wrote(config, folds, tmp_path, beside):
    out = copied(folds, tmp_path) if beside == "folds" else tmp_path / "run"
    out.mkdir(exist_ok=True)
    mine = shutil.copy(config, out / "config.yaml")
    result = invoke("fit", mine, "--folds", 2, "--out", out, "--force", "--quiet")

    assert result.exit_code == 2
    assert faults(result)[0].startswith(f"{out}: holds config.yaml")
    assert Path(mine).read_bytes() == config.read_bytes()


def test_force_removes_nothing_for_a_config_that_cannot_run(config, folds, tmp_path):
    out = copied(folds, tmp_path)
    before = names_in(out)
    result = invoke("fit", config, "--folds", 46, "--out", out, "--force", "--quiet")
    assert result.exit_code == 2
    assert names_in(out) == before


def test_force_waits_for_no_fold_that_another_program_writes(config, folds, tmp_path):
    out = copied(folds, tmp_path)
    with RunDirectory.open(out / "fold-4"):
        result = invoke("fit", config, "--folds", 2, "--out", out, "--force", "--quiet")
    assert result.exit_code == 2
    assert "fold-4: in use by process" in faults(result)[0]
    assert (out / "fold-4" / "best.npz").exists()


# --- going on with all of them ---


def resumed(config, out, *options):
    """Go on with four folds; the content of both files that come of them, timings aside."""
    result = invoke("fit", config, "--folds", 4, "--resume", out, "--quiet", *options)
    assert result.exit_code == 0, result.stderr
    return outcome(out)


def outcome(out):
    summary = json.loads((out / "folds.json").read_text())
    for each in summary["runs"]:
        del each["seconds"], each["run"]
    return summary, (out / "out_of_fold.csv").read_bytes()


def stopped(config, out, fold, step):
    """Four folds, stopped after a step of one of them by what Ctrl-C sends."""
    with closing(iter(prepare_folds(config, 4, out=out))) as runs:
        for _ in range(1, fold):
            train_and_signal(next(runs)[1], -1)
        with pytest.raises(Interrupted) as error:
            train_and_signal(next(runs)[1], step)
    return str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize(("fold", "step"), [(1, 1), (2, 2), (3, 3), (4, 2)])
def test_interrupted_and_resumed_is_uninterrupted(config, folds, tmp_path, fold, step):
    out = tmp_path / "run"
    message = stopped(config, out, fold, step)
    assert message.endswith(f"resume it with mlptrain fit CONFIG --folds 4 --resume {out}")
    assert not (out / "folds.json").exists()
    done = [(out / f"fold-{number}" / "best.npz").read_bytes() for number in range(1, fold)]
    records = (out / f"fold-{fold}" / "metrics.jsonl").read_bytes()

    assert resumed(config, out) == outcome(folds)
    assert done == [(out / f"fold-{n}" / "best.npz").read_bytes() for n in range(1, fold)]
    assert (out / f"fold-{fold}" / "metrics.jsonl").read_bytes().startswith(records)
    assert records


def test_a_fold_without_a_checkpoint_is_begun_again(config, folds, tmp_path):
    """Killed before its first save, or before it was begun at all."""
    out = copied(folds, tmp_path)
    for file in ("best.npz", "last.npz"):
        (out / "fold-2" / file).unlink()
    shutil.rmtree(out / "fold-3")
    assert resumed(config, out) == outcome(folds)


def test_a_fold_that_cannot_begin_leaves_the_others_alone(config, folds, tmp_path):
    """Another program writes there."""
    out = copied(folds, tmp_path)
    shutil.rmtree(out / "fold-3")
    with RunDirectory.open(out / "fold-2"):
        result = invoke("fit", config, "--folds", 4, "--resume", out, "--quiet")
    assert result.exit_code == 2
    (fault,) = faults(result)
    assert fault.startswith("fold 2: ")
    assert "in use by process" in fault
    assert (out / "fold-3" / "best.npz").exists()
    assert resumed(config, out) == outcome(folds)


def test_a_fold_that_is_a_link_is_never_written_through(config, folds, tmp_path):
    out = copied(folds, tmp_path)
    (out / "fold-3").rename(tmp_path / "elsewhere")
    (out / "fold-3").symlink_to(tmp_path / "elsewhere")
    for words in (["--resume", out], ["--out", out, "--force"]):
        result = invoke("fit", config, "--folds", 4, *words, "--quiet")
        assert result.exit_code == 2
        assert faults(result)[0].startswith(f"{out}/fold-3: is a symbolic link")
    assert (tmp_path / "elsewhere" / "best.npz").exists()


def test_folds_that_are_all_done_come_to_the_same(config, folds, tmp_path):
    out = copied(folds, tmp_path)
    files = sorted(out.glob("fold-*/*.npz"))
    before = [file.read_bytes() for file in files]
    assert resumed(config, out) == outcome(folds)
    assert [file.read_bytes() for file in files] == before


def test_other_folds_and_other_settings_are_refused_key_by_key(config, folds, tmp_path):
    out = copied(folds, tmp_path)
    other = ["--set", "optimizer.learning_rate=0.5"]
    result = invoke("fit", config, "--folds", 3, "--resume", out, "--quiet", *other)
    assert result.exit_code == 5
    first, second = sorted(faults(result))
    assert first.startswith("data.fold.of: 4 in ")
    assert second.startswith("optimizer.learning_rate: ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--resume", "FOLDS", "--force"], "--resume goes on in place: leave out --out, "),
        (["--resume", "FOLDS", "--out", "x"], "--resume goes on in place: leave out --out, "),
        (["--resume", "EMPTY"], "holds no folds; check the path, or leave out --resume"),
        (["--resume", "FOLDS/fold-1"], "holds no folds; check the path, or leave out --resume"),
        (["--init-from", "FOLDS/fold-1"], "--folds begins with weights of its own"),
    ],
    ids=str,
)
def test_what_cannot_be_gone_on_with_is_refused(config, folds, tmp_path, options, message):
    words = [each.replace("FOLDS", str(folds)).replace("EMPTY", str(tmp_path)) for each in options]
    result = invoke("fit", config, "--folds", 4, *words)
    assert result.exit_code == 2
    assert message in faults(result)[0]


def test_folds_need_their_config_to_go_on(folds):
    result = invoke("fit", "--folds", 4, "--resume", folds)
    assert result.exit_code == 2
    assert faults(result)[0].startswith("no CONFIG given")


def test_a_fold_and_a_test_part_exclude_each_other(config):
    result = invoke("fit", config, "--set", "data.fold={number: 1, of: 3}")
    assert result.exit_code == 2
    assert "data.fold: the fold is the test set; write test: null" in faults(result)[0]


def test_a_fold_beyond_the_last_is_refused(config):
    fold = ["--set", "data.fold={number: 4, of: 3}", "--set", "data.test=null"]
    result = invoke("fit", config, *fold)
    assert result.exit_code == 2
    assert "there is no fold 4 of 3" in faults(result)[0]


def test_a_metric_that_is_not_finite_in_a_fold_is_null_there_and_no_part_of_the_mean():
    found = spread([{"loss": float("inf")}, {"loss": 1.0}, {"loss": None}, {"loss": 2.0}])["loss"]

    assert found["values"] == [None, 1.0, None, 2.0]
    assert found["mean"] == 1.5


def test_a_quiet_fit_prints_what_to_expect_and_no_table(config, tmp_path):
    words = ("fit", config, "--folds", 2, "--set", "train.epochs=1", "--out")
    quiet, whole = invoke(*words, tmp_path / "quiet", "--quiet"), invoke(*words, tmp_path / "whole")
    assert quiet.stderr == ""
    told = [line.partition(":")[0] for line in quiet.stdout.splitlines()[1:-1]]
    assert set(told) == {"expected on new rows", "baseline", "linear model"}
    assert any(line.startswith("metric ") for line in whole.stdout.splitlines())

"""The command line: what it prints and where, what it writes, and the number it ends with."""

import json
import re
import shlex

import pytest
import yaml
from helpers import changed
from runs import THIRTY, faults, invoke, mlptrain, outcome, records, write_config

from mlptrain.cli import COMMANDS, cli
from mlptrain.nn.activations.piecewise import ReLU
from mlptrain.tools.examples import examples
from mlptrain.training import trainer

CLASSIFIER = changed(THIRTY, {"train.epochs": 2, "train.eval_every": 1, "data.test": 0.2})
REGRESSION = changed(
    CLASSIFIER,
    {"loss": "mse", "data.train": {"name": "random", "rows": 50, "features": 3, "outputs": 1}},
)

SHARED = ["epoch", "step", "learning_rate", "train_loss", "data_loss", "regularization_loss"]
KEYS = {  # of a record, from the interface
    "classifier": [*SHARED, "train_accuracy", "val_loss", "val_accuracy"],
    "regression": [*SHARED, "train_rmse", "val_loss", "val_rmse"],
}
LAST_KEYS = ["grad_norm", "seconds", "examples_per_second"]

TABLES = {
    "one.csv": "a,b,y\n" + "1,2,p\n3,4,p\n" * 10,
    "many.csv": "a,b,y\n1,2,p\n3,4,q\n5,6,r\n7,8,s\n",
    "good.csv": "a,b,y\n" + "1,2,p\n3,4,q\n5,7,p\n" * 10,
    "short.csv": "a,b,y\n1,2,p\n3,4\n5,6,q\n",
    "empty.csv": "",
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory with a config for each kind of task."""
    monkeypatch.chdir(tmp_path)
    write_config(tmp_path / "classifier.yaml", CLASSIFIER)
    write_config(tmp_path / "regression.yaml", REGRESSION)
    return tmp_path


@pytest.fixture
def run(here):
    """A run that is done, in the directory `run`."""
    assert invoke("fit", "classifier.yaml", "--out", "run").exit_code == 0
    return here / "run"


def table(here, name, **data):
    """A config that reads a table of its own."""
    (here / name).write_text(TABLES[name])
    write_config(here / "table.yaml", {"data": {"train": name, **data}})


# --- mistakes: one line each, the right exit code, no traceback ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "seed: 1\ndata: {train: {name: moons}}\nmodle:\n  hidden: [4]\n",
            ["broken.yaml:3: modle: unknown key; did you mean 'model'?"],
        ),
        (
            "seed: one\ndata: {train: {name: moons}}\ntrain:\n  epochs: 2.5\n",
            [
                "broken.yaml:1: seed: expected a whole number, got 'one'",
                "broken.yaml:4: train.epochs: expected a whole number, got 2.5",
            ],
        ),
        (
            "data: {train: {name: moons}}\noptimizer:\n  learning_rate: -1\n",
            ["broken.yaml:3: optimizer.learning_rate: must be > 0, got -1"],
        ),
        ("", ["broken.yaml:1: expected keys with values, such as 'data:'; the file is empty"]),
    ],
)
def test_every_fault_of_a_config_is_a_line_and_ends_with_2(here, text, expected):
    (here / "broken.yaml").write_text(text)
    result = invoke("fit", "broken.yaml")

    assert faults(result) == expected
    assert result.exit_code == 2


NO_RUN = (
    "holds no run; check the path, or leave out --resume; "
    "to begin where there is none: --out DIR --resume auto"
)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("fit nowhere", "nowhere: no such file; check the path"),
        ("fit classifer.yaml", "classifer.yaml: no such file; did you mean 'classifier.yaml'?"),
        ("fit .", ".: this is a directory; name a YAML file in it"),
        ("fit", "no CONFIG given; name a YAML file, or resume a run with --resume RUN"),
        ("fit --dry-run", "no CONFIG given; name a YAML file, or resume a run with --resume RUN"),
        (
            "fit classifier.yaml --set garbage",
            "--set garbage: expected KEY=VALUE, for instance train.epochs=5",
        ),
        (
            "fit classifier.yaml --set train.epoch=5",
            "--set train.epoch=5: train.epoch: unknown key; did you mean 'epochs'?",
        ),
        ("fit --resume gone", f"gone: {NO_RUN}"),
        ("fit --resume .", f".: {NO_RUN}"),
        (
            "fit --resume gone --out other",
            "--resume goes on in place: leave out --out, --init-from and --force; "
            "to start or resume a run: --out DIR --resume auto",
        ),
        (
            "fit classifier.yaml --resume gone --dry-run",
            "--dry-run tries out a CONFIG: leave out --resume and --init-from",
        ),
        ("fit classifier.yaml --out classifier.yaml", "classifier.yaml: not a directory; "
         "choose another one (--out)"),
        ("gradcheck --set seed=1", "--set changes a CONFIG: name one, or leave out --set"),
        ("show nowhere", "nowhere: no such file; check the path"),
        ("trace 1+", "expression:3: expected a number, a name or '(', got the end"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_a_line_and_ends_with_2(here, arguments, expected):
    result = invoke(*shlex.split(arguments))

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == f"error: {expected}\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("fitt", "no command 'fitt'; did you mean 'fit'?"),
        ("fit classifier.yaml --seed -1", "-1 is not in the range"),
        ("fit classifier.yaml --threads 0", "0 is not in the range"),
        ("fit classifier.yaml --color", "no such option '--color'; mlptrain fit --help tells more"),
        ("fit classifier.yaml --frce", "(Did you mean one of: '--force', '--refit'?)"),
        ("fit classifier.yaml --epochs 5", "write --set train.epochs=5"),
        ("fit classifier.yaml --lr=0.1", "write --set optimizer.learning_rate=0.1"),
        ("check classifier.yaml --batch-size", "write --set train.batch_size=VALUE"),
        ("fit classifier.yaml --train rows.csv", "write --set data.train=rows.csv"),
        ("gradcheck classifier.yaml --sweep", "(Did you mean one of: '--help', '--set'?)"),
        ("--fast", "no such option '--fast'; mlptrain --help tells more"),
        ("eval", "missing argument 'CHECKPOINT'; mlptrain eval --help tells more"),
        ("eval run --split all", "'all' is not one of"),
        ("eval run --epochs 5", "no such option '--epochs'; mlptrain eval --help tells more"),
        ("show", "missing argument"),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_to_type(here, arguments, expected):
    result = invoke(*shlex.split(arguments))
    (fault,) = faults(result)

    assert result.exit_code == 2
    assert expected in fault


def test_an_h_alone_asks_trace_for_help_and_is_a_name_beside_its_value():
    assert invoke("trace", "-h").stdout.startswith("Usage: mlptrain trace")
    assert "df/dh = -1" in invoke("trace", "-h", "h=2").stdout


@pytest.mark.parametrize(
    ("setting", "right"),
    [
        ("model.activation=swish", "'silu'"),
        ("model.activation=logistic", "'sigmoid'"),
        ("loss=cross_entropy", "'softmax'"),
        ("loss=crossentropy", "'softmax'"),
        ("loss=ce", "'softmax'"),
        ("loss=logistic", "'sigmoid' (also called logistic)"),
        ("train.monitor=val_auc", "'val_roc_auc'"),
        ("optimizer.lr=1", "'learning_rate'"),
        ("lr=1", "'learning_rate' belongs to optimizer"),
        ("epochs=5", "train"),
        ("train.batch=5", "'batch_size'"),
        ("l2=1", "belongs to regularization"),
    ],
)
def test_the_word_of_another_program_leads_to_ours(here, setting, right):
    result = invoke("fit", "classifier.yaml", "--dry-run", "--set", setting)
    (fault,) = faults(result)

    assert result.exit_code == 2
    assert right in fault


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("good.csv", {"target": "label"}, "good.csv: no column 'label' (it has a, b, y)"),
        ("empty.csv", {}, "empty.csv: is empty: a table with a header is needed"),
        (
            "many.csv",
            {"val": 0, "test": 0},
            "many.csv: target 'y' has 4 different values in 4 training rows: too many classes; "
            "is it an id or a free text?",
        ),
    ],
)
def test_data_that_do_not_fit_are_said_in_a_line_and_end_with_3(here, name, data, expected):
    table(here, name, **data)
    result = invoke("fit", "table.yaml")

    assert faults(result) == [expected]
    assert result.exit_code == 3


def test_a_data_file_that_is_missing_ends_with_3(here):
    write_config(here / "table.yaml", {"data": {"train": "gone.csv"}})
    result = invoke("fit", "table.yaml")

    assert faults(result) == ["gone.csv: no such file"]
    assert result.exit_code == 3


def test_one_class_only_ends_with_3(here):
    table(here, "one.csv")
    result = invoke("fit", "table.yaml")

    assert faults(result) == ["one.csv: target 'y' has only one class, 'p': two are needed to learn"]
    assert result.exit_code == 3


def test_a_ragged_row_is_named_by_its_line(here):
    table(here, "short.csv", val=0, test=0)
    result = invoke("fit", "table.yaml")

    assert result.exit_code == 3
    assert faults(result)[0].startswith("short.csv:3: ")


@pytest.mark.parametrize(
    "arguments",
    ["fit table.yaml", "fit gone.yaml", "fit classifier.yaml --set seed=x", "fit --resume no"],
)
def test_a_mistake_writes_nothing(here, arguments):
    table(here, "one.csv")
    before = sorted(here.rglob("*"))
    invoke(*shlex.split(arguments))

    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize("arguments", ["eval one.csv", "fit classifier.yaml --init-from one.csv"])
def test_what_is_no_checkpoint_ends_with_5(here, arguments):
    (here / "one.csv").write_text(TABLES["one.csv"])
    result = invoke(*shlex.split(arguments))

    assert faults(result) == [
        "one.csv: not a valid checkpoint: it does not begin like one that this program wrote; "
        "use another one"
    ]
    assert result.exit_code == 5


@pytest.mark.parametrize("arguments", ["eval gone", "fit classifier.yaml --init-from gone"])
def test_a_checkpoint_that_is_missing_ends_with_5(here, arguments):
    result = invoke(*shlex.split(arguments))

    assert faults(result) == ["gone: cannot be read: No such file or directory; check the path"]
    assert result.exit_code == 5


def test_a_run_directory_that_cannot_be_made_ends_with_6(here):
    (here / "loop").symlink_to("loop")
    result = invoke("fit", "classifier.yaml", "--out", "loop/run")

    assert len(faults(result)) == 1
    assert result.exit_code == 6


def test_a_failed_gradient_check_ends_with_1(here, monkeypatch):
    monkeypatch.setattr(ReLU, "backward", wrong_by_a_thousandth)
    result = invoke("gradcheck", "classifier.yaml")

    assert result.exit_code == 1
    assert "layer1.W" in result.stderr
    assert all(line.startswith("error: classifier.yaml: ") for line in result.stderr.splitlines())


def wrong_by_a_thousandth(self, upstream, inputs, out, saved, into):
    into[0][...] = 1.001 * upstream * (out > 0)


def test_a_bug_keeps_its_traceback(here, monkeypatch):
    def broken(*arguments, **options):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("mlptrain.runs.fit.prepare", broken)
    with pytest.raises(ZeroDivisionError):
        invoke("fit", "classifier.yaml")


# --- the two streams ---


def test_results_go_to_stdout_and_progress_to_stderr(here):
    result = invoke("fit", "classifier.yaml", "--out", "run")

    assert result.exit_code == 0
    completed, best, test, baseline, linear, run = result.stdout.splitlines()
    assert completed == "completed: all 2 epochs done"
    assert re.fullmatch(r"best val_loss [0-9.]+ at epoch 2", best)
    assert re.fullmatch(r"test: loss [0-9.]+, accuracy [0-9.]+", test)
    # 10 of the 20 test rows are of each class
    assert baseline == "baseline: accuracy 0.5, log_loss 0.6931 (the same answer for every row)"
    assert linear.startswith("linear model: accuracy 0.")
    assert re.fullmatch(r"run  \([0-9.]+ s\)", run)
    sizes, header, *epochs, train_loss, val_loss, val_accuracy = result.stderr.splitlines()
    assert sizes.startswith("60 train / 20 val / 20 test rows, 2 features, 2 classes, 32 parameters")
    assert header.split()[:3] == ["epoch", "rate", "train_loss"]
    assert [line.split()[0] for line in epochs] == ["1", "2"]
    curves = [line.split()[0] for line in (train_loss, val_loss, val_accuracy)]
    assert curves == ["train_loss", "val_loss", "val_accuracy"]


def test_where_there_is_no_terminal_there_is_no_bar(here):
    result = invoke("fit", "classifier.yaml", "--out", "run")

    assert not re.search(r"[\r\x1b]", result.output)


def test_quiet_prints_only_the_result(here):
    result = invoke("fit", "classifier.yaml", "--out", "run", "--quiet")

    assert result.stderr == ""
    assert len(result.stdout.splitlines()) == 6


def test_fit_prints_its_summary_as_json(here):
    result = invoke("fit", "classifier.yaml", "--out", "run", "--json")

    assert result.stderr == ""
    assert json.loads(result.stdout) == json.loads((here / "run" / "summary.json").read_text())


def test_a_dry_run_prints_json_too(here):
    result = invoke("fit", "classifier.yaml", "--dry-run", "--json")
    found = json.loads(result.stdout)

    assert (found["rows"], found["parameters"], found["steps"]) == (
        {"train": 60, "val": 20, "test": 20},
        2 * 6 + 6 + 6 * 2 + 2,
        2 * 8,
    )


def test_an_error_leaves_stdout_empty_even_with_json(here):
    result = invoke("fit", "nowhere", "--json")

    assert faults(result) == ["nowhere: no such file; check the path"]


def test_eval_prints_everything_as_json(run):
    result = invoke("eval", "run", "--json")
    found = json.loads(result.stdout)

    assert (found["checkpoint"], found["split"], found["rows"]) == ("run/best.npz", "test", 20)
    assert found["classes"] == ["0", "1"]
    assert sum(map(sum, found["confusion_matrix"])) == 20
    assert list(found["per_class"]) == ["0", "1"]
    assert list(found["per_class"]["0"]) == ["precision", "recall", "f1", "support"]
    right = found["confusion_matrix"][0][0] + found["confusion_matrix"][1][1]
    assert found["accuracy"] == right / 20


def test_eval_of_a_regression_prints_its_metrics_as_json(here):
    invoke("fit", "regression.yaml", "--out", "run")
    found = json.loads(invoke("eval", "run", "--json").stdout)

    assert list(found)[:4] == ["checkpoint", "split", "rows", "loss"]
    assert {"rmse", "mae", "r2"} <= set(found)
    assert not {"confusion_matrix", "classes", "per_class"} & set(found)


def test_gradcheck_prints_a_row_per_tensor_as_json(here):
    found = json.loads(invoke("gradcheck", "classifier.yaml", "--json").stdout)

    assert (found["passed"], found["tolerance"]) == (True, 1e-6)
    keys = {"network", "tensor", "max_relative_error", "entries_checked", "passed"}
    assert all(keys <= set(row) for row in found["rows"])
    tensors = [row["tensor"] for row in found["rows"]]
    assert {"layer1.W", "layer1.b", "layer2.W", "layer2.b"} <= set(tensors)


def test_a_failed_gradient_check_is_still_one_json_document(here, monkeypatch):
    monkeypatch.setattr(ReLU, "backward", wrong_by_a_thousandth)
    result = invoke("gradcheck", "classifier.yaml", "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["passed"] is False


def test_trace_prints_one_json_document(here):
    found = json.loads(invoke("trace", "x * y", "x=2", "y=3", "--json").stdout)

    assert list(found) == ["expression", "nodes"]
    product = found["nodes"][-1]
    assert (product["inputs"], product["value"], product["local"]) == (["x", "y"], 6, [3, 2])


def test_the_schema_is_one_json_document(here):
    found = json.loads(invoke("schema").stdout)

    assert found["$schema"].startswith("https://json-schema.org/")
    assert [key for key in found["properties"] if key != "sweep"] == list(
        yaml.safe_load(invoke_config("classifier.yaml"))
    )


def test_the_schema_stands_where_a_first_config_says_it_is(here):
    table(here, "good.csv")
    text = invoke("init", "good.csv", "--target", "y").stdout
    (named,) = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", text, re.MULTILINE)
    (advised,) = re.findall(r"mlptrain (schema -o \S+)$", text, re.MULTILINE)
    assert invoke(*advised.split()).exit_code == 0
    assert json.loads((here / named).read_text()) == json.loads(invoke("schema").stdout)
    assert "replace it with --force" in faults(invoke(*advised.split()))[0]


def invoke_config(what):
    result = invoke("show", what, "--config")
    assert result.exit_code == 0
    return result.stdout


# --- eval ---


def test_the_numbers_of_eval_are_those_of_the_run(run):
    summary = json.loads((run / "summary.json").read_text())
    found = json.loads(invoke("eval", "run", "--json").stdout)

    assert {key: found[key] for key in ("loss", "accuracy")} == summary["test"]


def test_rows_of_another_file_have_no_split(run):
    result = invoke("eval", "run", "--data", "rows.csv", "--split", "test")

    assert result.exit_code == 2
    assert faults(result) == ["--data names the rows: leave out --split"]


@pytest.mark.parametrize(("split", "rows"), [("train", 60), ("val", 20), ("test", 20)])
def test_eval_takes_the_split_that_is_asked_for(run, split, rows):
    found = json.loads(invoke("eval", "run", "--split", split, "--json").stdout)

    assert (found["split"], found["rows"]) == (split, rows)


def test_without_test_rows_eval_takes_the_validation_rows(here):
    invoke("fit", "classifier.yaml", "--set", "data.test=0", "--out", "run")

    assert json.loads(invoke("eval", "run", "--json").stdout)["split"] == "val"


def test_a_split_that_is_not_there_is_refused(here):
    invoke("fit", "classifier.yaml", "--set", "data.test=0", "--out", "run")
    result = invoke("eval", "run", "--split", "test")

    assert result.exit_code == 2
    assert len(faults(result)) == 1


def test_eval_reads_rows_from_another_file(here):
    table(here, "good.csv")
    invoke("fit", "table.yaml", "--out", "run")
    (here / "new.csv").write_text("y,b,a\np,2,1\nq,4,3\n")
    found = json.loads(invoke("eval", "run", "--data", "new.csv", "--json").stdout)

    assert (found["split"], found["rows"]) == ("new.csv", 2)


def test_eval_needs_only_the_checkpoint_and_the_rows(here):
    table(here, "good.csv")
    invoke("fit", "table.yaml", "--out", "run")
    (here / "run" / "best.npz").rename(here / "model.npz")
    (here / "good.csv").rename(here / "rows.csv")

    assert invoke("eval", "model.npz", "--data", "rows.csv").exit_code == 0


def test_eval_says_which_columns_are_missing_and_ends_with_3(here):
    table(here, "good.csv")
    invoke("fit", "table.yaml", "--out", "run")
    (here / "new.csv").write_text("a,c,y\n1,2,p\n")
    result = invoke("eval", "run", "--data", "new.csv")

    assert faults(result) == ["new.csv: no column 'b' (it has a, c, y)"]
    assert result.exit_code == 3


def test_eval_tells_when_the_data_have_changed(here):
    table(here, "good.csv")
    invoke("fit", "table.yaml", "--out", "run")
    (here / "good.csv").write_text(TABLES["good.csv"] + "5,6,q\n")
    result = invoke("eval", "run")

    assert result.exit_code == 0
    assert "note: good.csv: has changed since the model was trained" in result.stderr


# --- what fit writes ---


def test_a_run_directory_holds_the_files_of_the_interface(run):
    assert sorted(path.name for path in run.iterdir() if path.name != "last-1.npz") == [
        ".lock",
        "best.npz",
        "config.yaml",
        "last.npz",
        "metrics.jsonl",
        "summary.json",
    ]


@pytest.mark.parametrize("task", list(KEYS))
def test_a_record_has_exactly_the_keys_of_the_interface(here, task):
    invoke("fit", f"{task}.yaml", "--out", "run")

    assert [list(record) for record in records(here / "run")] == 2 * [KEYS[task] + LAST_KEYS]


def test_a_monitor_of_another_metric_adds_its_key_and_no_other(here):
    invoke("fit", "classifier.yaml", "--set", "train.monitor=val_f1_macro", "--out", "run")
    (first, _) = records(here / "run")

    assert set(first) - {*KEYS["classifier"], *LAST_KEYS} == {"val_f1_macro"}


def test_the_summary_tells_how_the_run_ended(run):
    summary = json.loads((run / "summary.json").read_text())
    last = records(run)[-1]

    assert (summary["status"], summary["reason"]) == ("completed", "all 2 epochs done")
    assert summary["metrics"] == last
    assert (summary["best"], summary["best_epoch"]) == (last["val_loss"], 2)
    assert summary["parameters"] == 32
    assert summary["seconds"] == last["seconds"]


def test_early_stopping_is_a_status_of_its_own(here):
    settings = ["train.epochs=50", "train.early_stopping={patience: 2, min_delta: 100.0}"]
    result = invoke("fit", "classifier.yaml", *set_options(settings), "--out", "run", "--json")
    summary = json.loads(result.stdout)

    assert result.exit_code == 0
    assert (summary["status"], summary["epochs"]) == ("early_stopped", 3)
    assert summary["reason"].startswith("val_loss has not improved for 2 evaluations; best ")


def set_options(settings):
    return [word for setting in settings for word in ("--set", setting)]


def test_the_resolved_config_repeats_the_run_bit_for_bit(run):
    assert invoke("fit", "run/config.yaml", "--out", "again").exit_code == 0

    assert outcome(run.parent / "again") == outcome(run)
    assert (run.parent / "again" / "config.yaml").read_bytes() == (run / "config.yaml").read_bytes()


def test_another_seed_gives_other_bits(run):
    invoke("fit", "classifier.yaml", "--seed", "6", "--out", "other")
    first, other = outcome(run), outcome(run.parent / "other")

    assert all(first[key] != other[key] for key in first if key != "last: optimizer.t")


def test_seed_is_short_for_set(run):
    invoke("fit", "classifier.yaml", "--seed", "6", "--out", "short")
    invoke("fit", "classifier.yaml", "--set", "seed=6", "--out", "long")

    assert outcome(run.parent / "short") == outcome(run.parent / "long")


def test_set_wins_over_the_file_and_the_file_over_the_default(here):
    text = yaml.safe_load(
        invoke("show", "classifier.yaml", "--config", "--set", "train.batch_size=4").stdout
    )

    assert (text["train"]["batch_size"], text["train"]["epochs"], text["train"]["drop_last"]) == (
        4,
        2,
        False,
    )


def test_a_run_directory_is_named_after_config_date_and_time(here):
    result = invoke("fit", "classifier.yaml")
    (made,) = (here / "runs").iterdir()

    assert re.fullmatch(r"classifier-\d{8}-\d{6}", made.name)
    assert result.stdout.splitlines()[-1].startswith(f"runs/{made.name}  (")


def test_two_runs_in_one_second_have_two_directories(here):
    for _ in range(3):
        assert invoke("fit", "classifier.yaml", "--quiet").exit_code == 0

    assert len(list((here / "runs").iterdir())) == 3


def test_a_run_is_never_replaced_by_accident(run):
    before = {path: path.read_bytes() for path in run.iterdir()}
    result = invoke("fit", "classifier.yaml", "--out", "run")

    assert result.exit_code == 2
    assert faults(result) == [
        "run: holds a run (config.yaml); choose another --out, resume it with --resume, "
        "or replace it with --force"
    ]
    assert {path: path.read_bytes() for path in run.iterdir() if path.name != ".lock"} == {
        path: content for path, content in before.items() if path.name != ".lock"
    }


def test_force_replaces_a_run(run):
    result = invoke("fit", "classifier.yaml", "--out", "run", "--force", "--set", "train.epochs=1")

    assert result.exit_code == 0
    assert len(records(run)) == 1


def test_a_config_that_cannot_run_does_not_replace_one_that_did(run):
    before = outcome(run)
    settings = set_options(["data.train=gone.csv"])
    result = invoke("fit", "classifier.yaml", "--out", "run", "--force", *settings)

    assert result.exit_code == 3
    assert outcome(run) == before


def test_a_dry_run_writes_nothing(here):
    before = sorted(here.rglob("*"))
    result = invoke("fit", "classifier.yaml", "--dry-run", "--out", "run")

    assert result.exit_code == 0
    assert result.stdout.endswith(
        "the config is valid, and the first step was taken; no run was begun\n"
    )
    assert sorted(here.rglob("*")) == before


def test_a_dry_run_takes_one_step(here, monkeypatch):
    taken, step = [], trainer.take_step
    monkeypatch.setattr(trainer, "take_step", lambda *given: taken.append(given[2]) or step(*given))
    invoke("fit", "classifier.yaml", "--dry-run")

    assert len(taken) == 1


def test_a_dry_run_finds_what_only_the_data_tell(here):
    table(here, "one.csv")
    result = invoke("fit", "table.yaml", "--dry-run")

    assert result.exit_code == 3
    assert len(faults(result)) == 1


# --- show ---


def test_show_counts_parameters_and_multiply_adds(here):
    result = invoke("show", "classifier.yaml")

    assert result.stderr == ""
    assert "32 parameters, 24 multiply-adds per row forward" in result.stdout


@pytest.mark.parametrize(
    ("hidden", "said"),
    [("[]", "1-layer network, 0 hidden layers: "), ("[4]", "2-layer network, 1 hidden layer: "),
     ("[4,4]", "3-layer network, 2 hidden layers: ")],
)  # fmt: skip
def test_show_counts_layers_as_the_lecture_does(hidden, said, here):
    # P33: "2-layer Neural Net", or "1-hidden-layer Neural Net"
    shown = invoke("show", "classifier.yaml", "--set", f"model.hidden={hidden}").stdout

    assert f"\n{said}" in shown


def test_show_of_a_run_tells_how_far_it_was_trained(run):
    result = invoke("show", "run")

    assert re.search(r"^steps +16$", result.stdout, re.MULTILINE)
    assert re.search(r"^best epoch +2$", result.stdout, re.MULTILINE)


def test_the_config_that_show_prints_is_the_one_of_the_run(run):
    written = (run / "config.yaml").read_text()

    assert invoke_config("run") == invoke_config("classifier.yaml") == written


def test_control_characters_and_markup_from_data_never_reach_the_terminal(here):
    rows = "1,2,[bold]p\n3,4,\x1b[31mq\n5,7,[bold]p\n"
    (here / "wild.csv").write_text("a,b,y\n" + rows * 10)
    write_config(here / "table.yaml", {"data": {"train": "wild.csv"}, "train": {"epochs": 1}})
    invoke("fit", "table.yaml", "--out", "run")
    result = invoke("eval", "run")

    assert result.exit_code == 0
    assert (
        result.output.count("[bold]p") == 4
    )  # of roc_auc, of a class, in the matrix a row and a column
    assert "\x1b" not in result.output


# --- help ---


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_the_help_of_every_command_has_an_example(name):
    result = invoke(*([name] if name else []), "--help")

    assert result.exit_code == 0
    assert result.stderr == ""
    assert re.search(r"Example:\n  +mlptrain ", result.stdout)


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_every_example_in_a_help_names_commands_and_options_that_exist(name):
    text = invoke(*([name] if name else []), "--help").stdout
    lines = re.findall(
        r"^ +(mlptrain .*)$", text.split("Example:")[1].split("Options:")[0], re.MULTILINE
    )
    for words in (shlex.split(line.split(" > ")[0]) for line in lines):
        named = cli.get_command(None, words[1])
        options = {option for parameter in named.params for option in parameter.opts}
        assert {word for word in words[2:] if word.startswith("--")} <= options
        configs = {word.removesuffix(".yaml") for word in words if word.endswith(".yaml")}
        assert configs <= {*examples(), "first"}  # what `init --example` and `init -o` write


def test_without_a_command_the_help_is_shown():
    result = invoke()

    assert result.exit_code == 2
    assert "Commands:" in result.output


def test_the_version_is_that_of_the_package():
    assert re.fullmatch(r"mlptrain, version \d+\.\d+\.\d+\n", invoke("--version").stdout)


# --- as processes ---


@pytest.mark.slow
def test_a_process_ends_with_the_exit_code_and_no_traceback(here):
    table(here, "one.csv")
    done = mlptrain("fit", "table.yaml", cwd=here)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error: one.csv: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_the_whole_way_from_fit_to_eval(here):
    fitted = mlptrain("fit", "classifier.yaml", "--out", "run", "--json", cwd=here)
    evaluated = mlptrain("eval", "run", "--json", cwd=here)

    assert (fitted.returncode, evaluated.returncode) == (0, 0)
    assert json.loads(fitted.stdout)["test"]["loss"] == json.loads(evaluated.stdout)["loss"]


@pytest.mark.slow
def test_a_process_gives_the_same_bits_as_this_one(run):
    mlptrain("fit", "classifier.yaml", "--out", "other", cwd=run.parent)

    assert outcome(run.parent / "other") == outcome(run)

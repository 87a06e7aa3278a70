"""`mlptrain runs`: every run below a directory, what differs, the best first, broken ones named."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from helpers import changed
from runs import faults, invoke, write_config

from mlptrain.messages import columns_of
from mlptrain.report.html.sections import outcome
from mlptrain.report.results import Results

BASE = {
    "seed": 3,
    "data": {"train": {"name": "moons", "points_per_class": 15}, "val": 0.2, "test": 0.2},
    "model": {"hidden": [4]},
    "train": {"epochs": 2},
}
CHANGES = {
    "plain": {},
    "wide/deep": {"model.hidden": [9]},
    "momentum": {"optimizer": {"name": "momentum", "learning_rate": 0.05}},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Three runs, one of them further below, and a run of two folds."""
    folder = tmp_path_factory.mktemp("place")
    for name, changes in CHANGES.items():
        config = write_config(folder / "config.yaml", changed(BASE, changes))
        assert invoke("fit", config, "--out", folder / name, "--quiet").exit_code == 0
    assert invoke("fit", config, "--folds", 2, "--out", folder / "folds", "--quiet").exit_code == 0
    return folder


def summary(run: Path) -> dict:
    return json.loads((run / "summary.json").read_text())


def listed(place: Path, *arguments: object) -> list[dict]:
    return json.loads(invoke("runs", place, "--json", *arguments).stdout)["runs"]


def names(place: Path, *arguments: object) -> list[str]:
    return [str(Path(row["run"]).relative_to(place)) for row in listed(place, *arguments)]


def test_every_run_is_a_row_the_best_first_with_only_what_differs(place):
    found = json.loads(invoke("runs", place, "--json").stdout)
    best = {name: summary(place / name)["best"] for name in CHANGES}
    folds = [summary(place / "folds" / each)["best"] for each in ("fold-1", "fold-2")]
    best["folds"] = sum(folds) / 2
    rows = {str(Path(row["run"]).relative_to(place)): row["best"] for row in found["runs"]}
    assert rows == pytest.approx(best)
    assert list(rows) == sorted(best, key=lambda name: best[name])
    keys = {key.partition(".")[0] for key in found["differing"]}
    assert keys == {"model", "optimizer", "data"}  # the folds have no rows to validate on but their own
    assert "optimizer.name" in found["differing"]
    assert "seed" not in found["runs"][0]


def test_accuracy_is_ranked_from_the_largest(place, tmp_path):
    for name, accuracy in {"low": 0.25, "high": 0.75}.items():
        shutil.copytree(place / "plain", tmp_path / name)
        changes = {"monitor": "val_accuracy", "best": accuracy}
        (tmp_path / name / "summary.json").write_text(
            json.dumps({**summary(place / "plain"), **changes})
        )
    assert names(tmp_path) == ["high", "low"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--where", "optimizer=momentum"], {"momentum", "folds"}),
        (["--where", "optimizer.name!=momentum", "--where", "model.hidden=[9]"], {"wide/deep"}),
        (["--where", "optimizer.learning_rate>=0.05", "--where", "folds=null"], {"momentum"}),
        (["--status", "running"], set()),
    ],
)
def test_conditions_choose_runs(place, arguments, expected):
    assert set(names(place, *arguments)) == expected


def test_runs_are_sorted_by_any_value_and_those_without_it_come_last(place):
    rising = names(place, "--sort", "optimizer.rho")
    assert set(rising[:2]) == {"momentum", "folds"}
    seconds = [row["seconds"] for row in listed(place, "--sort", "-seconds")]
    assert seconds == sorted(seconds, reverse=True)


def test_csv_has_the_columns_asked_for_with_every_digit(place):
    printed = invoke("runs", place, "--csv", "--columns", "run,best,test.loss", "--sort", "run").stdout
    rows = list(csv.DictReader(io.StringIO(printed)))
    plain = next(row for row in rows if row["run"].endswith("plain"))
    expected = summary(place / "plain")
    assert (float(plain["best"]), float(plain["test.loss"])) == (
        expected["best"],
        expected["test"]["loss"],
    )


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("summary.json", "{", "not a JSON object"),
        ("summary.json", '{"best": "x"}', "best is 'x'"),
        ("config.yaml", "a: [", "not valid YAML"),
        ("config.yaml", "7", "holds no config"),
    ],
)
def test_a_broken_run_is_named_and_hides_no_other(place, tmp_path, file, content, said):
    for name in ("good", "bad"):
        shutil.copytree(place / "plain", tmp_path / name)
    (tmp_path / "bad" / file).write_text(content)
    result = invoke("runs", tmp_path)
    assert result.exit_code == 0
    assert said in result.stderr
    assert str(tmp_path / "bad" / file) in result.stderr
    assert [row["status"] for row in listed(tmp_path)] == ["completed", "broken"]
    assert names(tmp_path, "--status", "broken") == ["bad"]


def test_a_killed_run_stands_as_interrupted_and_a_lonely_config_is_no_run(place, tmp_path):
    shutil.copytree(place / "plain", tmp_path / "killed")
    of_the_sitting_before = {"best": 1234.0, "best_epoch": 1, "epochs": 1, "seconds": 5678.0}
    state = {**summary(place / "plain"), "status": "running", **of_the_sitting_before}
    state.pop("host", None)
    (tmp_path / "killed" / "summary.json").write_text(json.dumps(state))
    (tmp_path / "config.yaml").write_text("seed: 1\n")
    (row,) = listed(tmp_path)
    assert row["status"] == "interrupted"
    assert "--resume" in row["reason"]
    assert {row.get(key) for key in of_the_sitting_before} == {None}
    before, killed = outcome(Results(place / "plain")), outcome(Results(tmp_path / "killed"))
    assert before[1].startswith("Best ")
    assert killed[1] == before[1]  # as best.npz has it
    assert not any("5,678" in line for line in killed)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--where", "optimzer.name=adam"], "did you mean 'optimizer.name'?"),
        (["--where", "adam"], "expected KEY=VALUE"),
        (["--sort", "bset"], "did you mean 'best'?"),
        (["--columns", "run,secnds"], "did you mean 'seconds'?"),
        (["--json", "--csv"], "keep one"),
    ],
)
def test_a_mistake_is_one_line(place, arguments, said):
    result = invoke("runs", place, *arguments)
    assert result.exit_code == 2
    (line,) = faults(result)
    assert said in line


def test_a_directory_without_runs_says_so(tmp_path):
    for path, said in ((tmp_path, "no run is in it"), (tmp_path / "nix", "no such directory")):
        result = invoke("runs", path)
        assert result.exit_code == 2
        assert said in result.stderr


@pytest.mark.parametrize("width", [60, 80])
def test_the_table_fits_the_terminal(place, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    lines = invoke("runs", place).stdout.splitlines()
    assert max(map(columns_of, lines)) <= width
    assert any("momentum" in line for line in lines)

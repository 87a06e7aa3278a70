"""Candidates: other settings on the same folds, of which the rows held out choose or weigh."""

import json
import shutil
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from runs import faults, invoke, outcome, running, write_config
from tables import write

import mlptrain
from mlptrain.config import load_config
from mlptrain.config.candidates import changed
from mlptrain.errors import ConfigError
from mlptrain.runs.fit import prepare_folds
from mlptrain.runs.side_by_side import longest_first

ROWS = [[(i * 37 % 61) / 60, (i * 17 % 13) / 12, 0.0] for i in range(60)]
ROWS = [[u, v, np.sin(6 * u) + v * v + 0.3 * ((i * 29 % 7) - 3)] for i, (u, v, _) in enumerate(ROWS)]
X = pl.DataFrame({"u": [0.1, 0.5, 0.9], "v": [0.2, 0.7, 0.4]})
CANDIDATES = [
    {"name": "wide", "model": {"hidden": [9]}},
    {"name": "bins", "data": {"numeric": "piecewise"}, "optimizer": {"rate_factors": {"bias": 0.5}}},
    {"name": "still", "optimizer": {"name": "sgd", "learning_rate": 1e-6}},
]


def settings(table: Path, **more) -> dict:
    return {
        "data": {"train": str(table), "target": "y", "val": 0, "test": 0}, "loss": "mse",
        "model": {"hidden": [4]}, "optimizer": {"name": "adam", "learning_rate": 0.03},
        "train": {"epochs": 6, "batch_size": 10, "folds": 2}, **more,
    }  # fmt: skip


def trained(config: dict, place: Path, *options) -> Path:
    result = invoke("fit", write_config(place.with_suffix(".yaml"), config), "--out", place, *options)
    assert result.exit_code == 0, result.stderr
    return place


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("candidates") / "rows.csv", ["u", "v", "y"], ROWS)


@pytest.fixture(scope="module")
def weighed(table) -> Path:
    config = settings(table, candidates=CANDIDATES, combine="greedy")
    return trained(config, table.parent / "weighed", "--jobs", 1, "--quiet")


def parts(run: Path) -> dict[str, dict]:
    found = json.loads((run / "folds.json").read_text())["combination"]
    return {each["name"]: each for each in found["candidates"]}


def test_predictions_are_the_average_with_the_weights_that_folds_json_has(weighed, tmp_path):
    weights = {name: part["weight"] for name, part in parts(weighed).items()}
    assert 0 < weights["wide"] < 1
    assert weights["still"] == 0
    expected = sum(
        weights[name] / 2 * mlptrain.load(weighed / f"{name}-fold-{fold}").predict(X)
        for name in weights
        for fold in (1, 2)
    )
    assert mlptrain.load(weighed).predict(X) == pytest.approx(expected, rel=1e-12)
    packed = tmp_path / "model.npz"
    assert invoke("pack", weighed, "-o", packed).exit_code == 0
    assert (mlptrain.load(packed).predict(X) == mlptrain.load(weighed).predict(X)).all()


def test_candidates_that_compute_most_begin_first(table, tmp_path):
    """They would leave a core idle for longest if they were the last."""
    large = {"name": "large", "model": {"ensemble": 3}}
    long = {"name": "long", "train": {"epochs": 12}}
    config = write_config(
        tmp_path / "c.yaml", settings(table, candidates=[*CANDIDATES[:1], large, long])
    )
    folds = prepare_folds(config, 2, out=tmp_path / "run", jobs=2)
    begun = [folds.label(number) for number in longest_first(folds)]
    expected = [f"{name}, fold {fold}" for name in ("large", "long", "wide") for fold in (1, 2)]
    assert begun == expected


@pytest.mark.slow
def test_each_run_has_its_own_rows_whichever_begins_first(table, tmp_path):
    """Side by side rows are handed on by the number of a run, and the last candidate begins first."""
    config = settings(table, candidates=[CANDIDATES[1], {"name": "large", "model": {"ensemble": 3}}])
    one, two = (trained(config, tmp_path / f"jobs{n}", "--jobs", n, "--quiet") for n in (1, 2))
    for name in ("bins", "large"):
        for fold in (1, 2):
            assert outcome(one / f"{name}-fold-{fold}") == outcome(two / f"{name}-fold-{fold}")


def test_the_weights_make_the_out_of_fold_loss_lower_than_that_of_each(weighed):
    said = json.loads((weighed / "folds.json").read_text())
    losses = [part["out_of_fold"]["loss"] for part in parts(weighed).values()]
    assert said["combination"]["by"] == "loss"
    assert said["out_of_fold"]["loss"] < min(losses)
    table = pl.read_csv(weighed / "out_of_fold.csv")
    rmse = float(((table["y"] - table["predicted_y"]) ** 2).mean()) ** 0.5
    assert said["out_of_fold"]["rmse"] == pytest.approx(rmse, rel=1e-9)
    evaluated = json.loads(invoke("eval", weighed, "--json").stdout)
    assert evaluated["rmse"] == pytest.approx(rmse, rel=1e-9)
    assert evaluated["loss"] == pytest.approx(said["out_of_fold"]["loss"], rel=1e-9)


def test_show_has_each_candidate_and_the_config_that_trains_all(weighed, tmp_path):
    shown = invoke("show", weighed).stdout
    for name, part in parts(weighed).items():
        loss = part["out_of_fold"]["loss"]
        assert f"weight {part['weight']:.4g}, loss of the rows held out {loss:.4g}" in shown, name
    (again := tmp_path / "again.yaml").write_text(invoke("show", weighed, "--config").stdout)
    assert [each.name for each in load_config(again).candidates] == [c["name"] for c in CANDIDATES]


@pytest.mark.slow
def test_the_chosen_candidate_is_what_its_settings_alone_give(table, weighed, tmp_path):
    config = settings(table, candidates=CANDIDATES)
    chosen = trained(config, tmp_path / "chosen", "--jobs", 1, "--quiet")
    best = min(parts(weighed).values(), key=lambda part: part["out_of_fold"]["loss"])["name"]
    assert {name: part["weight"] for name, part in parts(chosen).items()} == {
        name: float(name == best) for name in parts(weighed)
    }
    change = next(
        {k: v for k, v in each.items() if k != "name"} for each in CANDIDATES if each["name"] == best
    )
    alone = trained(changed(settings(table), change), tmp_path / "alone", "--jobs", 1, "--quiet")
    assert (mlptrain.load(chosen).predict(X) == mlptrain.load(alone).predict(X)).all()
    assert (chosen / "out_of_fold.csv").read_bytes() == (alone / "out_of_fold.csv").read_bytes()


def test_a_refit_is_of_the_heaviest_candidate_and_says_what_to_expect(weighed, tmp_path):
    heaviest = max(parts(weighed).values(), key=lambda part: part["weight"])["name"]
    hidden = {"wide": (9,)}.get(heaviest, (4,))
    result = invoke("fit", "--refit", weighed, "--out", tmp_path / "run", "--quiet")
    assert result.exit_code == 0, result.stderr
    model = mlptrain.load(tmp_path / "run")
    assert model.config.model.hidden == hidden
    assert model.config.candidates == ()
    (figure,) = json.loads((weighed / "folds.json").read_text())["expected"]
    assert f"none of them is held out: expect rmse {figure['value']:.4g} " in result.stderr


FAULTY = """\
data: {train: rows.csv}
train: {folds: 3}
candidates:
  - {name: a, model: {hiden: [5]}}
  - name: b
    train: {epochs: 0}
    data: {val: 0.2}
  - name: c
    model: {activation: [relu, relu]}
    optimizer: {name: sgd, beta1: 0.9}
  - name: a
    train: {batch_size: 1}
    model: {norm: batch}
"""


def test_a_fault_of_a_candidate_is_named_where_it_is_written(tmp_path):
    (file := tmp_path / "c.yaml").write_text(FAULTY)
    with pytest.raises(ConfigError) as error:
        load_config(file)
    assert [fault.removeprefix(f"{file}:") for fault in error.value.faults] == [
        "4: candidates[0].model.hiden: unknown key; did you mean 'hidden'?",
        "7: candidates[1].data.val: is the same for all candidates; set it in the config itself",
        "9: candidates[2].model.activation: one name for all layers, or one for each of the 1 hidden "
        "layers, got 2",
        "10: candidates[2].optimizer.beta1: unknown key; sgd has no such option; it is one of adam, "
        "adamw",
        "11: candidates[3].name: 'a' is the name of another candidate",
        "13: candidates[3].model.norm: batch norm needs more than one row in a minibatch; "
        "raise train.batch_size or use layer",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"train.folds": None}, "set train.folds"),
        ({"candidates": [], "combine": "greedy"}, "no candidates to combine"),
        ({"candidates": [{"name": "../up"}]}, "expected small letters, digits and _"),
        ({"candidates": [{"name": "a", "loss": "mae"}]}, "it belongs to the top level"),
    ],
)
def test_what_candidates_cannot_be_is_refused(table, changes, said):
    with pytest.raises(ConfigError, match=said):
        load_config(settings(table, candidates=CANDIDATES), changes)


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found["candidates"][0].update(weight=-1.0),
        lambda found: found["candidates"][0].update(weight=0.9),
        lambda found: found["candidates"][0].update(name="../weighed"),
        lambda found: found["config"].update(candidates=[]),
        lambda found: found.update(candidates=[]),
    ],
)
def test_weights_that_cannot_be_from_here_are_refused(weighed, tmp_path, change):
    run = shutil.copytree(weighed, tmp_path / "run")
    document = json.loads((run / "folds.json").read_text())
    change(document["combination"])
    (run / "folds.json").write_text(json.dumps(document))
    assert "its entry 'combination' is not as this program writes it" in faults(invoke("show", run))[0]


def test_what_is_not_at_its_end_predicts_nothing_and_other_candidates_do_not_go_on(weighed, tmp_path):
    run = shutil.copytree(weighed, tmp_path / "run")
    (run / "folds.json").unlink()
    (said,) = faults(invoke("predict", run, "-"))
    assert "not at their end" in said
    assert f"--folds 2 --resume {run}" in said
    config = tmp_path.with_suffix(".yaml")
    shutil.copy(weighed.with_suffix(".yaml"), config)
    options = ("--set", "candidates=[{name: wide}]", "--resume", run)
    assert "bins-fold-1: is of the candidate bins" in faults(invoke("fit", config, *options))[0]


@pytest.mark.slow
@pytest.mark.parametrize("killed_in", ["wide-fold-2", "bins-fold-1"])
def test_a_kill_in_any_candidate_costs_no_bit(table, tmp_path, killed_in):
    config = settings(table, candidates=CANDIDATES, combine="greedy")
    config["train"]["epochs"] = 40
    whole = trained(config, tmp_path / "whole", "--jobs", 1, "--quiet")
    run, file = tmp_path / "run", whole.with_suffix(".yaml")
    with running("fit", file, "--out", run, "--jobs", 1) as job:
        until = time.monotonic() + 60
        while not (run / killed_in / "last.npz").exists() and time.monotonic() < until:
            time.sleep(0.002)
        job.kill()
        job.wait()
    assert not (run / "folds.json").exists()
    assert invoke("fit", file, "--resume", run, "--jobs", 2, "--quiet").exit_code == 0
    for fold in whole.glob("*-fold-*"):
        assert outcome(run / fold.name) == outcome(fold)
    assert parts(run) == parts(whole)
    assert (run / "out_of_fold.csv").read_bytes() == (whole / "out_of_fold.csv").read_bytes()


@pytest.mark.parametrize("combine", ["choose", "greedy"])
def test_runs_and_diff_tell_the_figures_of_those_of_which_the_model_consists(table, weighed, combine):
    place = weighed
    if combine == "choose":
        config = settings(table, candidates=CANDIDATES[::2], combine="choose")
        place = trained(config, table.parent / "chosen", "--jobs", 1, "--quiet")
    said = json.loads((place / "folds.json").read_text())
    (row,) = json.loads(invoke("runs", place, "--json").stdout)["runs"]
    assert row["folds"] == 2
    used = [name for name, part in parts(place).items() if part["weight"]]
    bests = [each["best"] for each in said["runs"] if f"/{used[0]}-fold-" in f"/{each['run']}"]
    expected = sum(bests) / 2 if combine == "choose" else said["metrics"]["loss"]["mean"]
    assert row["best"] == pytest.approx(expected, rel=1e-12)
    shown = invoke("diff", place, weighed, "--json")
    assert shown.exit_code == (1 if combine == "choose" else 0)


def test_while_no_candidate_is_chosen_there_is_no_figure(weighed, tmp_path):
    at_work = shutil.copytree(weighed, tmp_path / "at-work")
    (at_work / "folds.json").unlink()
    (row,) = json.loads(invoke("runs", at_work, "--json").stdout)["runs"]
    assert row["best"] is None

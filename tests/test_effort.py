"""How much work `init` asks for: presets by their time, reasons, and settings to search."""

import json
import re
from pathlib import Path

import pytest
import yaml
from runs import faults, invoke
from tables import write

from mlptrain.errors import ConfigError
from mlptrain.tools import first_config as package
from mlptrain.tools.first_config import effort, first_config
from mlptrain.tools.first_config.choices import Wish
from mlptrain.tools.first_config.effort import Size, effort_within
from mlptrain.tools.first_config.reasons import REASONS

ROWS = [[(i * 37 % 101) / 10, (i * 61 % 89) / 7, "ab"[i % 2], i % 13 / 3] for i in range(200)]


@pytest.fixture
def table(tmp_path) -> Path:
    return write(tmp_path / "t.csv", ["u", "v", "kind", "y"], ROWS)


@pytest.mark.parametrize(
    ("within", "preset", "epochs"),
    [(1e9, "best", None), (100.0, "good", None), (39.9, "fast", None), (10.0, "fast", 20)],
)
def test_the_best_preset_is_taken_that_fits_and_else_fewer_epochs(monkeypatch, within, preset, epochs):
    """5,120 rows are 64 steps an epoch: 2,048 steps of 6.25 ms, times 1.25, take 16 s."""
    monkeypatch.setattr(effort, "cores", lambda: 2)
    size = Size(5_120, 20, step=0.00625)
    assert [size.seconds(each) for each in ("fast", "good", "best")] == [16.0, 40.0, 200.0]
    found = effort_within(within, None, size, timed=False)
    assert (found.preset, found.epochs) == (preset, epochs)
    assert "fast takes about 16s, good takes about 40s, best takes about 3.33m here" in found.reason


def test_a_preset_that_is_asked_for_stays_and_a_split_by_time_has_one_network():
    size = Size(5_120, 20, step=0.00625)
    assert effort_within(10.0, "good", size, timed=False)[::2] == ("good", 8) or effort.cores() != 2
    assert effort_within(1e9, None, size, timed=True).preset == "fast"
    with pytest.raises(ConfigError, match="--within 1s: 4 epochs of preset fast take about 2s here"):
        effort_within(1.0, None, size, timed=False)


def test_within_measures_steps_here(table, monkeypatch):
    monkeypatch.setattr(effort, "MEASURED", 0.02)
    found = first_config(str(table), ["kind"], Wish(within=3600.0))
    assert yaml.safe_load(found.text)["candidates"]
    assert re.search(r"preset best: fast takes about \S+, good takes about \S+, best", found.notes[-1])
    monkeypatch.setattr(package, "seconds_of_step", lambda experiment: 0.1)
    config = yaml.safe_load(first_config(str(table), ["kind"], Wish(within=15.0)).text)
    assert config["train"]["epochs"] == 24  # of 32, of 5 steps, each of 0.125 s
    assert "folds" not in config["train"]


@pytest.mark.parametrize("time", ["5", "m", "-1m", "0s", "5 m", "1e3s", "5d", "nan"])
def test_a_time_is_a_number_with_its_unit(table, time):
    result = invoke("init", table, "--target", "kind", "--within", time)
    assert result.exit_code == 2
    assert "write a number with s, m or h, such as 90s or 5m" in result.stderr


def test_every_setting_of_a_preset_has_a_reason_and_comments_are_the_same(table, tmp_path):
    out = tmp_path / "c.yaml"
    shown = invoke("init", table, "--target", "kind", "--preset", "best", "--explain", "-o", out)
    config, text = yaml.safe_load(out.read_text()), out.read_text()
    for path, reason in REASONS.items():
        if path in (("decision",), ("sweep",), ("data", "missing", "indicator")):
            continue  # nothing is lopsided, nothing blank, nothing searched
        if path == ("data", "categorical"):
            continue  # no text among the columns
        assert f"{'.'.join(path)}: " in shown.stdout, path
        if "{" not in reason.comment:
            assert reason.comment in text, path
            assert reason.comment in shown.stdout, path
        assert reason.measured in shown.stdout, path
    for section in ("model", "optimizer", "train"):
        for key in config[section].keys() - {"name", "activation"}:
            assert (section, key) in REASONS, key
    alone = invoke("init", table, "--target", "kind", "--explain").stdout
    assert "seed: 0" not in alone
    assert "model.hidden: [128, 128]" in alone


@pytest.mark.parametrize("preset", ["fast", "good"])
@pytest.mark.parametrize(("target", "tried"), [("kind", 5), ("y", 4)])
def test_what_is_searched_is_checked_as_a_sweep(table, tmp_path, preset, target, tried):
    pytest.importorskip("optuna")
    from mlptrain.sweeps.plan import read_plan

    out = tmp_path / "c.yaml"
    options = ("--preset", preset, "--search", "--within", "10h", "-o", out)
    assert invoke("init", table, "--target", target, *options).exit_code == 0
    plan = read_plan(out)
    assert len(plan.space) == tried
    assert plan.settings.time_limit == 600
    assert plan.settings.folds == (5 if preset == "good" else None)
    configs = plan.configs({"model.hidden": [64, 64], "data.numeric.encode": "none"})
    assert len(configs) == (5 if preset == "good" else 1)
    assert all(each.model.hidden == (64, 64) and each.train.folds is None for each in configs)


def test_a_search_has_no_candidates(table):
    result = invoke("init", table, "--target", "kind", "--preset", "best", "--search")
    assert faults(result) == [
        "--search: the candidates of preset best are a search; take --preset good"
    ]


@pytest.mark.slow
def test_a_search_runs_as_it_is_written_and_its_winner_is_the_mean_of_folds(table, tmp_path):
    pytest.importorskip("optuna")
    out, place = tmp_path / "c.yaml", tmp_path / "sweep"
    assert invoke("init", table, "--target", "kind", "--search", "-o", out).exit_code == 0
    short = ("--set", "train.epochs=2", "--set", "sweep.seeds=1")
    result = invoke("sweep", out, "--trials", 3, "--jobs", 1, "--out", place, *short)
    assert result.exit_code == 0, result.stderr
    fitted = invoke("fit", place / "best.yaml", "--out", tmp_path / "run", "--json", "--jobs", 1)
    assert json.loads(fitted.stdout)["folds"] == 5

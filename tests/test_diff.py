"""`mlptrain diff`: what two runs do not have in common, and the exit code that says whether."""

import json
import shutil

import pytest
from helpers import changed
from runs import faults, invoke, write_config

BASE = {
    "seed": 3,
    "data": {"train": "one.csv", "target": "y", "val": 0.25, "test": 0.25},
    "model": {"hidden": [4]},
    "train": {"epochs": 2},
}


def table(file, shift=0.0):
    file.write_text("a,y\n" + "".join(f"{i % 7 + shift},{'uv'[i % 2]}\n" for i in range(40)))
    return str(file)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("diff")
    one = table(folder / "one.csv")
    shutil.copy(one, folder / "moved.csv")
    runs = {
        "one": {"data.train": one},
        "again": {"data.train": one},
        "wide": {"data.train": one, "model.hidden": [9]},
        "moved": {"data.train": str(folder / "moved.csv")},
        "shifted": {"data.train": table(folder / "shifted.csv", 0.5)},
    }
    for name, changes in runs.items():
        config = write_config(folder / "settings.yaml", changed(BASE, changes))
        assert invoke("fit", config, "--out", folder / name, "--quiet").exit_code == 0
    return folder


def compared(place, left, right):
    result = invoke("diff", place / left, place / right, "--json")
    return result.exit_code, json.loads(result.stdout)


def test_a_run_and_its_repetition_are_the_same(place):
    code, found = compared(place, "one", "again")
    assert code == 0
    assert [found[part] for part in ("config", "data", "environment", "figures")] == [{}, {}, {}, {}]


def test_a_setting_shows_by_its_key_and_in_the_figures(place):
    code, found = compared(place, "one", "wide")
    best = [json.loads((place / name / "summary.json").read_text())["best"] for name in ("one", "wide")]
    assert code == 1
    assert found["config"] == {"model.hidden": [[4], [9]]}
    assert found["figures"]["best"] == best
    assert found["data"] == found["environment"] == {}


def test_data_are_compared_by_content_not_by_name(place):
    _, moved = compared(place, "one", "moved")
    assert list(moved["config"]) == ["data.train"]
    assert moved["data"] == moved["figures"] == {}
    _, shifted = compared(place, "one", "shifted")
    assert len(shifted["data"]) == 2  # a file on each side that the other does not have


def test_a_run_without_a_checkpoint_is_compared_by_what_it_has(place, tmp_path):
    shutil.copytree(place / "one", tmp_path / "bare")
    for file in (tmp_path / "bare").glob("*.npz"):
        file.unlink()
    result = invoke("diff", tmp_path / "bare", place / "again")
    assert "keeps no checkpoint" in result.stderr
    assert "the same: config" in result.stdout
    assert "environment" not in result.stdout


@pytest.mark.parametrize(
    ("left", "said"),
    [("nix", "no such directory"), (".", "name one of them"), ("one.csv", "no such dir")],
)
def test_what_is_no_run_is_told_on_one_line(place, left, said):
    result = invoke("diff", place / left, place / "one")
    assert result.exit_code == 2
    (line,) = faults(result)
    assert said in line

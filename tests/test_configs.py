"""The shipped configs: each runs as it is, says how, and explains what it sets."""

import re

import pytest
import yaml
from helpers import CONFIGS
from runs import ROOT, invoke, records

FILES = sorted(CONFIGS.glob("*.yaml"))
SETTING = re.compile(r"^( *)(\w+): *([^#\n]*?) *(#.*)?$", re.MULTILINE)


def settings(path):
    """(key, value, comment) of every line with a value: {data.val: (0.1, "# a tenth ...")}."""
    found, section = {}, ""
    for indent, key, value, comment in SETTING.findall(path.read_text(encoding="utf-8")):
        if not indent:
            section = key
        if value:
            found[f"{section}.{key}" if indent else key] = (value, comment)
    return found


def test_there_is_a_config_for_every_idea_of_the_lecture():
    assert {path.stem for path in FILES} >= {
        "digits", "digits-hinge", "spiral-linear", "spiral", "rings", "rings-polar", "twenty-lines",
        "capacity-3", "capacity-6", "capacity-20", "penalty-0.001", "penalty-0.01", "penalty-0.1",
        "auto-mpg",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [path for path in FILES if path.stem != "mnist5k"], ids=lambda p: p.stem
)
def test_a_config_runs_for_an_epoch(path, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)  # where the README tells one to be
    short = ["--set", "train.epochs=1", "--set", "train.eval_every=1"]
    result = invoke("fit", path.relative_to(ROOT), *short, "--out", tmp_path / "run", "--quiet")

    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("completed: all 1 epochs done\n")
    assert [record["epoch"] for record in records(tmp_path / "run")] == [1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_config_begins_with_its_idea_and_its_command(path):
    comments = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("# "):
            break
        comments.append(line)

    assert len(comments) >= 2
    assert sum(f"mlptrain fit configs/{path.name}" in line for line in comments) == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_config_explains_every_setting(path):
    unexplained = [key for key, (_, comment) in settings(path).items() if not comment]

    assert unexplained == []


@pytest.mark.parametrize("family", ["capacity", "penalty"])
def test_the_configs_to_be_compared_differ_in_one_setting(family):
    read = [yaml.safe_load(path.read_text("utf-8")) for path in CONFIGS.glob(f"{family}-*.yaml")]
    sections = {key: {str(config.get(key)) for config in read} for config in read for key in config}

    assert len(read) == 3
    assert {key: len(values) for key, values in sections.items() if len(values) > 1} == {
        {"capacity": "model", "penalty": "regularization"}[family]: 3
    }


@pytest.mark.slow
def test_digits_reach_a_test_accuracy_of_97_percent(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    result = invoke("fit", "configs/digits.yaml", "--out", tmp_path / "run", "--quiet")
    (line,) = re.findall(r"^test: loss [0-9.]+, accuracy ([0-9.]+)$", result.stdout, re.MULTILINE)

    assert float(line) >= 0.97

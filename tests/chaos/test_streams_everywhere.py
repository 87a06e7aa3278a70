"""Each command with each stream closed, full, without a reader, or on a terminal that is gone."""

import json

import pytest
from helpers import changed
from runs import BROKEN, THIRTY, mlptrain, mlptrain_into, outcome, write_config

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("one_thread")]

COMMANDS = ("fit", "folds", "predict", "eval")


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A table, a config, and what the commands leave and say on streams that work."""
    folder = tmp_path_factory.mktemp("streams")
    rows = "".join(f"{i % 7},{i * 37 % 11},{'pq'[i * 5 % 3 == 1]}\n" for i in range(60))
    (folder / "rows.csv").write_text("a,b,y\n" + rows)
    data = {"train": str(folder / "rows.csv"), "val": 0.2, "test": 0.2}
    write_config(folder / "config.yaml", changed(THIRTY, {"data": data}))
    said = {name: mlptrain(*words(folder, name, folder / name)) for name in COMMANDS}
    assert {name: each.returncode for name, each in said.items()} == dict.fromkeys(COMMANDS, 0)
    return folder, said


def words(folder, command, out):
    return {
        "fit": ["fit", folder / "config.yaml", "--out", out],
        "folds": ["fit", folder / "config.yaml", "--folds", 3, "--out", out],
        "predict": ["predict", folder / "fit", folder / "rows.csv"],
        "eval": ["eval", folder / "fit"],
    }[command]


def kept(command, out):
    """What is on the disk, but for places and timings."""
    if command == "fit":
        return outcome(out)
    if command == "folds":
        metrics = json.loads((out / "folds.json").read_text())["metrics"]
        return metrics, (out / "out_of_fold.csv").read_text()
    return None


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_no_stream_ends_a_command(here, tmp_path, stream, kind, command):
    folder, said = here
    out = tmp_path / "run"
    ended = mlptrain_into(stream, kind, *words(folder, command, out))
    lost = stream == "stdout" and kind == "full"

    assert ended.returncode == (6 if lost else 0), ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "ignored" not in ended.stdout + ended.stderr
    assert kept(command, out) == kept(command, folder / command)
    if stream == "stderr" and command in ("predict", "eval"):
        assert ended.stdout == said[command].stdout
    if lost:
        assert ended.stderr.splitlines()[-1].startswith("error: stdout: cannot be written: ")

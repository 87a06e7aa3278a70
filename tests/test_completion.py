"""What a shell is offered after a tab: settings and their words, runs, columns, in each shell."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlptrain.cli import cli


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A directory with two runs and a table."""
    monkeypatch.chdir(tmp_path)
    for name in ("first", "second"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "config.yaml").write_text("{}")
    (tmp_path / "runs" / "other").mkdir()
    (tmp_path / "table.csv").write_text("age,income,answer\n1,2,a\n3,4,b\n")
    return tmp_path


def offered(words: str, shell: str = "fish") -> list[str]:
    """What click answers; the last word is the one that is being typed."""
    typed = ["mlptrain", *words.split(" ")]
    asked = {"_MLPTRAIN_COMPLETE": f"{shell}_complete", "COMP_WORDS": " ".join(typed)}
    asked["COMP_CWORD"] = typed[-1] if shell == "fish" else str(len(typed) - 1)
    ended = CliRunner().invoke(cli, [], env=asked, prog_name="mlptrain")
    assert ended.exit_code == 0, ended.output
    lines = ended.stdout.split("\n")
    if lines[0] in ("plain", "file", "dir"):  # fish of click 8.4: type, value and help, a line each
        return lines[1::3]
    return [line.partition(",")[2].partition("\t")[0] for line in lines if line]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("fit c.yaml --set train.ep", ["train.epochs="]),
        ("fit c.yaml --set model.activation=si", ["model.activation=silu", "model.activation=sigmoid"]),
        ("fit c.yaml --set data.stratify=", ["data.stratify=true", "data.stratify=false"]),
        (
            "fit c.yaml --set train.monitor=val_rms",
            ["train.monitor=val_rmse", "train.monitor=val_rmsle"],
        ),
        ("eval runs/f", ["runs/first"]),
        ("predict ", ["runs/first", "runs/second"]),
        ("fit --resume runs/s", ["runs/second"]),
        ("plot runs/first runs/se", ["runs/second"]),
        ("init table.csv --target a", ["age", "answer"]),
        ("init --group inc", []),
        ("init missing.csv --target a", []),
        ("sche", ["schema"]),
        ("sch no-such-file", []),
    ],
)
def test_the_answer_for_what_is_typed(words, answer):
    assert sorted(offered(words)) == sorted(answer)


def test_bash_splits_at_the_equals_sign():
    assert offered("fit c.yaml --set model.activation = si", "bash") == ["silu", "sigmoid"]
    assert offered("fit c.yaml --set data.stratify =", "bash") == ["true", "false"]
    assert offered("fit c.yaml --set train.ep", "bash") == ["train.epochs="]
    assert offered("fit --resume = runs/s", "bash") == ["runs/second"]


ZSH = """
compdef() { :; }
compadd() { local -a given=("${(@P)argv[-1]}"); print -r -- "${argv[1,-2]}: $given"; }
eval "$(_MLPTRAIN_COMPLETE=zsh_source PROGRAM)"
words=(mlptrain fit c.yaml --set train.ep) CURRENT=5
_mlptrain_completion
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh")
def test_zsh_puts_no_space_behind_a_key(here):
    """compadd stands in for zsh's, which needs a terminal: it says what it is given."""
    program = Path(sys.executable).with_name("mlptrain")
    script = ZSH.replace("PROGRAM", str(program))
    path = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    ran = subprocess.run(
        ["zsh", "-f", "-c", script], env=path, capture_output=True, text=True, timeout=60
    )
    assert "-S  -a: train.epochs=\n" in ran.stdout, ran.stderr


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_completes_a_setting(here):
    program = Path(sys.executable).with_name("mlptrain")
    script = f"""
eval "$(_MLPTRAIN_COMPLETE=bash_source {program})"
COMP_WORDS=(mlptrain fit c.yaml --set model.activation = si); COMP_CWORD=6
_mlptrain_completion {program} 2>/dev/null
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["silu", "sigmoid"], ended.stderr

"""What is asked for is loaded, and nothing else: help comes at once."""

import json
import subprocess
import sys

import pytest

HEAVY = [
    "numpy",
    "pydantic",
    "polars",
    "rich",
    "yaml",
    "tqdm",
    "matplotlib",
    "sklearn",
    "optuna",
    "mpi4py",
]

COUNT = """
import json, sys
argv = json.loads(sys.argv[1])
try:
    if argv:
        from mlptrain.__main__ import main
        sys.argv = ["mlptrain", *argv]
        main()
    else:
        import mlptrain
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def loaded(*argv: str) -> set[str]:
    """The top-level modules that a command has loaded when it ends; without one, `import mlptrain`."""
    command = [sys.executable, "-c", COUNT, json.dumps(argv)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return set(json.loads(ended.stderr.splitlines()[-1]))


@pytest.mark.parametrize("argv", [(), ("--help",), ("-h",), ("--version",)], ids=" ".join)
def test_help_and_the_package_itself_load_nothing_heavy(argv):
    assert loaded(*argv) & set(HEAVY) == set()


def test_a_command_loads_no_more_than_it_needs():
    assert loaded("trace", "x + y", "x=1", "y=2") & {"polars", "pydantic", "yaml"} == set()


def test_fit_loads_no_extra(tmp_path):
    xor = "data: {train: {name: xor, points_per_class: 5}, val: 0, test: 0}\ntrain: {epochs: 1}\n"
    (tmp_path / "xor.yaml").write_text(xor + "sweep: {space: {model.hidden: [[2], [3]]}}\n")
    run = ("fit", str(tmp_path / "xor.yaml"), "--out", str(tmp_path / "run"), "--quiet")
    assert loaded(*run) & {"optuna", "mpi4py", "sqlalchemy", "matplotlib", "tensorboardX"} == set()


@pytest.mark.slow
def test_a_sweep_loads_no_other_way_to_judge_settings(tmp_path):
    pytest.importorskip("optuna")
    xor = "data: {train: {name: xor, points_per_class: 10}, val: 0.2, test: 0}\ntrain: {epochs: 1}\n"
    (tmp_path / "xor.yaml").write_text(xor + "sweep: {seeds: 0, pruner: none, sampler: grid}\n")
    rates = "optimizer.learning_rate=0.1,0.2,0.3,0.4"  # so many that their importance is told
    run = ("sweep", str(tmp_path / "xor.yaml"), rates, "--out", str(tmp_path / "sweep"), "--quiet")
    found = loaded(*run)
    assert "optuna" in found
    assert found & {"sklearn", "scipy", "pandas"} == set()


def test_the_list_of_what_is_loaded_is_a_real_one():
    assert {"numpy", "rich"} <= loaded("trace", "x + y", "x=1", "y=2")

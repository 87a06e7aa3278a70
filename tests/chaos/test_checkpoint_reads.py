"""A disk that fails to read once: each command ends in one line with 6, and every file keeps its name.

MLPTRAIN_STRIDE says how many reads are left out between two that fail; `make chaos` tries each.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from helpers import changed
from runs import THIRTY, command, finish, invoke, outcome, surroundings

from mlptrain.runs.fit import prepare

pytestmark = pytest.mark.chaos
STRIDE = int(os.environ.get("MLPTRAIN_STRIDE", "9"))
SOURCE = Path(__file__).with_name("failing_reads.c")
SHORT = changed(THIRTY, {"train.epochs": 1, "model.hidden": [3]})


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not Path("/proc/self/fd").exists():
        pytest.skip("no C compiler, or no /proc")
    built = tmp_path_factory.mktemp("library") / "failing_reads.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", built, SOURCE, "-ldl"], check=True)
    return built


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("finished") / "run"
    finish(prepare(SHORT, out=path))
    return path


def contents(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.iterdir() if each.suffix == ".npz"}


def failing(library: Path, name: str, at: int, *words: object) -> subprocess.CompletedProcess[str]:
    """A command of which one read of a file of this name fails."""
    fault = {"LD_PRELOAD": str(library), "FAIL_NAME": name, "FAIL_AT": str(at)}
    return subprocess.run(
        command(*words),
        env={**surroundings(), **fault},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def resumed(finished: Path, path: Path, *longer: str, broken: bool) -> dict[str, str]:
    """What a resume without a fault leaves."""
    shutil.copytree(finished, path)
    if broken:
        (path / "last.npz").unlink()
    assert invoke("fit", "--resume", path, *longer).exit_code == 0
    return outcome(path)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("broken", [False, True], ids=["last", "the one before"])
def test_a_resume_whose_kth_read_fails_ends_with_6_and_renames_nothing(
    library: Path, finished: Path, tmp_path: Path, broken: bool
) -> None:
    name = "last-1.npz" if broken else "last.npz"
    longer = ("--set", "train.epochs=2", "--quiet")
    expected = resumed(finished, tmp_path / "without a fault", *longer, broken=broken)
    failures = 0
    for k in range(1, 1000, STRIDE):
        path = tmp_path / str(k)
        shutil.copytree(finished, path)
        if broken:
            (path / "last.npz").unlink()
        before = contents(path)
        result = failing(library, f"/{name}", k, "fit", "--resume", path, *longer)
        if result.returncode == 0:
            break
        failures += 1
        assert result.returncode == 6, f"read {k}: {result.stderr}"
        assert result.stderr == (
            f"error: {path / name}: cannot be read: Input/output error; check the disk and try again\n"
        ), f"read {k}"
        assert contents(path) == before, f"read {k}"
        assert invoke("fit", "--resume", path, *longer).exit_code == 0, f"read {k}"
        assert outcome(path) == expected, f"read {k}"

    assert failures >= 18 // STRIDE


@pytest.mark.parametrize("words", [["eval"], ["show"], ["predict"]], ids=lambda words: words[0])
def test_a_command_whose_kth_read_of_a_checkpoint_fails_ends_with_6(
    library: Path, finished: Path, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "rows.csv").write_text("x0,x1\n1,2\n")
    more = [tmp_path / "rows.csv"] if words == ["predict"] else []
    for k in range(1, 1000, STRIDE):
        result = failing(library, "/best.npz", k, *words, finished, *more)
        if result.returncode == 0:
            break
        assert result.returncode == 6, f"read {k}: {result.stderr}"
        assert f"{finished / 'best.npz'}: cannot be read: Input/output error" in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert k > 1

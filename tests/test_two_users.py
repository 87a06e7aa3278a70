"""Two users of one machine: what one has made, the other cannot change, nor mislead with.

Only root can be two users; elsewhere there is nothing to try.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from runs import command, surroundings

OTHER = 65534  # nobody


def as_user(number: int, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command of a user, with a home of its own."""
    home = str(cwd / f"home-{number}")
    return run_as(number, command(*arguments), {"HOME": home, "XDG_STATE_HOME": home}, cwd)


def run_as(
    number: int, words: list[str], environment: dict[str, str], cwd: Path
) -> subprocess.CompletedProcess[str]:
    become = ["setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups"]
    return subprocess.run(
        [*(become if number else ()), *words],
        cwd=cwd,
        env={**surroundings(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def other_can_run() -> bool:
    """Whether this is root, and the other user may run this interpreter and read this source."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        return False
    return (
        run_as(OTHER, [sys.executable, "-c", "import mlptrain.cli, polars"], {}, Path("/")).returncode
        == 0
    )


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("not other_can_run()", reason="needs root, and an interpreter for everybody"),
]


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that everybody may enter, with a table, a config and two homes."""
    directory = Path(tempfile.mkdtemp(prefix="two-users-"))
    directory.chmod(0o755)
    for number in (0, OTHER):
        home = directory / f"home-{number}"
        home.mkdir(mode=0o700)
        os.chown(home, number, number)
    (directory / "t.csv").write_text("a,y\n" + "".join(f"{i},{'pq'[i % 2]}\n" for i in range(40)))
    data = f"{{train: {directory}/t.csv, target: y}}"
    (directory / "c.yaml").write_text(f"data: {data}\ntrain: {{epochs: 1}}\nmodel: {{hidden: [2]}}\n")
    yield directory
    shutil.rmtree(directory)


def theirs(place: Path, name: str, mode: int = 0o755) -> Path:
    """A directory of the other user."""
    directory = place / name
    directory.mkdir()
    directory.chmod(mode)
    os.chown(directory, OTHER, OTHER)
    return directory


def contents(directory: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in directory.iterdir() if each.is_file()}


@pytest.mark.parametrize(("maker", "reader"), [(0, OTHER), (OTHER, 0)], ids=["ours", "theirs"])
def test_prepared_rows_of_one_user_are_none_of_the_other(place, maker, reader):
    parent = place if maker == 0 else theirs(place, "out")
    cache = parent / "cache"
    made = as_user(maker, "show", "c.yaml", "--set", f"data.cache={cache}", cwd=place)
    assert made.returncode == 0, made.stderr
    before = contents(cache)
    assert len(before) == 1
    cache.chmod(0o755)

    ended = as_user(reader, "show", "c.yaml", "--set", f"data.cache={cache}", cwd=place)

    assert ended.returncode == 6
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"error: {cache}")
    assert "belongs to another user" in line
    assert contents(cache) == before


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o1777], ids=oct)
def test_a_link_that_the_other_user_planted_leads_nowhere(place, mode):
    (place / "own").mkdir(mode=0o700)
    as_user(0, "show", "c.yaml", "--set", f"data.cache={place}/own", cwd=place)
    (name,) = contents(place / "own")
    victim = place / "victim"
    victim.write_bytes(b"mine")
    victim.chmod(0o600)
    shared = theirs(place, "shared", mode)
    for planted in (name, name.replace(".rows", ".building")):
        (shared / planted).symlink_to(victim)
        os.chown(shared / planted, OTHER, OTHER, follow_symlinks=False)

    ended = as_user(0, "show", "c.yaml", "--set", f"data.cache={shared}", cwd=place)

    assert ended.returncode == 6
    assert len(ended.stderr.splitlines()) == 1
    assert victim.read_bytes() == b"mine"


def test_a_run_of_ours_is_read_by_others_and_changed_by_none(place):
    fitted = as_user(0, "fit", "c.yaml", "--out", place / "run", "--quiet", cwd=place)
    assert fitted.returncode == 0, fitted.stderr
    before = contents(place / "run")

    resumed = as_user(
        OTHER, "fit", "--resume", place / "run", "--set", "train.epochs=3", "--quiet", cwd=place
    )
    begun = as_user(OTHER, "fit", "c.yaml", "--out", place / "run", "--force", cwd=place)
    predicted = as_user(OTHER, "predict", place / "run", "t.csv", cwd=place)

    for ended in (resumed, begun):
        assert ended.returncode in (2, 6)
        assert len(ended.stderr.splitlines()) == 1, ended.stderr
        assert ended.stderr.startswith("error: ")
    assert contents(place / "run") == before
    assert predicted.returncode == 0, predicted.stderr
    assert len(predicted.stdout.splitlines()) == 41

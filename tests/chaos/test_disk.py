"""A disk that is full, and a limit on the size of files: one line, exit 6, and the run can go on."""

import contextlib
import os
import subprocess
import sys

import pytest
from helpers import changed
from runs import THIRTY, command, finish, interrupted_at, outcome, surroundings, write_config

from mlptrain.runs.fit import prepare
from mlptrain.storage.archive import read_archive

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("one_thread")]

LARGE = changed(THIRTY, {"model.hidden": [200, 50]})
"""Its checkpoint has some 130 kB, its config one."""

LIMITED = """
import resource, sys
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from mlptrain.__main__ import main
main()
"""


def limited(limit, *arguments):
    """The command line in a process that may write files of at most `limit` bytes."""
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *map(str, arguments)],
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def one_line(done):
    """The error of a process that ended with 6."""
    assert done.returncode == 6, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line.removeprefix("error: ")


@pytest.fixture
def stopped(tmp_path):
    """A run that was interrupted after step 17."""
    run = interrupted_at(prepare(LARGE, out=tmp_path / "run"), 17)
    run.directory.close()
    return tmp_path / "run"


@pytest.fixture
def whole(tmp_path):
    return finish(prepare(LARGE, out=tmp_path / "whole"))


def test_a_checkpoint_that_may_not_be_so_large_leaves_the_one_before(stopped, whole):
    before = (stopped / "last.npz").read_bytes()
    line = one_line(limited(50_000, "fit", "--resume", stopped, "--quiet"))

    assert line.startswith(f"{stopped}/")
    assert line.endswith(
        ".npz: cannot be written, what was there stays: File too large; "
        "raise the limit on the size of a file (ulimit -f)"
    )
    assert (stopped / "last.npz").read_bytes() == before
    assert not list(stopped.glob(".*.tmp-*"))
    assert finish(prepare(None, resume=stopped)) == whole


def test_a_new_run_under_the_limit_ends_in_one_line(tmp_path):
    config = write_config(tmp_path / "large.yaml", LARGE)
    line = one_line(limited(50_000, "fit", config, "--out", tmp_path / "run", "--quiet"))

    assert "File too large" in line
    assert sorted(os.listdir(tmp_path / "run")) == [
        ".lock",
        "config.yaml",
        "metrics.jsonl",
        "summary.json",
    ]


def test_metrics_that_may_not_grow_any_more_stay_whole_lines(tmp_path):
    """Checkpoints of 5 kB, each record of a third of one: the metrics reach the limit first."""
    every_step = {"train.eval_every": {"steps": 1}, "train.checkpoint_every": {"steps": 1}}
    config = changed(THIRTY, {**every_step, "train.epochs": 10})
    path = tmp_path / "run"
    file = write_config(tmp_path / "metrics.yaml", config)
    line = one_line(limited(16_000, "fit", file, "--out", path, "--quiet"))

    assert line.startswith(f"{path}/metrics.jsonl: cannot be written: File too large")
    assert (path / "metrics.jsonl").read_bytes().endswith(b"}\n")
    assert finish(prepare(None, resume=path)) == finish(prepare(config, out=tmp_path / "whole"))


@contextlib.contextmanager
def small_disk(path, size):
    """A file system of its own, of `size` bytes, where mounting is possible."""
    path.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"a file system cannot be mounted here: {made.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", path], check=True)


def fill(path):
    """Take all the space that is left."""
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def fit(*arguments):
    return subprocess.run(
        command("fit", *arguments, "--quiet"),
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_full_disk_ends_in_one_line_and_the_run_goes_on_when_there_is_space(tmp_path, whole):
    with small_disk(tmp_path / "disk", 2 << 20) as disk:
        run = interrupted_at(prepare(LARGE, out=disk / "run"), 17)
        run.directory.close()
        before = (disk / "run" / "last.npz").read_bytes()
        fill(disk / "filler")
        line = one_line(fit("--resume", disk / "run"))

        assert "No space left on device; free some space, or write to another disk" in line
        assert (disk / "run" / "last.npz").read_bytes() == before
        assert read_archive(disk / "run" / "last.npz")[1]["progress"]["step"] == 17

        (disk / "filler").unlink()
        resumed = fit("--resume", disk / "run")

        assert resumed.returncode == 0, resumed.stderr
        assert outcome(disk / "run") == whole
        assert not list((disk / "run").glob(".*.tmp-*"))


def test_a_disk_that_fills_up_during_the_run_leaves_a_valid_checkpoint(tmp_path):
    """Room for one checkpoint and for what is being written, not for three."""
    every_step = {"train.checkpoint_every": {"steps": 1}}
    config = changed(LARGE, every_step)
    with small_disk(tmp_path / "disk", 400_000) as disk:
        file = write_config(tmp_path / "large.yaml", config)
        line = one_line(fit(file, "--out", disk / "run"))

        assert "No space left on device" in line
        assert read_archive(disk / "run" / "last.npz")[1]["progress"]["step"] >= 1

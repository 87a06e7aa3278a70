"""Each system call of a save fails once, with each kind of error: the checkpoint before it stays.

The k-th call of open, write, fsync, replace or link fails, for every k until the save succeeds (the
way SQLite tests its files). MLPTRAIN_STRIDE is the distance of the calls of a whole run that are
tried; `make chaos` tries every one.
"""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest
from helpers import changed
from runs import THIRTY, faults, finish, invoke, outcome, write_config

from mlptrain.errors import StorageError
from mlptrain.runs.fit import prepare
from mlptrain.storage.archive import read_archive
from mlptrain.storage.run_directory import RunDirectory

pytestmark = pytest.mark.chaos
STRIDE = int(os.environ.get("MLPTRAIN_STRIDE", "9"))
CALLS = ("open", "write", "fsync", "replace", "link")


class FailingCalls:
    """Within `with`, the k-th of the system calls fails; `failed` is its name."""

    def __init__(self, monkeypatch, k, error):
        self.monkeypatch = monkeypatch
        self.left = k
        self.error = error
        self.failed = None

    def __enter__(self):
        for name in CALLS:
            self.monkeypatch.setattr(os, name, self.failing(name, getattr(os, name)))
        return self

    def __exit__(self, *exception):
        self.monkeypatch.undo()

    def failing(self, name, real):
        def call(*arguments, **options):
            self.left -= 1
            if self.left == 0:
                self.failed = name
                raise OSError(self.error, os.strerror(self.error))
            return real(*arguments, **options)

        return call


def save(run, step, name="last"):
    run.save(name, {"w": np.full(1000, float(step)), "b": np.zeros(3)}, {"step": step})


@pytest.mark.parametrize("name", ["best", "last"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EDQUOT])
def test_a_save_that_fails_anywhere_leaves_a_good_checkpoint(tmp_path, monkeypatch, name, error):
    path = tmp_path / "run"
    failures = 0
    with RunDirectory.create(path, force=False) as run:
        save(run, 0, name)
    for k in range(1, 100):
        with RunDirectory.open(path) as run:
            (before,) = {read_archive(path / f"{name}.npz")[1]["step"]}
            with FailingCalls(monkeypatch, k, error) as calls:
                try:
                    save(run, k, name)
                except StorageError as caught:
                    message = str(caught)
                    failures += 1
                else:
                    assert calls.failed is None, "an error was swallowed"
                    break
        assert "\n" not in message
        assert os.strerror(error) in message
        arrays, document = read_archive(path / f"{name}.npz")
        assert document["step"] in (before, k)
        assert arrays["w"][0] == document["step"]
        with RunDirectory.open(path) as run:
            assert run.newest_valid().notes == () or name == "best"
        assert not list(path.glob("*.tmp-*"))
        assert not list(path.glob("*.corrupt"))

    assert failures >= 10
    assert read_archive(path / f"{name}.npz")[1] == {"step": k}


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_a_record_that_cannot_be_written_leaves_no_half_line(tmp_path, monkeypatch, error):
    real = os.write

    def half(descriptor, data):
        """Takes half of what it is given, then nothing more."""
        if len(data) < 10:
            raise OSError(error, os.strerror(error))
        return real(descriptor, data[: len(data) // 2])

    with RunDirectory.create(tmp_path / "run", force=False) as run:
        run.append_metrics({"epoch": 1})
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", half)
            with pytest.raises(StorageError, match=os.strerror(error)):
                run.append_metrics({"epoch": 2})

        assert run.metrics.read_text() == '{"epoch": 1}\n'


def test_a_real_limit_on_the_size_of_files_leaves_the_checkpoint_before(tmp_path):
    script = """
import resource, sys
import numpy as np
from mlptrain.errors import StorageError
from mlptrain.storage.run_directory import RunDirectory
with RunDirectory.create(sys.argv[1], force=False) as run:
    run.save("last", {"w": np.zeros(100)}, {"step": 1})
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
    try:
        run.save("last", {"w": np.zeros(1 << 16)}, {"step": 2})
    except StorageError as error:
        sys.exit(str(error))
"""
    path = tmp_path / "run"
    child = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=False
    )

    assert child.stderr == (
        f"{path / 'last.npz'}: cannot be written, what was there stays: File too large; "
        "raise the limit on the size of a file (ulimit -f)\n"
    )
    assert read_archive(path / "last.npz")[1] == {"step": 1}
    assert sorted(os.listdir(path)) == [".lock", "last.npz", "metrics.jsonl"]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_a_run_that_cannot_begin_holds_no_lock(tmp_path, monkeypatch, error):
    for k in range(1, 100):
        with FailingCalls(monkeypatch, k, error) as calls:
            try:
                RunDirectory.create(tmp_path, force=False).close()
            except StorageError as caught:
                message = str(caught)
            else:
                assert calls.failed is None, "an error was swallowed"
                break
        assert "\n" not in message
        RunDirectory.create(tmp_path, force=False).close()

    assert k > 3


TEN = changed(THIRTY, {"train.epochs": 1, "train.checkpoint_every": {"steps": 4}})
"""Ten steps, evaluated and saved after the fourth, the eighth and the last."""


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_a_run_whose_kth_call_fails_ends_with_6_in_one_line_and_goes_on(tmp_path, monkeypatch, error):
    """From the lock to the summary; what was on the disk before is there, and loads."""
    config = write_config(tmp_path / "ten.yaml", TEN)
    expected = finish(prepare(TEN, out=tmp_path / "whole"))
    failures = 0
    for k in range(1, 1000, STRIDE):
        path = tmp_path / str(k)
        with FailingCalls(monkeypatch, k, error) as calls:
            result = invoke("fit", config, "--out", path, "--quiet")
        if calls.failed is None:
            break
        failures += 1
        if calls.failed == "open" and error == errno.EIO and result.exit_code == 0:
            assert outcome(path) == expected, f"call {k}"  # opened for reading, and tried again
            continue
        assert result.exit_code == 6, f"call {k}: {result.stderr}"
        (line,) = faults(result)
        assert os.strerror(error) in line, f"call {k}"

        going_on = (path / "last.npz").exists() or (path / "best.npz").exists()
        words = ["--resume", path] if going_on else [config, "--out", path, "--force"]
        again = invoke("fit", *words, "--quiet")
        assert again.exit_code == 0, f"call {k}: {again.stderr}"
        assert outcome(path) == expected, f"call {k}"
        assert not list(path.glob(".*.tmp-*")), f"call {k}"
        assert not list(path.glob("*.corrupt")), f"call {k}"

    assert result.exit_code == 0
    assert failures >= 60 // STRIDE

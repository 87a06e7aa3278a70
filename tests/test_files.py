"""Files are whole or not there, reading never hangs, and a lock dies with its process."""

import contextlib
import errno
import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlptrain.errors import EnvironmentFault, StorageError
from mlptrain.storage.files import (
    predecessor_kept,
    remove_temporaries,
    set_aside,
    temporary_beside,
    write_atomically,
    write_file,
)
from mlptrain.storage.lock import LOCK, lock
from mlptrain.storage.reading import read_bytes


def ended_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_the_parts_follow_each_other_in_the_file(tmp_path):
    write_atomically(tmp_path / "a", [b"one ", memoryview(b"two"), b""])

    assert (tmp_path / "a").read_bytes() == b"one two"
    assert os.listdir(tmp_path) == ["a"]


def test_a_failure_between_the_parts_leaves_the_old_content(tmp_path):
    def parts():
        yield b"new"
        raise KeyboardInterrupt

    (tmp_path / "a").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a", parts())

    assert (tmp_path / "a").read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_missing_directory_is_one_line(tmp_path):
    path = tmp_path / "no" / "a"
    with pytest.raises(StorageError) as error:
        write_atomically(path, [b""])

    assert str(error.value) == (
        f"{path}: cannot be written, what was there stays: No such file or directory; check the path"
    )


def test_a_symbolic_link_is_replaced_and_not_followed(tmp_path):
    (tmp_path / "elsewhere").write_text("mine")
    (tmp_path / "a").symlink_to("elsewhere")
    write_atomically(tmp_path / "a", [b"new"])

    assert (tmp_path / "elsewhere").read_text() == "mine"
    assert (tmp_path / "a").read_text() == "new"


def test_new_files_have_the_usual_permissions(tmp_path):
    write_atomically(tmp_path / "a", [b""])
    (tmp_path / "b").write_text("")

    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_only_temporaries_of_ended_processes_are_removed(tmp_path):
    kept = [
        f".last.npz.tmp-{os.getppid()}-00000000",  # that process lives
        ".last.npz.tmp-0-00000000",
        ".last.npz.tmp-1x-00000000",
        "last.npz.tmp-9999999-00000000",
        ".npz.tmp",
    ]
    stale = tmp_path / f".last.npz.tmp-{ended_process()}-0123abcd"
    for path in [*(tmp_path / name for name in kept), stale]:
        path.write_text("")

    assert remove_temporaries(tmp_path, ()) == [stale]
    assert sorted(os.listdir(tmp_path)) == sorted(kept)


def test_writing_a_file_clears_away_what_a_killed_process_left_of_it(tmp_path):
    name = "n" * 250  # with its temporary's ending longer than a name may be
    ours = temporary_beside(tmp_path / name).name
    stale, at_work = (
        tmp_path / re.sub(r"tmp-\d+", f"tmp-{process}", ours)
        for process in (ended_process(), os.getppid())
    )
    other = tmp_path / f".other.tmp-{ended_process()}-01234567"
    for path in (stale, other, at_work):
        path.write_text("half")
    write_file(tmp_path / name, [b"whole"])

    assert (tmp_path / name).read_text() == "whole"
    assert set(tmp_path.iterdir()) == {tmp_path / name, other, at_work}


def test_where_the_drive_has_a_cache_of_its_own_it_is_emptied_too(tmp_path, monkeypatch):
    """On macOS fsync alone promises nothing when the power goes."""
    asked = []
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", lambda descriptor, command: asked.append(command))
    write_atomically(tmp_path / "a", [b"x"])

    assert asked == [51]


def test_a_temporary_of_an_earlier_process_with_our_number_is_removed(tmp_path):
    """In a container, a killed run and the one after it often have the same number."""
    stale = temporary_beside(tmp_path / "last.npz")
    stale.write_text("half")

    assert remove_temporaries(tmp_path, ()) == [stale]


def test_the_predecessor_is_kept_once_the_file_is_replaced(tmp_path):
    for content in [b"1", b"2", b"3"]:
        with predecessor_kept(tmp_path / "a", tmp_path / "a-1"):
            write_atomically(tmp_path / "a", [content])

    assert [(tmp_path / name).read_text() for name in ("a", "a-1")] == ["3", "2"]
    assert sorted(os.listdir(tmp_path)) == ["a", "a-1"]


def test_a_failed_replacement_keeps_file_and_predecessor(tmp_path):
    (tmp_path / "a").write_text("2")
    (tmp_path / "a-1").write_text("1")
    with contextlib.suppress(ValueError), predecessor_kept(tmp_path / "a", tmp_path / "a-1"):
        raise ValueError

    assert [(tmp_path / name).read_text() for name in ("a", "a-1")] == ["2", "1"]
    assert sorted(os.listdir(tmp_path)) == ["a", "a-1"]


def test_setting_aside_never_overwrites(tmp_path):
    for content in "12":
        (tmp_path / "a").write_text(content)
        set_aside(tmp_path / "a")

    assert (tmp_path / "a.corrupt").read_text() == "1"
    assert (tmp_path / "a.2.corrupt").read_text() == "2"


def test_a_file_is_read_up_to_the_limit(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")

    assert read_bytes(tmp_path / "a", limit=5) == b"12345"
    with pytest.raises(StorageError, match="larger than 4 bytes"):
        read_bytes(tmp_path / "a", limit=4)


def test_a_link_to_a_file_is_read(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "b").symlink_to("a")

    assert read_bytes(tmp_path / "b", limit=5) == b"12345"


@pytest.mark.parametrize("kind", ["fifo", "directory", "device", "loop", "missing", "nul"])
def test_what_is_not_a_file_is_refused_at_once(tmp_path, kind):
    path = tmp_path / "a"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to("a")
    elif kind == "nul":
        path = Path("a\0b")
    start = time.perf_counter()
    with pytest.raises(StorageError) as error:
        read_bytes(path, limit=5)

    assert "\n" not in str(error.value)
    assert time.perf_counter() - start < 1


def test_a_second_process_is_told_who_holds_the_directory(tmp_path):
    script = "import sys; from mlptrain.storage.lock import lock\nwith lock(sys.argv[1]): pass"
    with lock(tmp_path):
        child = subprocess.run(
            [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=False
        )

    assert child.stderr.strip().endswith(
        f"EnvironmentFault: {tmp_path}: in use by process {os.getpid()}; "
        "wait until it ends, or choose another directory"
    )


def test_a_lock_can_be_taken_again_after_its_end(tmp_path):
    for _ in range(2):
        with lock(tmp_path):
            assert (tmp_path / LOCK).read_text() == f"{os.getpid()}\n"


def test_a_killed_process_leaves_no_lock(tmp_path):
    script = (
        "import sys, time; from mlptrain.storage.lock import lock\n"
        "with lock(sys.argv[1]):\n print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, tmp_path], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(EnvironmentFault, match=f"process {child.pid};"), lock(tmp_path):
            pass
        child.send_signal(signal.SIGKILL)
    with lock(tmp_path):
        pass


def test_a_lock_is_never_made_through_a_link(tmp_path):
    (tmp_path / LOCK).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="cannot be locked"), lock(tmp_path):
        pass

    assert not (tmp_path / "elsewhere").exists()


def test_a_file_system_without_flock_is_locked_otherwise(tmp_path, monkeypatch):
    monkeypatch.setattr(fcntl, "flock", lambda *_: refuse(errno.ENOSYS))
    with lock(tmp_path):
        assert taken_by_another(tmp_path)
    monkeypatch.setattr(fcntl, "lockf", lambda *_: refuse(errno.ENOLCK))
    with pytest.raises(StorageError, match=r"has no locks .*; choose a directory on another one"):
        lock(tmp_path).__enter__()


def refuse(number):
    raise OSError(number, os.strerror(number))


def taken_by_another(directory):
    """Whether a process of its own, on the same file system, is refused."""
    program = (
        "import errno, fcntl, sys\n"
        "def flock(*_): raise OSError(errno.ENOSYS, 'none')\n"
        "fcntl.flock = flock\n"
        "from mlptrain.storage.lock import lock\n"
        "from mlptrain.errors import EnvironmentFault\n"
        "try: lock(sys.argv[1]).__enter__()\n"
        "except EnvironmentFault: sys.exit(7)\n"
    )
    return subprocess.run([sys.executable, "-c", program, directory], check=False).returncode == 7

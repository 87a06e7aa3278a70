"""Processes that begin at once, and what is left of them whichever of the three is killed."""

import errno
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

import pytest

from mlptrain.system import fork_server
from mlptrain.system.fork_server import Child, ForkServer

forked_and_executed = pytest.mark.parametrize("forks", [True, False])


@contextmanager
def serving(function: str = "echo") -> Iterator[ForkServer]:
    server = ForkServer("served", function)
    yield server
    server.close()


def said(process: Child) -> str:
    line = b""
    while not line.endswith(b"\n"):
        part = process.stdout.read(1)
        assert part, f"it ended after {line!r}"
        line += part
    return line.decode().strip()


def numbers(process: Child) -> tuple[int, int]:
    """Of the process, and of its server."""
    own, parent = map(int, said(process).split())
    return own, parent


def wait_for_end(number: int) -> None:
    """Until a process is dead, buried or not."""
    until = time.monotonic() + 10
    with suppress(FileNotFoundError):
        while not Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].startswith((" Z", " X")):
            assert time.monotonic() < until, "it lives"
            time.sleep(0.001)


@forked_and_executed
def test_each_has_its_own_streams_and_tells_its_exit_code(monkeypatch, forks):
    monkeypatch.setattr(fork_server, "FORKS", forks)
    with serving() as server:
        processes = [server.start() for _ in range(3)]
        found = [numbers(each) for each in processes]
        assert len({own for own, _ in found}) == 3
        assert len({parent for _, parent in found}) == 1
        for code, each in enumerate(processes):
            each.stdin.write(f"{code}\n".encode())
            assert said(each) == str(code)
        assert [each.wait() for each in processes] == [0, 1, 2]


@forked_and_executed
def test_one_ends_when_nobody_talks_to_it_though_others_go_on(monkeypatch, forks):
    monkeypatch.setattr(fork_server, "FORKS", forks)
    with serving() as server:
        first, second = server.start(), server.start()
        numbers(first), numbers(second)
        assert first.wait() == 0
        second.stdin.write(b"7\n")
        assert said(second) == "7"
        assert second.wait() == 7


def test_a_fault_is_told_on_stderr_and_by_the_exit_code(capfd):
    with serving() as server:
        process = server.start()
        numbers(process)
        process.stdin.write(b"fault\n")
        assert said(process) == "fault"
        assert process.wait() == 1
    assert "ValueError: as asked" in capfd.readouterr().err


@forked_and_executed
def test_the_signal_that_ended_one_is_told(monkeypatch, forks):
    monkeypatch.setattr(fork_server, "FORKS", forks)
    with serving() as server:
        killed, other = server.start(), server.start()
        os.kill(numbers(killed)[0], signal.SIGSEGV)
        assert killed.wait() == -signal.SIGSEGV
        numbers(other)
        assert other.wait() == 0


@forked_and_executed
def test_another_server_begins_where_one_was_killed_and_nobody_is_given_up_who_lives(
    monkeypatch, forks
):
    monkeypatch.setattr(fork_server, "FORKS", forks)
    with serving("linger") as server:
        orphan = server.start()
        own, parent = numbers(orphan)
        os.kill(parent, signal.SIGKILL)
        wait_for_end(parent)
        another = server.start()
        assert numbers(another)[1] != parent
        began = time.monotonic()
        assert orphan.wait() == -signal.SIGKILL  # nobody is left to know the code
        assert time.monotonic() - began > 0.4
        wait_for_end(own)
        assert another.wait() == 0


@pytest.mark.parametrize("also", [(), ("served_beside",)])
def test_a_process_has_no_file_of_others_and_no_signal_writes_to_one(tmp_path, also):
    with (tmp_path / "rows").open("wb") as rows, (tmp_path / "lock").open("wb"):
        server = ForkServer("served", "files", [rows.fileno()], also)
        first, second = server.start(), server.start()
        found = [list(map(int, said(each).split())) for each in (first, second)]
        for woken_by, *each in found:
            assert woken_by == -1  # no signal writes to a file
            assert {0, 1, 2, rows.fileno()} < set(each)
            assert len(each) == 6  # its exit code, and the directory of descriptors that it reads
        assert first.wait() == second.wait() == 0
        server.close()


def test_what_is_not_installed_is_left_to_the_function(capfd):
    server = ForkServer("served", "echo", also=("no_such_module", "json"))
    process = server.start()
    numbers(process)
    assert process.wait() == 0
    server.close()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("forks", "call"), [("1", "fork"), ("0", "posix_spawn")])
def test_a_process_that_cannot_begin_is_told(monkeypatch, capfd, forks, call):
    def refuse(*_, **__):
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(os, call, refuse)
    front, far = socket.socketpair()
    (their_in, stdin), (stdout, their_out), (ended, their_end) = os.pipe(), os.pipe(), os.pipe()
    with front:
        socket.send_fds(front, [b"+"], [their_in, their_out, their_end])
    for each in (their_in, their_out, their_end):
        os.close(each)
    handler = signal.getsignal(signal.SIGCHLD)
    try:
        fork_server.serve(str(far.detach()), forks, "served", "echo")
    finally:
        os.close(signal.set_wakeup_fd(-1))
        signal.signal(signal.SIGCHLD, handler)
    with FileIO(stdin, "w"), FileIO(stdout) as said_there, FileIO(ended) as code:
        assert said_there.read() == b""
        assert code.read() == b"\0\0\0\1"
    assert capfd.readouterr().err == (
        "error: no other process can begin: Resource temporarily unavailable\n"
    )


def test_a_server_that_cannot_import_is_a_fault_of_the_program(capfd):
    server = ForkServer("no_such_module", "echo")
    process = server.start()
    assert process.stdout.read() == b""
    assert process.wait() == 1
    server.close()
    assert "ModuleNotFoundError: No module named 'no_such_module'" in capfd.readouterr().err

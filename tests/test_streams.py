"""stdout and stderr that are closed, full, or read by nobody: what they cannot take is dropped.

Every command with every such stream is in tests/chaos/test_streams_everywhere.py.
"""

import errno
import os
import signal
import subprocess
import threading
import time

import pytest
from helpers import changed
from runs import (
    BROKEN,
    THIRTY,
    command,
    finish,
    mlptrain,
    mlptrain_into,
    outcome,
    surroundings,
    write_config,
)

from mlptrain.report.standard_streams import Outlet
from mlptrain.runs.fit import prepare

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.slow
@pytest.mark.parametrize("kind", BROKEN)
def test_fit_trains_to_its_end_whatever_stderr_is(tmp_path, kind):
    config = write_config(tmp_path / "thirty.yaml", THIRTY)
    ended = mlptrain_into("stderr", kind, "fit", config, "--out", tmp_path / "run")

    assert ended.returncode == 0
    assert ended.stdout.startswith("completed: all 3 epochs done\n")
    assert outcome(tmp_path / "run") == finish(prepare(THIRTY, out=tmp_path / "whole"))


def test_a_result_that_a_full_disk_cannot_take_is_exit_6_in_one_line(tmp_path):
    ended = mlptrain_into("stdout", "full", "trace", "x * y", "x=2", "y=3")

    assert ended.returncode == 6
    assert ended.stderr == (
        "error: stdout: cannot be written: No space left on device; the result is incomplete\n"
    )


@pytest.mark.slow
def test_a_failure_keeps_its_code_where_stdout_is_full_as_well(tmp_path):
    assert mlptrain_into("stdout", "full", "fit", tmp_path / "gone.yaml").returncode == 2


@pytest.mark.slow
def test_ctrl_c_on_a_pipeline_saves_although_its_reader_is_gone(tmp_path):
    """`fit 2>&1 | tee log`: the same Ctrl-C ends tee first."""
    ends_itself = changed(THIRTY, {"train.epochs": 3000, "train.eval_every": {"steps": 1}})
    config = write_config(tmp_path / "long.yaml", ends_itself)
    script = f"""
import os, signal, sys
from mlptrain.training import trainer
from mlptrain.__main__ import main
take_step = trainer.take_step
def step(experiment, progress, *others):
    if progress.step == 12:
        os.kill(os.getpid(), signal.SIGINT)
    return take_step(experiment, progress, *others)
trainer.take_step = step
sys.argv = ["mlptrain", "fit", {str(config)!r}, "--out", {str(tmp_path / "run")!r}]
main()
"""
    ended = mlptrain_into("stderr", "broken", "-c", script)

    assert ended.returncode == 128 + signal.SIGINT
    assert prepare(None, resume=tmp_path / "run").progress.step == 13


@pytest.mark.slow
def test_the_first_file_does_not_take_the_place_of_a_closed_stream(tmp_path):
    """Descriptor 2 would be that of the lock or of metrics.jsonl, and get the lines of the log."""
    config = write_config(tmp_path / "thirty.yaml", THIRTY)
    assert mlptrain_into("stderr", "closed", "fit", config, "--out", tmp_path / "run").returncode == 0
    for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines():
        assert line.startswith("{")
    assert (tmp_path / "run" / ".lock").read_text().strip().isdigit()


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path):
    for words in (["--help"], ["schema"], ["trace", "x * y", "x=2", "y=3"]):
        ended = mlptrain_into("stdout", "broken", *words)
        assert (ended.returncode, ended.stderr) == (0, "")


def test_an_outlet_waits_where_another_process_made_the_pipe_nonblocking():
    read, write = os.pipe()
    os.set_blocking(write, False)
    content, got = os.urandom(1 << 20), []

    def reader():
        while part := os.read(read, 1 << 16):
            got.append(part)

    thread = threading.Thread(target=reader)
    thread.start()
    outlet, rest = Outlet(write), memoryview(content)
    while rest:
        rest = rest[outlet.write(rest) :]
    os.close(write)
    thread.join()
    os.close(read)

    assert b"".join(got) == content
    assert outlet.failure is None


@pytest.mark.parametrize(
    ("number", "lost"),
    [(errno.EPIPE, False), (errno.ENOSPC, True), (errno.EIO, True), (errno.EDQUOT, True)],
)
def test_only_a_reader_that_left_is_no_loss(tmp_path, monkeypatch, number, lost):
    with (tmp_path / "file").open("wb") as file:
        outlet = Outlet(file.fileno())

        def refuse(descriptor, data):
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", refuse)
            assert outlet.write(b"abc") == 3
        assert (outlet.full is not None) == lost
        assert outlet.write(b"def") == 3
    assert (tmp_path / "file").read_bytes() == b"def"


@pytest.mark.slow
def test_predict_stops_where_nobody_reads(tmp_path):
    """The rows behind the break are never looked at: one of them is broken."""
    table = tmp_path / "rows.csv"
    table.write_text("a,b,y\n" + "1,2,p\n3,4,q\n5,7,p\n" * 10)
    finish(prepare(changed(THIRTY, {"data.train": str(table)}), out=tmp_path / "run"))
    long = tmp_path / "long.csv"
    long.write_text("a,b\n" + "1,2\n" * 1_500_000 + "1,x\n")
    assert mlptrain("predict", tmp_path / "run", long, "-o", tmp_path / "out.csv").returncode == 3
    ended = mlptrain_into("stdout", "broken", "predict", tmp_path / "run", long)

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_half_written(tmp_path, number):
    """`predict -o` waits for its stdin when the signal comes, its temporary file begun."""
    config = write_config(tmp_path / "config.yaml", THIRTY)
    assert mlptrain("fit", config, "--out", tmp_path / "run", "--quiet").returncode == 0
    words = command("predict", tmp_path / "run", "-", "-o", tmp_path / "p.csv")
    with subprocess.Popen(
        words, env=surroundings(), stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 30
        while not list(tmp_path.glob(".p.csv.tmp-*")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(number)
        assert process.wait(timeout=30) == -number
    assert not list(tmp_path.glob("*p.csv*"))


@pytest.mark.slow
def test_an_address_space_of_a_little_more_than_a_gigabyte_is_enough_for_a_table_and_less_is_one_line(
    tmp_path,
):
    rows = "".join(f"{i % 7},{'pq'[i % 2]}\n" for i in range(60))
    (tmp_path / "rows.csv").write_text("a,y\n" + rows)
    config = write_config(tmp_path / "c.yaml", {"data": {"train": str(tmp_path / "rows.csv")}})
    for kilobytes, code in ((1_200_000, 0), (600_000, 2)):
        limited = ["sh", "-c", f'ulimit -v {kilobytes}; exec "$@"', "sh"]
        ended = subprocess.run(
            [*limited, *command("fit", config, "--dry-run")],
            env=surroundings(), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ended.returncode == code, ended.stderr
    assert ended.stderr.startswith("error: the address space is limited to 614 MB (ulimit -v)")
    assert ended.stderr.count("\n") == 1

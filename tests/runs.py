"""Runs as a user starts them, in this process or in one of their own, and what they leave behind."""

import hashlib
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from mlptrain.cli import cli
from mlptrain.errors import Interrupted
from mlptrain.optim import OPTIMIZERS
from mlptrain.runs.fit import prepare
from mlptrain.runs.run import Run
from mlptrain.storage.archive import read_archive

ROOT = Path(__file__).parent.parent

THIRTY: dict[str, Any] = {
    "seed": 5,
    "data": {"train": {"name": "moons", "points_per_class": 50}, "val": 0.2, "test": 0},
    "model": {"hidden": [6]},
    "optimizer": {"name": "adam", "learning_rate": 0.02},
    "schedule": "cosine",
    "train": {"epochs": 3, "batch_size": 8, "eval_every": {"steps": 4}},
}
"""Three epochs of ten steps, evaluated every fourth step: within epochs as well as at their ends."""

TIMINGS = ("seconds", "examples_per_second")
"""What differs from one run to the next."""


def invoke(*arguments: object) -> Result:
    """A command in this process, where a test may have changed something; no exception is lost."""
    result = CliRunner().invoke(cli, [str(each) for each in arguments], prog_name="mlptrain")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def faults(result: Result) -> list[str]:
    """The lines of an error; nothing else may have been printed, and nothing to stdout."""
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines, "an error without a word"
    assert all(line.startswith("error: ") for line in lines), result.stderr
    return [line.removeprefix("error: ") for line in lines]


def command(*arguments: object) -> list[str]:
    """A command line for a process of its own."""
    return [sys.executable, "-m", "mlptrain", *map(str, arguments)]


def surroundings() -> dict[str, str]:
    """The environment of such a process: this source tree, one thread."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}


def mlptrain(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, waited for."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=180,  # many at once on a busy machine
        check=False,
    )


BROKEN = ("closed", "full", "broken", "gone")
"""A stream that is wrong: `>&-`, a full disk, a pipe without a reader, a terminal that is gone."""


def mlptrain_into(stream: str, kind: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A command (or `-c`, a script) with stdout or stderr broken; the other is captured as text."""
    words = [sys.executable, *arguments] if arguments[0] == "-c" else command(*arguments)
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if kind == "closed":
        number = {"stdout": 1, "stderr": 2}[stream]
        words = ["sh", "-c", f'exec "$@" {number}>&-', "sh", *map(str, words)]
    else:
        streams[stream] = broken_end(kind)
    try:
        ended = subprocess.run(
            words, env=surroundings(), text=True, timeout=120, check=False, **streams
        )
    finally:
        if kind != "closed":
            os.close(streams[stream])
    return subprocess.CompletedProcess(words, ended.returncode, ended.stdout or "", ended.stderr or "")


def broken_end(kind: str) -> int:
    """A descriptor that cannot be written to."""
    if kind == "full":
        return os.open("/dev/full", os.O_WRONLY)
    reader, writer = os.pipe() if kind == "broken" else pty.openpty()
    os.close(reader)
    return writer


@contextmanager
def running(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A command in a process of its own, which is at work inside the block and gone after it."""
    process = subprocess.Popen(
        command(*arguments),
        env=surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def write_config(path: Path, config: Mapping[str, Any]) -> Path:
    """A config as a file."""
    path.write_text(yaml.safe_dump(dict(config), sort_keys=False), encoding="utf-8")
    return path


def records(run: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl."""
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]


def timeless(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """A record without the keys that are about time."""
    return {key: value for key, value in (values or {}).items() if key not in TIMINGS}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def outcome(run: Path) -> dict[str, str]:
    """What must be equal for two runs to be the same: hashes of arrays, clocks and metrics.

    Timings are left out, and so is the length of metrics.jsonl, which depends on their digits.
    """
    found = {"metrics": sha256(json.dumps([timeless(each) for each in records(run)]).encode())}
    for name in ("best", "last"):
        arrays, document = read_archive(run / f"{name}.npz")
        for key, array in arrays.items():
            found[f"{name}: {key}"] = sha256(array.tobytes())
        clock = [timeless(document["progress"]), document["updates"], timeless(document["record"])]
        found[f"{name}: clock"] = sha256(json.dumps(clock).encode())
    return found


# --- stopping a run after a chosen step ---


def train_and_signal(run: Run, step: int) -> None:
    """Train, and send this process what Ctrl-C sends when `step` steps are done."""
    for _ in run:
        if run.progress.step == step:
            signal.raise_signal(signal.SIGINT)


def interrupted_at(run: Run, *steps: int) -> Run:
    """Ctrl-C after the given step of `run`, then a resume, and so on for each step; ready to go on."""
    for step in steps:
        with pytest.raises(Interrupted):
            train_and_signal(run, step)
        run = prepare(None, resume=run.directory.path)
    return run


def abandoned_at(run: Run, *steps: int) -> Run:
    """The same as by SIGKILL: what was not on the disk after that step is lost."""
    for step in steps:
        for _ in run:
            if run.progress.step == step:
                run.checkpointer.saved = step  # or leaving the loop would save
                break
        run = prepare(None, resume=run.directory.path)
    return run


def finish(run: Run) -> dict[str, str]:
    """Train to the end."""
    for _ in run:
        pass
    return outcome(run.directory.path)


RESUMED: dict[str, dict[str, Any]] = {
    **{name: {"optimizer": {"name": name, "learning_rate": 0.02}} for name in OPTIMIZERS},
    "dropout and batch norm": {"model": {"hidden": [6, 5], "dropout": 0.3, "norm": "batch"}},
    "early stopping": {"train.early_stopping": {"patience": 3, "min_delta": 0.05}},
    "clipping, penalty, warm-up": {
        "train.clip_norm": 0.05,
        "regularization": {"l2": 0.01, "l1": 0.01},
        "schedule": {"name": "step", "epochs": [1, 2], "warmup": 7},
    },
    "a short batch": {"train.batch_size": 11, "train.eval_every": {"steps": 3}},
    "float64": {"model.dtype": "float64"},
    "averages": {"train.average": {"ema": 0.8}, "model": {"hidden": [6, 5], "norm": "batch"}},
}
"""What `THIRTY` is changed by, for every kind of state that a resume has to bring back."""

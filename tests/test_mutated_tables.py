"""Mutated files of every kind of table, from the command line: lines of ours and an exit code, always.

A parser in Rust may say more than that, or take the process with it. So the commands run in a process
of their own, one for all mutants of a kind, and all that it prints is looked at. MLPTRAIN_TABLES says
how many mutants of each kind are tried; `make chaos` tries 200.
"""

import gzip
import io
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from runs import faults, invoke, surroundings, write_config

COUNT = int(os.environ.get("MLPTRAIN_TABLES", "20"))

FRAME = pl.DataFrame(
    {
        "size": [None if i % 17 == 3 else i * 37 % 101 / 7 for i in range(60)],
        "count": [i % 9 for i in range(60)],
        "color": [["red", "green", "blue, 'n' \"q\""][i % 3] for i in range(60)],
        "y": [["p", "q"][i % 2] for i in range(60)],
    }
)


def written(write, **options):
    """The bytes that a method of the frame writes."""
    buffer = io.BytesIO()
    write(buffer, **options)
    return buffer.getvalue()


KINDS = {
    "parquet": written(FRAME.write_parquet),
    "arrow": written(FRAME.write_ipc, compression="zstd"),
    "jsonl": written(FRAME.write_ndjson),
    "csv": written(FRAME.write_csv),
    "csv.gz": gzip.compress(written(FRAME.write_csv), mtime=0),
    "jsonl.gz": gzip.compress(written(FRAME.write_ndjson), mtime=0),
}
MARKS = (b"\xff" * 4, b"\0" * 4, b"\x80" * 8, b"\x7f", b'"', b'",', b"{", b"\r", b"1e999")

CONFIG = {
    "data": {
        "train": "t.csv",
        "target": "y",
        "val": 0.2,
        "test": 0,
        "missing": "mean",
        "categorical": {"missing": "zeros", "unseen": "zeros"},
    },
    "model": {"hidden": [3]},
    "train": {"epochs": 1},
}

COMMANDS = """
import os, sys
from mlptrain.cli import cli
for line in sys.stdin:
    file, command = line.split()
    words = {"fit": ["fit", "c.yaml", "--dry-run", "--set", f"data.train={file}"],
             "predict": ["predict", "run", file, "-o", "out.csv"]}[command]
    try:
        cli(words, prog_name="mlptrain")
    except SystemExit as end:
        sys.stderr.flush()
        os.write(2, f"\\n=== {file} {command} {end.code}\\n".encode())
"""


def mutant(choice, data):
    """Bits flipped, bytes overwritten, a piece copied, left out, or the rest cut off."""
    changed = bytearray(data)
    for _ in range(choice.choice([1, 1, 1, 2, 4, 16])):
        place, size = choice.randrange(len(changed)), choice.randrange(1, 40)
        kind = choice.random()
        if kind < 0.5:
            changed[place] ^= 1 << choice.randrange(8)
        elif kind < 0.7:
            mark = choice.choice(MARKS)
            changed[place : place + len(mark)] = mark
        elif kind < 0.85:
            start = choice.randrange(len(changed))
            changed[place : place + size] = changed[start : start + size]
        elif kind < 0.95:
            del changed[place : place + size]
        else:
            del changed[place:]
        changed = changed or bytearray(data)
    return bytes(changed)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A directory with a table, a config for it, and a run."""
    place = tmp_path_factory.mktemp("mutants")
    FRAME.write_csv(place / "t.csv")
    write_config(place / "c.yaml", CONFIG)
    table = f"data.train={place}/t.csv"
    done = invoke("fit", place / "c.yaml", "--set", table, "--out", place / "run", "--quiet")
    assert done.exit_code == 0
    return place


QUICK = ("csv", "jsonl")
"""A parser in a process of its own reads Parquet and Arrow; what is packed unpacks into these."""
ORDERED = [pytest.param(kind, marks=[] if kind in QUICK else [pytest.mark.slow]) for kind in KINDS]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ORDERED)
def test_any_mutant_ends_in_lines_of_ours_or_is_read(place, kind):
    choice = random.Random(f"{kind} 1")
    tasks = []
    for number in range(COUNT):
        name = f"{number}.{kind}"
        (place / name).write_bytes(mutant(choice, KINDS[kind]))
        tasks.append(f"{name} {'predict' if number % 2 else 'fit'}")
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS],
        cwd=place,
        env=surroundings(),
        input="\n".join(tasks),
        capture_output=True,
        text=True,
        check=False,
    )
    *ends, rest = re.split(r"\n=== (\S+ \S+) (\S+)\n", done.stderr)

    assert done.returncode == 0, rest
    assert (ends[1::3], rest) == (tasks, "")
    for printed, task, code in zip(ends[::3], ends[1::3], ends[2::3], strict=True):
        start = "error: " if code != "0" else ("note: ", "warning: ")
        assert code in ("0", "3"), f"{task}: {printed}"
        assert all(line.startswith(start) for line in printed.splitlines()), f"{task}: {printed}"
        assert printed or code == "0", task


def overwritten(data, place, number):
    """The data with a 64-bit number at a place."""
    return data[:place] + number.to_bytes(8, "little") + data[place + 8 :]


ZSTD = KINDS["arrow"]
LENGTH = ZSTD.index(b"\x28\xb5\x2f\xfd") - 8
"""Before each compressed buffer stands what it unpacks to."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        (
            "petabyte.arrow",
            overwritten(ZSTD, LENGTH, 1 << 50),
            "Arrow IPC file: memory allocation of 1125899906842624 bytes failed",
        ),
        ("nothing.arrow", b"", "Arrow IPC file: "),
        ("cut.parquet", KINDS["parquet"][:-9], "Parquet file: "),
        ("empty.parquet", b"", "Parquet file: "),
    ],
)
def test_a_file_that_would_end_the_parser_is_one_line(place, name, data, reason):
    path = place / name
    path.write_bytes(data)
    for command in (
        ["fit", place / "c.yaml", "--dry-run", "--set", f"data.train={path}"],
        ["predict", place / "run", path, "-o", place / "out.csv"],
    ):
        result = invoke(*command)

        assert result.exit_code == 3
        (fault,) = faults(result)
        assert fault.startswith(f"{path}: is not a valid {reason}")


def test_a_parser_is_never_taken_from_the_working_directory(place, monkeypatch, tmp_path):
    """The process that parses has the path of this one, and nothing else."""
    for name in ("polars", "numpy", "mlptrain"):
        (tmp_path / f"{name}.py").write_text(f"open('{tmp_path}/run', 'w')\n")
    (tmp_path / "t.parquet").write_bytes(KINDS["parquet"])
    monkeypatch.chdir(tmp_path)
    result = invoke("predict", place / "run", "t.parquet", "-o", "out.csv")

    assert result.exit_code == 0, result.stderr
    assert not Path("run").exists()

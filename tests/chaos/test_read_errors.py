"""Each read of each file that a command reads fails: one line with its name, exit 6, nothing moved.

A small library of ours (eio.c) is preloaded into the commands, and lets the k-th read of a file fail
and all after it. MLPTRAIN_STRIDE is the distance of the reads that are tried; `make chaos` tries every
one. A fault that passes, one read that fails once, is not even noticed.
"""

import gzip
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from runs import command, outcome, surroundings, write_config

pytestmark = pytest.mark.chaos
STRIDE = int(os.environ.get("MLPTRAIN_STRIDE", "9"))
CSV = "a,b,y\n" + "".join(f"{i % 7},{i % 5 / 4},{'pq'[i % 2]}\n" for i in range(60))


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    """The library, compiled."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not Path("/proc/self/fd").exists():
        pytest.skip("needs a C compiler, and Linux")
    made = tmp_path_factory.mktemp("shim") / "eio.so"
    source = Path(__file__).with_name("eio.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"], check=True)
    return made


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the same rows in every form, a config, and a run of it."""
    folder = tmp_path_factory.mktemp("place")
    frame = pl.read_csv(CSV.encode())
    X, y = frame.select("a", "b").to_numpy(), (frame["y"] == "p").to_numpy().astype(np.uint8)
    (folder / "t.csv").write_text(CSV)
    (folder / "new.csv").write_text(CSV)
    (folder / "t.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    frame.write_ndjson(folder / "t.jsonl")
    frame.write_parquet(folder / "t.parquet")
    frame.write_ipc(folder / "t.arrow")
    np.savez(folder / "t.npz", X=X, y=y)
    np.save(folder / "t.npy", X)
    np.save(folder / "y.npy", y)
    lines = (f"{label} 1:{a} 2:{b}\n" for label, (a, b) in zip(y, X, strict=True))
    (folder / "t.svm").write_text("".join(lines))
    pixels = (X * 10).astype(np.uint8)[:, :, None]
    for name, array in (("t-images-idx3-ubyte", pixels), ("t-labels-idx1-ubyte", y)):
        sizes = b"".join(int(n).to_bytes(4, "big") for n in array.shape)
        (folder / name).write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes())
    config = {
        "data": {"train": "t.csv", "target": "y"},
        "train": {"epochs": 2},
        "model": {"hidden": []},
    }
    write_config(folder / "c.yaml", config)
    done = run(folder, "fit", "c.yaml", "--out", "run", "--quiet")
    assert done.returncode == 0, done.stderr
    return folder


FIT = ["fit", "c.yaml", "--quiet", "--out", "../out"]


def fit_on(name, target="y"):
    setting = ["--set", f"data.train={name}", "--set", f"data.target={target}"]
    return [*FIT, *setting]


RESUME = ["fit", "--resume", "run", "--set", "train.epochs=3"]
EVAL, PREDICT = ["eval", "run"], ["predict", "run", "new.csv", "-o", "out.csv"]
REPORT = ["report", "run", "-o", "out.html"]
CASES = {
    "fit, its config": (FIT, "c.yaml"),
    **{
        f"fit, {name}": (fit_on(name), name)
        for name in ("t.csv", "t.csv.gz", "t.jsonl", "t.parquet", "t.arrow", "t.npz", "t.svm")
    },
    "fit, t.npy": (fit_on("t.npy", "y.npy"), "t.npy"),
    "fit, its labels": (fit_on("t.npy", "y.npy"), "y.npy"),
    "fit, images": (fit_on("t-images-idx3-ubyte", "t-labels-idx1-ubyte"), "t-images-idx3-ubyte"),
    "fit, their labels": (fit_on("t-images-idx3-ubyte", "t-labels-idx1-ubyte"), "t-labels-idx1-ubyte"),
    "warm start, its checkpoint": (
        [*FIT, "--init-from", "run"],
        "run/best.npz",
    ),
    "resume, last.npz": (RESUME, "run/last.npz"),
    "resume, config.yaml": (RESUME, "run/config.yaml"),
    "resume, t.csv": (RESUME, "t.csv"),
    "show, best.npz": (["show", "run"], "run/best.npz"),
    "eval, best.npz": (EVAL, "run/best.npz"),
    "eval, t.csv": (EVAL, "t.csv"),
    "eval, new.csv": ([*EVAL, "--data", "new.csv"], "new.csv"),
    "predict, best.npz": (PREDICT, "run/best.npz"),
    "predict, new.csv": (PREDICT, "new.csv"),
    "init, new.csv": (["init", "new.csv", "--target", "y"], "new.csv"),
    "report, metrics.jsonl": (REPORT, "run/metrics.jsonl"),
    "report, summary.json": (REPORT, "run/summary.json"),
    "report, config.yaml": (REPORT, "run/config.yaml"),
    "report, best.npz": (REPORT, "run/best.npz"),
    "report, t.csv": (REPORT, "t.csv"),
}
"""A command, and the file that fails."""
DOES_WITHOUT = {
    "init, new.csv": "it needs no fingerprint, and waits for none",
    "report, summary.json": "the page has been told; explaining the model asks once more, for a note",
    "fit, t.arrow": "polars maps the rows; what it reads besides, the size of each batch, is a hint",
}
"""Cases in which some reads may fail unnoticed, and why: the result is the same."""


def run(folder, *words, **failing):
    """A command in the folder, where `failing` are settings of the library."""
    return subprocess.run(
        command(*words),
        cwd=folder,
        env=surroundings() | {key: str(value) for key, value in failing.items()},
        capture_output=True,
        text=True,
        timeout=600,  # many at once on a busy machine
        check=False,
    )


def content(folder):
    """Every file and its bytes, but for the lock, which says who was there last."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def result(done, out):
    """What a command made: a run, or what it printed."""
    return outcome(out) if out.exists() else done.stdout


@pytest.mark.parametrize("case", CASES)
def test_a_read_that_fails_is_one_line_and_moves_nothing(place, shim, tmp_path, case):
    words, name = CASES[case]
    if words[0] == "report":
        pytest.importorskip("matplotlib")
    folder, log = tmp_path / "place", tmp_path / "log"
    shutil.copytree(place, folder)
    before = content(folder)
    settings = {"LD_PRELOAD": shim, "EIO_FILE": f"/place/{name}", "EIO_LOG": log}

    done = run(folder, *words, **settings, EIO_FROM=0, EIO_TIMES=1)
    assert done.returncode == 0, (case, "a fault that passes", done.stderr)
    expected = result(done, tmp_path / "out")
    for made in (folder, tmp_path / "out"):
        shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(place, folder)
    reads, k = log.stat().st_size, 0
    assert reads >= 1, "the file was never read"
    while k < reads:
        log.write_bytes(b"")
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        done = run(folder, *words, **settings, EIO_FROM=k)
        if b"!" not in log.read_bytes():
            break  # two processes read it, and neither so often
        lines = done.stderr.splitlines()
        if case in DOES_WITHOUT and done.returncode == 0:
            assert result(done, tmp_path / "out") == expected, (case, k)
            k += STRIDE
            continue

        assert done.returncode == 6, (case, k, done.stderr[-2000:])
        assert len(lines) == 1, (case, k, lines)
        assert lines[0].startswith("error: "), lines
        assert f"{name}: cannot be read: Input/output error" in lines[0], (case, k)
        assert content(folder) == before, (case, k)
        k += STRIDE

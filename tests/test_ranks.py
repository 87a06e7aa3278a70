"""One run over the ranks of an MPI job: the bits of one process, one that decides, an end for all."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from helpers import TOY, changed

from mlptrain.training.checkpoint import Checkpoint

pytest.importorskip("mpi4py")
pytestmark = pytest.mark.slow

HOSTS = [
    ("MPIR_CVAR_NOLOCAL", "0"),
    ("MPIR_CVAR_NOLOCAL", "1"),
    ("MPIR_CVAR_ODD_EVEN_CLIQUES", "1"),
]
"""What MPICH takes the ranks of this machine for: of one host, of one each, of two in turn."""

SHARDED = changed(
    TOY,
    {
        "data.train.points_per_class": 50,
        "data.val": 0.2,
        "train": {"epochs": 3, "batch_size": 16, "shards": 4},
    },
)


def command(*arguments):
    return [sys.executable, "-m", "mlptrain", "fit", *map(str, arguments)]


def fit(*arguments, **settings):
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=120, **settings)


def mpiexec(ranks, *arguments):
    """The command line of a user who starts the ranks."""
    beside = Path(sys.executable).with_name("mpiexec")
    launcher = beside if beside.exists() else shutil.which("mpiexec")
    return [str(launcher), "-n", str(ranks), *command(*arguments)]


def write(path, config):
    path.write_text(yaml.safe_dump(config))
    return path


def bits(run):
    """Parameters, state of the optimizer, and records but for what the clock says."""
    checkpoint = Checkpoint.read(run / "last.npz")
    lines = (run / "metrics.jsonl").read_text().splitlines()
    records = [re.sub(r', "(seconds|examples_per_second)": [^,}]+', "", line) for line in lines]
    return {name: array.tobytes() for name, array in checkpoint.arrays.items()}, records


CONFIGS = {
    "sgd, weights": {"loss": {"name": "softmax", "class_weights": [1.0, 5.0]}},
    "momentum, clipping, penalty": {
        **{"optimizer": {"name": "momentum", "learning_rate": 0.1}, "train.clip_norm": 0.1},
        "regularization": {"l2": 0.01},
    },
    "adam, dropout, histograms": {
        **{"optimizer": {"name": "adam", "learning_rate": 0.01}, "train.log_histograms": True},
        **{"model.dropout": 0.3, "model.dtype": "float32"},
    },
    "adam, clipping, several slices": {  # 94,502 parameters: two blocks for most of four ranks
        **{"optimizer": {"name": "adam", "learning_rate": 0.01}, "train.clip_norm": 0.1},
        **{"model.hidden": [300, 310], "model.dtype": "float32", "train.epochs": 2},
    },
    "adamw, layer norm, accumulate": {
        "optimizer": {"name": "adamw", "learning_rate": 0.01},
        **{"model.norm": "layer", "train.accumulate": 2, "model.dropout": 0.3},
    },
}


@pytest.mark.parametrize("name", CONFIGS)
def test_shards_have_the_same_bits_over_any_number_of_ranks(name, tmp_path):
    config = write(tmp_path / "c.yaml", changed(SHARDED, CONFIGS[name]))
    fit(config, "--out", tmp_path / "1", check=True)
    for ranks in (2, 3, 4):
        fit(config, "--out", tmp_path / str(ranks), "--ranks", ranks, check=True)
        assert bits(tmp_path / str(ranks)) == bits(tmp_path / "1"), ranks


@pytest.mark.parametrize("hosts", HOSTS)
def test_without_shards_ranks_give_the_gradient_of_the_whole_minibatch(hosts, tmp_path, monkeypatch):
    monkeypatch.setenv(*hosts)
    config = write(tmp_path / "c.yaml", changed(SHARDED, {"train.shards": None, "model.dropout": 0.3}))
    fit(config, "--out", tmp_path / "1", check=True)
    subprocess.run(mpiexec(2, config, "--out", tmp_path / "2"), check=True, timeout=120)
    one, two = (Checkpoint.read(tmp_path / each / "last.npz").arrays for each in "12")
    for name, array in one.items():
        np.testing.assert_allclose(two[name], array, rtol=0, atol=1e-12)


@pytest.mark.parametrize("ranks", [2, 3])
def test_an_evaluation_over_ranks_has_the_bits_of_one_process(ranks, tmp_path):
    """4,200 training rows, of which 2,000 are measured in two pieces, and 1,800 to validate."""
    changes = {"data.train.points_per_class": 3000, "data.val": 0.3, "model.dtype": "float32"}
    train = {"epochs": 2, "batch_size": 600, "shards": 3, "average": {"ema": 0.9}}
    config = write(tmp_path / "c.yaml", changed(SHARDED, {**changes, "train": train}))
    fit(config, "--out", tmp_path / "1", check=True)
    fit(config, "--out", tmp_path / "2", "--ranks", ranks, check=True)
    assert bits(tmp_path / "2") == bits(tmp_path / "1")
    assert len(bits(tmp_path / "1")[1]) == 2


RULES = {
    "sgd": {"name": "sgd", "learning_rate": 0.1},
    "momentum": {"name": "momentum", "learning_rate": 0.1},
    "adam": {"name": "adam", "learning_rate": 0.01},
    "adamw": {"name": "adamw", "learning_rate": 0.01},
}
WIDE = {"model.hidden": [300, 310], "model.dtype": "float32", "train.epochs": 2}
OVER_HOSTS = {
    f"{rule}-{clip}": {**WIDE, "optimizer": RULES[rule], "train.clip_norm": clip}
    for rule in RULES
    for clip in (None, 0.1)
} | {
    "accumulated": {
        **{**WIDE, "optimizer": RULES["adam"], "train.accumulate": 2, "train.log_histograms": True},
        **{"model.dropout": 0.3, "model.norm": "layer", "train.shards": 8},
    },
    "averages": {
        **{**WIDE, "data.train.points_per_class": 900, "data.val": 0.3},
        **{"train.batch_size": 300, "train.average": {"ema": 0.9}},
    },
}
"""94,502 parameters or more; the evaluations of the last are shared."""
ALL = """
import sys
from pathlib import Path
from mlptrain.runs.fit import prepare
from mlptrain.runs.ranks import admission, follow, leading
from mlptrain.system.ranks import join, launched
for config in sorted(Path(sys.argv[1]).glob("*.yaml")):
    run = Path(sys.argv[2]) / config.stem
    if launched() == 1:
        list(prepare(config, out=run))
    elif (team := join(print)).rank:
        assert follow(team, config, []) == 0
    else:
        with leading(team):
            list(prepare(config, out=run, join=admission(team, config, [])))
"""
"""A run of each config in a directory: one job for all of them, which is much faster."""


@pytest.mark.parametrize(
    ("ranks", "hosts"), [(2, HOSTS[1]), (3, HOSTS[1]), (4, HOSTS[1]), (3, HOSTS[2]), (4, HOSTS[2])]
)
def test_ranks_of_several_hosts_have_the_bits_of_one_process(ranks, hosts, tmp_path, monkeypatch):
    for name, changes in OVER_HOSTS.items():
        write(tmp_path / f"{name}.yaml", changed(SHARDED, changes))
    words = [sys.executable, "-c", ALL, str(tmp_path)]
    one = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([*words, str(tmp_path / "one")], env=one, check=True, timeout=300)
    monkeypatch.setenv(*hosts)
    words = [*mpiexec(ranks)[:3], *words, str(tmp_path / "many")]
    subprocess.run(words, check=True, timeout=300)
    for name in OVER_HOSTS:
        assert bits(tmp_path / "many" / name) == bits(tmp_path / "one" / name), name


def test_messages_have_the_bits_of_shared_memory(tmp_path):
    """Where /dev/shm is too small; of three ranks two have two pieces of a minibatch."""
    wide = CONFIGS["adam, clipping, several slices"]
    changes = {**wide, "train.shards": 8, "train.epochs": 1}
    config = write(tmp_path / "c.yaml", changed(SHARDED, changes))
    fit(config, "--out", tmp_path / "shared", "--ranks", 3, check=True)
    program = (
        "from mlptrain import __main__ as program; from mlptrain.system import window; "
        "window.SHARED_MEMORY = '/nowhere'; program.main()"
    )
    words = mpiexec(3, config, "--out", tmp_path / "sent")
    place = words.index("-m")
    words[place : place + 2] = ["-c", program]
    subprocess.run(words, check=True, timeout=300)
    assert bits(tmp_path / "sent") == bits(tmp_path / "shared")


@pytest.mark.parametrize("hosts", HOSTS)
def test_a_run_goes_on_with_another_number_of_ranks(hosts, tmp_path, monkeypatch):
    monkeypatch.setenv(*hosts)
    config = write(tmp_path / "c.yaml", changed(SHARDED, CONFIGS["adam, dropout, histograms"]))
    fit(config, "--out", tmp_path / "whole", check=True)
    fit(config, "--out", tmp_path / "parts", "--ranks", 2, "--set", "train.epochs=1", check=True)
    fit("--resume", tmp_path / "parts", "--ranks", 3, "--set", "train.epochs=3", check=True)
    assert bits(tmp_path / "parts")[0] == bits(tmp_path / "whole")[0]


def test_a_rank_with_another_config_is_refused_before_anything_is_written(tmp_path):
    one = mpiexec(1, write(tmp_path / "a.yaml", SHARDED), "--out", tmp_path / "run")
    other = write(tmp_path / "b.yaml", changed(SHARDED, {"train.clip_norm": 2.0}))
    both = [*one, ":", "-n", "1", *command(other, "--out", tmp_path / "run")]
    ended = subprocess.run(both, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 2
    found = " ".join(ended.stderr.split())
    assert re.fullmatch(
        r"error: rank 1 on \S+: train.clip_norm is 2.0 in its config, and None .*", found
    )
    assert found.count("error:") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"train.shards": 1}, [], r"train\.shards: 1 shards for 2 ranks"),
        ({"train.shards": None, "model.norm": "batch"}, [], r"model\.norm: batch norm takes"),
        ({"train.epochs": "many"}, [], r"c\.yaml:\d+: train\.epochs"),
        ({}, ["--folds", "3"], r"--folds needs no ranks"),
    ],
)
def test_what_ranks_cannot_share_is_refused_on_one_line(changes, options, message, tmp_path):
    config = write(tmp_path / "c.yaml", changed(SHARDED, changes))
    ended = fit(config, "--ranks", 2, "--out", tmp_path / "run", *options)
    assert ended.returncode == 2
    found = " ".join(ended.stderr.split())
    assert re.match(rf"error: .*{message}", found)
    assert found.count("error:") == 1


@pytest.mark.parametrize(("signal_", "code"), [(signal.SIGKILL, 6), (signal.SIGSTOP, 6)])
@pytest.mark.parametrize("rank", [0, 1])
def test_a_rank_that_is_lost_ends_the_job_and_leaves_a_run_that_goes_on(rank, signal_, code, tmp_path):
    """SIGSTOP is a rank that hangs: it is noticed in half a minute."""
    config = write(
        tmp_path / "c.yaml",
        changed(SHARDED, {"train.epochs": 100_000, "train.checkpoint_every": {"steps": 5}}),
    )
    run = tmp_path / "run"
    with subprocess.Popen(
        command(config, "--ranks", 2, "--out", run), stderr=subprocess.PIPE, text=True
    ) as job:
        while not (run / "last.npz").exists():
            assert job.poll() is None, job.communicate()[1]
            time.sleep(0.1)
        os.kill(process_of(rank, run), signal_)
        told = job.communicate(timeout=90)[1]
    assert job.returncode == code
    assert len([line for line in told.splitlines() if "error:" in line]) == 1, told[-2000:]
    assert "checkpoint is valid" in " ".join(told.split())
    step = Checkpoint.read(run / "last.npz").progress().step
    fit("--resume", run, "--set", f"train.epochs={step // 5 + 2}", check=True)


def process_of(rank, run):
    """The number of the process that is this rank of the job that writes into `run`."""
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            variables = (place / "environ").read_bytes().split(b"\0")
            words = (place / "cmdline").read_bytes().split(b"\0")
            if b"PMI_RANK=%d" % rank in variables and str(run).encode() in words:
                return int(place.name)
    raise AssertionError(f"no rank {rank}")

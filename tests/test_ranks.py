"""One run over the ranks of an MPI job: the bits of one process, one that decides, an end for all."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from helpers import TOY, changed

from mlptrain.training.checkpoint import Checkpoint

pytest.importorskip("mpi4py")
pytestmark = pytest.mark.slow

BEGUN = re.compile(rb"^ +1 ", re.MULTILINE)
"""A line of the table: the first epoch is over."""
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

"""Small things that several test files need: a node run by hand, a run without files, a hash."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from mlptrain.config import load_config
from mlptrain.data.dataset import Dataset, Rows
from mlptrain.data.preprocessing.columns import KINDS
from mlptrain.data.preprocessing.columns.column import Column
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.split import Partition
from mlptrain.graph.graph import Graph
from mlptrain.graph.node import Node
from mlptrain.nn.network import Network
from mlptrain.tools.gradcheck import Row, check, network_case, node_case
from mlptrain.tools.gradcheck.networks import network_cases
from mlptrain.tools.gradcheck.nodes import node_cases
from mlptrain.training.build import build, load
from mlptrain.training.experiment import Experiment
from mlptrain.training.record import Progress, Record
from mlptrain.training.trainer import train

CONFIGS = Path(__file__).parent.parent / "configs"

TOY: dict[str, Any] = {
    "seed": 3,
    "data": {"train": {"name": "moons", "points_per_class": 15}, "val": 0, "test": 0},
    "model": {"hidden": [5, 4], "dtype": "float64"},
    "loss": {"name": "softmax"},
    "optimizer": {"name": "sgd", "learning_rate": 0.1},
    "schedule": {"name": "constant"},
    "train": {"epochs": 2, "batch_size": 8, "eval_every": 1000},
}
"""Two epochs of 30 points, the last batch short: a run of a few milliseconds."""


def blas_threads() -> set[int]:
    """How many threads BLAS has now."""
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def run_node(
    node: Node,
    *inputs: Any,
    upstream: Any = 1.0,
    gradients: int | None = None,
    dtype: Any = np.float64,
) -> tuple[Any, list[Any]]:
    """The output of a node and the gradients of its first inputs (all of them, if not given)."""
    arrays = [np.asarray(each) for each in inputs]
    count = len(arrays) if gradients is None else gradients
    graph = Graph(dtype)
    leaves = [
        graph.input(
            f"x{i}",
            array.shape,
            array.dtype if array.dtype.kind == "i" and i >= count else None,
            wants_gradient=i < count,
        )
        for i, array in enumerate(arrays)
    ]
    output = graph.add(node, *leaves, name="output")
    plan = graph.plan()
    for leaf, array in zip(leaves, arrays, strict=True):
        plan.value(leaf)[...] = array
    plan.forward()
    plan.backward(upstream)
    return plan.value(output).copy(), [plan.gradient(leaf).copy() for leaf in leaves[:count]]


def changed(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `config` in which the dotted keys of `changes` have new values."""
    copy = {k: changed(v, {}) if isinstance(v, Mapping) else v for k, v in config.items()}
    for key, value in changes.items():
        *path, last = key.split(".")
        section = copy
        for name in path:
            section = section.setdefault(name, {})
        section[last] = value
    return copy


def load_data(
    train: Any,
    *,
    classify: bool = True,
    seed: int = 0,
    dtype: Any = np.float64,
    fitted: Preprocessing | None = None,
    **section: Any,
) -> Dataset:
    """The dataset of a `data` section; all rows train where it does not say otherwise."""
    config = {
        "seed": seed,
        "data": {"train": train, "val": None, "test": None, **section},
        "model": {"dtype": np.dtype(dtype).name},
        "loss": "softmax" if classify else "mse",
    }
    return load(load_config(config), fitted)


@contextmanager
def one_more_kind(name: str, kind: type[Column]) -> Iterator[None]:
    """While it lasts, a kind of column that is asked before all others."""
    before = dict(KINDS)
    KINDS.clear()
    KINDS.update({name: kind, **before})
    try:
        yield
    finally:
        KINDS.clear()
        KINDS.update(before)


def partition_of(assigned: np.ndarray) -> Partition:
    """The row numbers of each set."""
    sets = range(len(Partition._fields))
    return Partition(*(np.flatnonzero(assigned == number) for number in sets))


def trained(
    config: str | Path | Mapping[str, Any], overrides: Sequence[str] = ()
) -> tuple[Experiment, Record]:
    """Train to the end without a run directory: the experiment as it then stands, the last record."""
    experiment = build(load_config(config, overrides))
    records = [record for record in train(experiment, Progress()) if record is not None]
    return experiment, records[-1]


def arrays_of(experiment: Experiment) -> list[np.ndarray]:
    """Everything that training changes: parameters, state of the optimizer, running statistics."""
    return [
        experiment.network.parameters.values,
        *experiment.optimizer.state.values(),
        *experiment.network.statistics.values(),
    ]


def fingerprint(experiment: Experiment) -> str:
    """SHA-256 over the bits of everything that training changes."""
    digest = hashlib.sha256()
    for array in arrays_of(experiment):
        digest.update(array.tobytes())
    return digest.hexdigest()


def check_node(
    name: str, node: Node, inputs: Sequence[np.ndarray], seed: int, *, gradients: int | None = None
) -> list[Row]:
    """The gradient check of one node: a row for each of its first inputs (all, if not given)."""
    return list(check(node_case(name, node, inputs, seed, gradients=gradients)))


def check_network(name: str, network: Network, rows: Rows, seed: int) -> list[Row]:
    """The gradient check of one network: a row for each parameter."""
    return list(check(network_case(name, network, rows, seed)))


def check_nodes(seed: int = 0) -> Iterator[Row]:
    """The gradient check of every node of every registry."""
    return (row for case in node_cases(seed) for row in check(case))


def check_networks(seed: int = 0) -> Iterator[Row]:
    """The gradient check of networks that together hold everything there is."""
    return (row for case in network_cases(seed) for row in check(case))

"""`bench`: the phases of a step and its matrix products, on a clock that only work moves."""

import json

import numpy as np
import pytest
from helpers import blas_threads
from runs import invoke, write_config

from mlptrain.data.inputs import Inputs
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.linear import Linear
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron
from mlptrain.optim import OPTIMIZERS
from mlptrain.tools import bench as module
from mlptrain.tools.bench import bench
from mlptrain.training import minibatches
from mlptrain.training.products import multiply, products

CONFIG = {
    "data": {"train": {"name": "moons", "points_per_class": 20}, "val": 0, "test": 0},
    "model": {"hidden": [5, 4]},
    "optimizer": {"name": "sgd", "learning_rate": 0.1},
    "train": {"batch_size": 8},
}
"""Five batches of 8 rows, and three linear layers: 2 x 5, 5 x 4, 4 x 2."""


class Clock:
    """Seconds that pass when work is done."""

    now = 0.0

    def perf_counter(self):
        return self.now

    def costs(self, seconds, work):
        """The same work; it takes so many seconds."""

        def slow(*arguments):
            self.now += seconds
            return work(*arguments)

        return slow


@pytest.fixture
def clock(monkeypatch):
    """Every kind of work costs another power of ten, so that a sum says what was done how often."""
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(module, "SECONDS", 1e-9)  # no repetitions
    for owner, name, seconds in (
        (Linear, "forward", 1),
        (Linear, "backward", 10),
        (OPTIMIZERS["sgd"], "change", 100),
        (Inputs, "take", 1000),
        (minibatches, "take", 1000),
    ):
        monkeypatch.setattr(owner, name, clock.costs(seconds, getattr(owner, name)))
    return clock


def test_each_phase_is_the_time_of_its_own_work(clock):
    """Three layers forward and backward, one update, X and y taken from the data."""
    phases = bench(CONFIG).phases_ms

    assert phases == {
        "batch": pytest.approx(2_000e3),
        "forward": pytest.approx(3e3),
        "backward": pytest.approx(30e3),
        "check": 0,
        "update": pytest.approx(100e3),
    }


def test_a_step_is_all_of_them_and_its_examples_are_those_of_a_batch(clock):
    measured = bench(CONFIG)

    assert measured.step_ms == pytest.approx(2_133e3)
    assert measured.examples_per_second == pytest.approx(8 / 2_133)


def test_the_products_of_a_step_are_three_for_each_layer_but_two_for_the_first(monkeypatch):
    """X W and X^T dZ for every layer, dZ W^T where a gradient goes further down."""
    monkeypatch.setattr(module, "SECONDS", 1e-9)
    real, seen = np.matmul, []
    monkeypatch.setattr(
        np, "matmul", lambda a, b, out: (seen.append((*a.shape, b.shape[1])), real(a, b, out))
    )
    bench(CONFIG)

    assert set(seen) == {
        *((8, 2, 5), (2, 8, 5)),
        *((8, 5, 4), (5, 8, 4), (8, 4, 5)),
        *((8, 4, 2), (4, 8, 2), (8, 2, 4)),
    }
    assert len({seen.count(shapes) for shapes in seen}) == 1


@pytest.mark.parametrize("hidden", [[], [5, 4]])
@pytest.mark.parametrize(("norm", "members"), [("layer", 0), ("batch", 0), ("layer", 3)])
def test_a_norm_adds_no_product_whoever_shares_it(hidden, norm, members):
    def shapes(norm):
        relus = [ACTIVATIONS["relu"]() for _ in hidden]
        made = perceptron(6, 3, hidden, relus, norm=norm, members=members, input_scale=members > 0)
        network = Network(made, LOSSES["softmax"]())
        found = products(network, network.training.graph.plan(8))
        multiply(found)
        return [(left.shape, right.shape) for left, right, _ in found]

    assert len(shapes(norm)) >= 2 * (len(hidden) + 1)
    assert shapes(norm) == shapes("none")


def test_the_products_are_timed_alone_and_held_against_the_step(clock, monkeypatch):
    """Eight products of half a second each, in a step of 2,133 s."""
    monkeypatch.setattr(np, "matmul", clock.costs(0.5, np.matmul))
    document = bench(CONFIG).document()

    assert document["products_ms"] == pytest.approx(4e3)
    assert document["products_over_step"] == pytest.approx(4 / 2_133)


@pytest.mark.parametrize("threads", [1, 2])
def test_it_is_measured_with_the_threads_that_are_asked_for(monkeypatch, threads):
    monkeypatch.setattr(module, "SECONDS", 1e-9)
    used = set[int]()
    monkeypatch.setattr(module, "is_finite", lambda *_: used.update(blas_threads()) or True)
    before = blas_threads()

    assert bench(CONFIG, threads=threads).threads == threads
    assert used == {threads}
    assert blas_threads() == before


def test_a_figure_is_the_median_of_blocks_so_that_a_busy_moment_does_not_count(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(module, "SECONDS", 1e-9)
    calls = iter(range(1000))

    def work():
        clock.now += 50.0 if next(calls) == 5 else 2.0

    assert module.timed(work) == pytest.approx(2e3)


def test_the_table_shows_each_phase_with_its_share_and_the_step_beside_its_products(
    clock, monkeypatch, tmp_path
):
    monkeypatch.setattr(np, "matmul", clock.costs(0.5, np.matmul))
    shown = invoke("bench", write_config(tmp_path / "c.yaml", CONFIG), "--threads", 1).stdout

    words = [line.split() for line in shown.splitlines()]
    assert ["phase", "ms", "share"] in words
    assert ["batch", "2e+06", "94%"] in words
    assert ["update", "1e+05", "5%"] in words
    assert "a step takes 2.13e+06 ms, 0 examples/s (1 thread)" in shown
    assert "its matrix products alone: 4e+03 ms, 0% of the step" in shown


def test_json_holds_the_same_figures(clock, tmp_path):
    config = write_config(tmp_path / "c.yaml", CONFIG)
    document = json.loads(invoke("bench", config, "--threads", 1, "--json").stdout)

    assert list(document["phases_ms"]) == ["batch", "forward", "backward", "check", "update"]
    assert document["step_ms"] == pytest.approx(sum(document["phases_ms"].values()))
    assert document["threads"] == 1

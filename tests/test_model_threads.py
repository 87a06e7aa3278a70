"""A model as a server uses it: many threads, many sizes, rows alone and in company."""

import copy
import pickle
import random
from threading import Thread

import numpy as np
import pytest
from helpers import TOY

import mlptrain
from mlptrain.config import load_config
from mlptrain.graph.graph import MOST_PLANS
from mlptrain.training.build import architecture_for, network_for

CALLS = 2_000
THREADS = 8


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model of two columns whose layers are wide enough that BLAS lets other threads run."""
    out = tmp_path_factory.mktemp("model")
    return mlptrain.load(mlptrain.fit(TOY, set={"model.hidden": [100, 100]}, out=out / "run").best)


def wrong_calls(model, calls):
    """How many of so many calls from eight threads give other bits than the same call alone."""
    rng = np.random.default_rng(0)
    requests = [rng.normal(size=(rows, 2)) for rows in (1, 1, 2, 3, 16, 100)]
    expected = [(model.scores(X), model.predict(X), model.predict_proba(X)) for X in requests]
    wrong = [0] * THREADS

    def serve(thread):
        order = random.Random(thread)
        for _ in range(calls // THREADS):
            which = order.randrange(len(requests))
            call = order.choice(["scores", "predict", "predict_proba"])
            place = ("scores", "predict", "predict_proba").index(call)
            found = getattr(model, call)(requests[which])
            wrong[thread] += not np.array_equal(found, expected[which][place])

    threads = [Thread(target=serve, args=(number,)) for number in range(THREADS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return sum(wrong)


@pytest.mark.slow
def test_eight_threads_get_the_scores_of_their_own_rows(model):
    assert wrong_calls(model, CALLS) == 0


@pytest.mark.chaos
def test_eight_threads_get_the_scores_of_their_own_rows_in_twenty_thousand_calls(model):
    assert wrong_calls(model, 20_000) == 0


def plans(model):
    return [plan for each in model.network._idle for plan in each.graph._plans.values()]


@pytest.mark.slow
def test_two_thousand_sizes_need_the_memory_of_the_largest(model):
    once, often = copy.deepcopy(model), copy.deepcopy(model)
    once.scores(np.zeros((1024, 2)))
    for rows in [*range(1, 1001), *range(2000, 1000, -1)]:
        often.scores(np.zeros((rows, 2)))

    (one,), (other,) = once.network._idle, often.network._idle
    assert len(plans(often)) <= MOST_PLANS
    assert other.graph._memory.nbytes() == one.graph._memory.nbytes()
    held = {id(base_of(array)): base_of(array).nbytes for array in arrays(often)}
    assert sum(held.values()) <= one.graph._memory.nbytes()


def arrays(model):
    """The arrays of all plans, parameters excepted."""
    return [plan.value(value) for plan in plans(model) for value in plan.values if value.value is None]


def base_of(array):
    """The memory behind a view."""
    while array.base is not None:
        array = array.base
    return array


def test_a_copy_of_a_model_predicts_the_same_bits_at_every_size(model):
    """2,000 rows of 100 units are worked through in blocks, which a copy must not lose."""
    X = np.random.default_rng(3).normal(size=(2000, 2))
    other = np.random.default_rng(4).normal(size=(2000, 2))
    model.scores(other)  # what is left of it must not come along

    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301  it is our own
        np.testing.assert_array_equal(twin.scores(X), model.scores(X))


ROUNDING = {"float32": 2.0**-24, "float64": 2.0**-53}


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize(
    ("inputs", "hidden", "outputs"),
    [(1, [], 1), (4, [8], 2), (13, [100], 1), (30, [17, 33], 10), (64, [128], 10), (784, [100], 10)],
)
def test_company_changes_the_scores_of_a_row_by_rounding_only(dtype, inputs, hidden, outputs):
    """A product sums its D terms in an order that depends on the number of rows.

    Each order is off by at most D u of the sum of their magnitudes (Higham, gamma_n), so that two of
    them differ by at most twice that; the magnitudes of a layer are bounded by |x| |W| + |b|.
    """
    model = {"hidden": hidden, "dtype": dtype}
    config = load_config({"data": {"train": "unused.csv"}, "loss": "mse", "model": model})
    network = network_for(config, architecture_for(config, inputs, outputs), None)
    rng = np.random.default_rng(1)
    network.parameters.values[...] = rng.normal(size=network.parameters.values.shape) / 10
    X = rng.normal(size=(300, inputs)).astype(dtype)
    together = network.scores([X])
    magnitude, terms = np.abs(X).astype(np.float64), 0
    for layer, width in enumerate([inputs, *hidden], 1):
        W, b = (np.abs(network.parameters[f"layer{layer}.{each}"].value) for each in "Wb")
        magnitude, terms = magnitude @ W + b, terms + width + 1
    bound = 2 * terms * ROUNDING[dtype] * magnitude

    for rows in (1, 2, 3, 4, 5, 7, 8, 16, 31, 100, 257):
        assert (np.abs(network.scores([X[:rows]]) - together[:rows]) <= bound[:rows]).all()


def test_the_same_rows_give_the_same_bits_whatever_was_asked_before(model):
    X = np.random.default_rng(2).normal(size=(37, 2))
    before = model.scores(X)
    for rows in (1, 36, 38, 1500):
        model.scores(np.ones((rows, 2)))
    np.testing.assert_array_equal(model.scores(X), before)

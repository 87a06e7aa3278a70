"""Shards of a minibatch: their gradients, each with its share, are those of the whole."""

import numpy as np
import pytest
from helpers import TOY, changed, fingerprint, trained

from mlptrain.config import load_config
from mlptrain.errors import ConfigError, DivergenceError
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.initializers import he
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron
from mlptrain.nn.regularizers import L1, L2
from mlptrain.training import trainer
from mlptrain.training.build import build
from mlptrain.training.record import Progress

SHARDS = [slice(0, 5), slice(5, 6), slice(6, 13)]


def network(loss, *, weighted=False, norm="none"):
    activations = [ACTIVATIONS["tanh"]() for _ in range(2)]
    architecture = perceptron(4, 3, [6, 5], activations, norm=norm)
    made = Network(architecture, loss, [L2(0.1), L1(0.01)], weighted=weighted, dtype=np.float64)
    made.initialize(he, 0)
    return made


def gradient(made, X, y, weights=None, share=1.0):
    plan = made.training.fill([X], y, weights, seed=0)
    plan.forward()
    plan.backward(share)
    return made.parameters.gradients.copy()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", sorted(LOSSES))
def test_gradients_of_shards_add_up_to_the_whole_penalty_included(name, weighted, rng):
    loss = LOSSES[name]()
    made = network(loss, weighted=weighted, norm="layer")
    X = rng.normal(size=(13, 4))
    y = rng.integers(0, 3, 13) if loss.classifies else rng.normal(size=(13, 3 // loss.per_target))
    weights = rng.uniform(0.5, 2, 13) if weighted else None
    whole = gradient(made, X, y, weights)
    total = loss.mass(y, weights)

    parts = [
        gradient(
            made,
            X[shard],
            y[shard],
            None if weights is None else weights[shard],
            share=loss.mass(y[shard], None if weights is None else weights[shard]) / total,
        )
        for shard in SHARDS
    ]

    np.testing.assert_allclose(sum(parts), whole, rtol=0, atol=1e-12 * np.abs(whole).max())


def test_the_share_of_one_plan_is_no_business_of_another(rng):
    made = network(LOSSES["softmax"]())
    X, y = rng.normal(size=(7, 4)), rng.integers(0, 3, 7)
    usual = gradient(made, X, y)
    gradient(made, X[:3], y[:3], share=0.25)

    np.testing.assert_array_equal(gradient(made, X, y), usual)


def test_classes_with_weights_weigh_a_minibatch():
    loss = LOSSES["softmax"](class_weights=[1.0, 2.0, 4.0])

    assert loss.mass(np.array([0, 2, 2]), None) == 9  # 1 + 4 + 4
    assert loss.mass(np.array([0, 1]), np.array([3.0, 0.5])) == 4  # 3 * 1 + 0.5 * 2
    assert LOSSES["mse"]().mass(np.zeros((5, 2)), None) == 5


CONFIGS = {
    "plain": {},
    "dropout": {"model.dropout": 0.3},
    "float32": {"model.dtype": "float32", "model.dropout": 0.3},
    "class weights": {"loss": {"name": "softmax", "class_weights": [1.0, 5.0]}},
    "penalties, clipping": {"regularization": {"l2": 0.01, "l1": 0.001}, "train.clip_norm": 0.5},
    "layer norm, adam": {"model.norm": "layer", "optimizer": {"name": "adam", "learning_rate": 0.01}},
}


@pytest.mark.parametrize("name", CONFIGS)
def test_accumulating_trains_as_one_large_batch_does(name):
    # 30 rows: steps of 12 and a last one of 6; in minibatches of 4 the masks go on where they stopped.
    base = changed(TOY, {"train.epochs": 3, **CONFIGS[name]})
    large, last = trained(changed(base, {"train.batch_size": 12}))
    small, same = trained(changed(base, {"train.batch_size": 4, "train.accumulate": 3}))

    tolerance = 1e-5 if name == "float32" else 1e-12
    np.testing.assert_allclose(
        small.network.parameters.values, large.network.parameters.values, rtol=0, atol=tolerance
    )
    assert same["step"] == last["step"] == 9
    assert same["train_loss"] == pytest.approx(last["train_loss"], rel=100 * tolerance)


def test_accumulating_one_minibatch_is_not_accumulating():
    assert fingerprint(trained(TOY)[0]) == fingerprint(
        trained(changed(TOY, {"train.accumulate": 1}))[0]
    )


def test_batch_norm_follows_every_minibatch_of_a_step():
    # Rows 4 and 4 of a step of 8: the running mean moves twice, each time a tenth of the way.
    config = changed(TOY, {"model.norm": "batch", "train.batch_size": 4, "train.accumulate": 2})
    built = build(load_config(config))
    rows = np.arange(8)
    wiring = built.network.training.wiring
    expected = built.network.statistics["norm1.mean"].copy()
    for batch in (rows[:4], rows[4:]):
        plan = trainer.load_batch(built, batch, [])
        plan.forward()
        expected += 0.1 * (wiring.seen(plan)["norm1.mean"] - expected)

    trainer.take_step(built, Progress(), rows, 0.1)

    np.testing.assert_allclose(built.network.statistics["norm1.mean"], expected, rtol=1e-14)


def lengths_of(config, monkeypatch):
    """The rows of each minibatch of a run, as the training graph gets them."""
    real, lengths = trainer.load_batch, []

    def load_batch(experiment, rows, masks):
        lengths.append(len(rows))
        return real(experiment, rows, masks)

    monkeypatch.setattr(trainer, "load_batch", load_batch)
    experiment, last = trained(changed(TOY, {"train.epochs": 1, **config}))
    assert last["step"] == experiment.steps_per_epoch
    return lengths


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"train.batch_size": 29}, [30]),  # 30 rows: one is left, and is no minibatch for batch norm
        ({"train.batch_size": 28}, [30]),
        ({"train.batch_size": 24}, [30]),
        ({"train.batch_size": 22}, [22, 8]),  # eight rows are enough
        ({"train.batch_size": 13}, [13, 17]),
        ({"train.batch_size": 4}, [4] * 7 + [2]),  # and half a minibatch is
        ({"train.batch_size": 29, "train.drop_last": True}, [29]),
        ({"train.batch_size": 7, "train.accumulate": 2}, [7, 7, 7, 9]),
        ({"train.batch_size": 14, "train.accumulate": 2}, [14, 16]),
        ({"train.batch_size": 29, "model.norm": "layer"}, [29, 1]),
    ],
)
def test_batch_norm_never_sees_a_minibatch_of_a_row_or_two(changes, expected, monkeypatch):
    assert lengths_of({"model.norm": "batch", **changes}, monkeypatch) == expected


def test_batch_norm_needs_two_training_rows(tmp_path):
    (tmp_path / "one.csv").write_text("x,y\n1,2\n")
    data = {"train": str(tmp_path / "one.csv"), "target": "y", "val": 0, "test": 0}
    config = changed(TOY, {"data": data, "loss": "mse", "model.norm": "batch"})
    with pytest.raises(ConfigError, match=r"batch norm needs two training rows, and there is one"):
        build(load_config(config))


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_a_bad_number_in_any_minibatch_stops_the_step_before_the_update(bad, monkeypatch):
    built = build(load_config(changed(TOY, {"train.batch_size": 4, "train.accumulate": 3})))
    before, count = built.network.parameters.values.copy(), iter(range(3))
    real = trainer.load_batch

    def load_batch(experiment, rows, masks):
        plan = real(experiment, rows, masks)
        if next(count) == bad:
            plan.value(experiment.network.training.inputs[0])[0, 0] = np.nan
        return plan

    monkeypatch.setattr(trainer, "load_batch", load_batch)
    with pytest.raises(DivergenceError, match="X is not finite"):
        trainer.take_step(built, Progress(), np.arange(12), 0.1)

    np.testing.assert_array_equal(built.network.parameters.values, before)


def test_a_sum_over_rows_cannot_be_accumulated():
    config = changed(TOY, {"loss": {"name": "mse", "reduction": "sum"}, "train.accumulate": 2})

    with pytest.raises(ConfigError, match=r"train\.accumulate: adds up means.*batch_size"):
        load_config(config)

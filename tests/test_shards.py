"""Shards of a minibatch: the sum of their gradients is that of the whole, in an order of its own."""

import numpy as np
import pytest
from helpers import TOY, changed, trained

from mlptrain.config import load_config
from mlptrain.errors import ConfigError, DivergenceError
from mlptrain.nn.losses import LOSSES
from mlptrain.system.team import Alone
from mlptrain.training.build import build
from mlptrain.training.record import Progress
from mlptrain.training.shards import Node, Shards, add_tree
from mlptrain.training.trainer import take_step

WEIGHTED = {"name": "softmax", "class_weights": [1.0, 5.0]}
PENALTIES = {"regularization": {"l2": 0.01, "l1": 0.001}, "train.clip_norm": 0.5}
CONFIGS = {
    "plain": {},
    "dropout": {"model.dropout": 0.3},
    "float32": {"model.dtype": "float32", "model.dropout": 0.3},
    "class weights": {"loss": WEIGHTED},
    "penalties, clipping": PENALTIES,
    "layer norm, adam": {"model.norm": "layer", "optimizer": {"name": "adam", "learning_rate": 0.01}},
    "accumulate, dropout": {"train.batch_size": 8, "train.accumulate": 2, "model.dropout": 0.3},
    "ensemble, dropout": {"model.ensemble": 2, "model.dropout": 0.3},
    "histograms": {"train.log_histograms": True, "train.eval_every": 1, "model.dropout": 0.3},
}


@pytest.mark.parametrize("name", CONFIGS)
def test_shards_train_as_whole_minibatches_do(name):
    # 30 rows: a step of 16 in shards of 4, 3, 3, 3, 3, and one of 14 in shards of 3, 3, 3, 3, 2.
    base = changed(TOY, {"train.batch_size": 16, **CONFIGS[name]})
    whole, last = trained(base)
    cut, same = trained(changed(base, {"train.shards": 5}))

    tolerance = 1e-5 if name == "float32" else 1e-12
    np.testing.assert_allclose(
        cut.network.parameters.values, whole.network.parameters.values, rtol=0, atol=tolerance
    )
    assert same["grad_norm"] == pytest.approx(last["grad_norm"], rel=100 * tolerance)
    if last.histograms is not None:
        for layer, seen in last.histograms.items():
            assert same.histograms[layer]["activations"]["counts"] == seen["activations"]["counts"]
            assert same.histograms[layer]["dead"] == seen["dead"]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", sorted(LOSSES))
def test_the_gradient_of_shards_is_that_of_the_minibatch_for_every_loss(name, weighted, tmp_path, rng):
    table = {f"x{i}": rng.normal(size=12) for i in range(3)}
    table["y"] = rng.integers(0, 3 if LOSSES[name].classifies else 2, 12)
    table["w"] = rng.uniform(0.0, 2.0, 12)
    table["y"][:3] = [0, 1, 2 if LOSSES[name].classifies else 0]
    lines = [",".join(table), *(",".join(map(str, row)) for row in zip(*table.values(), strict=True))]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    data = {"train": str(tmp_path / "t.csv"), "target": "y", "val": None, "test": None}
    data |= {"weight": "w"} if weighted else {"ignore": ["w"]}
    config = {**TOY, "data": data, "loss": name, "regularization": {"l2": 0.01}}
    experiments = [build(load_config(changed(config, {"train.shards": n}))) for n in (None, 3)]

    for experiment in experiments:
        take_step(experiment, Progress(), np.arange(8), 0.0)

    whole, cut = (each.network.parameters.gradients for each in experiments)
    np.testing.assert_allclose(cut, whole, rtol=0, atol=1e-12 * np.abs(whole).max())


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 7, 8])
def test_the_sum_is_a_binary_tree(count, rng):
    vectors = rng.normal(size=(count, 40)).astype(np.float32)
    expected = list(vectors)
    while len(expected) > 1:  # neighbours in pairs; one that is left over waits
        pairs = [expected[i : i + 2] for i in range(0, len(expected), 2)]
        expected = [pair[0] + pair[1] if len(pair) == 2 else pair[0] for pair in pairs]

    total = np.empty(40, np.float32)
    Shards(count).add_up(count, lambda i: np.copyto(total, vectors[i]), [total])

    np.testing.assert_array_equal(total, expected[0])


@pytest.mark.parametrize("count", range(1, 10))
@pytest.mark.parametrize("ranks", range(1, 6))
def test_pieces_of_ranks_add_up_to_the_same_tree(count, ranks, rng):
    vectors, total = rng.normal(size=(count, 40)).astype(np.float32), np.empty(40, np.float32)
    Shards(count).add_up(count, lambda i: np.copyto(total, vectors[i]), [total])

    teams = [Shards(count, Alone(rank, ranks)) for rank in range(ranks)]
    most = teams[0].most_pieces(count, count)
    sums = {rank: [np.full(40, np.nan, np.float32) for _ in range(most)] for rank in range(ranks)}
    for rank, team in enumerate(teams):
        own = sums[rank][0]
        team.add_up(count, lambda i, own=own: np.copyto(own, vectors[i]), sums[rank])
    pieces = teams[0].vectors(count, sums)

    assert len(pieces) >= min(count, ranks)
    np.testing.assert_array_equal(add_tree(pieces, Node(0, count)), total)


@pytest.mark.parametrize(("rows", "most"), [(32, 1), (39, 1), (38, 2), (96, 1)])
def test_a_short_last_minibatch_may_have_more_pieces(rows, most):
    # over 2 ranks 8 shards are two subtrees, and 7 too; of 6 each rank has 3, which are none
    assert Shards(8, Alone(size=2)).most_pieces(rows, 32) == most


def test_a_last_minibatch_of_fewer_rows_than_shards_has_a_shard_for_each():
    # 30 rows in steps of 8: the last one has 6.
    whole = trained(TOY)[0].network.parameters.values
    cut = trained(changed(TOY, {"train.shards": 8}))[0].network.parameters.values

    np.testing.assert_allclose(cut, whole, rtol=0, atol=1e-13)


def test_what_is_not_finite_in_a_shard_is_named_as_in_the_whole(monkeypatch):
    built = build(load_config(changed(TOY, {"train.shards": 4})))
    built.network.parameters["layer2.W"].value[0, 0] = np.nan
    before = built.network.parameters.values.copy()

    with pytest.raises(DivergenceError, match=r"step 1 \(epoch 1\): layer2.*is not finite"):
        take_step(built, Progress(), np.arange(8), 0.1)

    np.testing.assert_array_equal(built.network.parameters.values, before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model.norm": "batch"}, r"model\.norm: batch norm takes mean and variance over a whole"),
        ({"loss": {"name": "mse", "reduction": "sum"}}, r"train\.shards: adds up means of shards"),
        ({"train.batch_size": 3}, r"train\.shards: 4 shards of a minibatch of 3 rows"),
    ],
)
def test_what_cannot_be_cut_is_refused_by_name(changes, message):
    with pytest.raises(ConfigError, match=message):
        load_config(changed(TOY, {"train.shards": 4, **changes}))

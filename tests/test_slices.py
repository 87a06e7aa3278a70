"""The slices of a step over ranks of one or several hosts: the bits of one process."""

from dataclasses import replace
from functools import partial
from itertools import product
from types import SimpleNamespace

import fake_mpi
import numpy as np
import pytest
from helpers import TOY, changed

from mlptrain.config import load_config
from mlptrain.errors import RankFault
from mlptrain.runs.ranks import in_window, orders, serve
from mlptrain.system.hosts import Hosts
from mlptrain.system.team import STATE, Alone
from mlptrain.system.threads import use_threads
from mlptrain.training import slices
from mlptrain.training.build import build
from mlptrain.training.checkpoint import Checkpoint, arrays_of, restore_training
from mlptrain.training.gradients import BLOCK
from mlptrain.training.record import Progress
from mlptrain.training.sharded import Work
from mlptrain.training.shards import Shards
from mlptrain.training.slices import bring, parts_of
from mlptrain.training.trainer import train

WIDE = {
    **{"model.hidden": [300, 310], "model.dtype": "float32", "train.shards": 8},
    **{"train.batch_size": 12, "train.eval_every": 1},
}
"""94,502 parameters: six blocks, several for most of four ranks; steps of 12, 12 and 6 rows."""
HOSTS = ["aaa", "ab", "aab", "abc", "aabb", "abab", "abcd", "aaab", "abbb"]
CLOCK = ("seconds", "examples_per_second")
RULES = [
    {"name": "sgd", "learning_rate": 0.1},
    {"name": "momentum", "learning_rate": 0.1},
    {"name": "adam", "learning_rate": 0.01},
    {"name": "adamw", "learning_rate": 0.01, "weight_decay": 0.1},
]


@pytest.fixture(autouse=True)
def one_thread():
    """For BLAS, as in a job: OpenBLAS takes the limit of the main thread only."""
    with use_threads(1):
        yield


def trained(experiment, poisoned=()):
    """Every array and every figure of a run, but for what the clock says."""
    progress = Progress(poisoned=list(poisoned))
    records = [record for record in train(experiment, progress) if record is not None]
    figures = [(without_clock(record.line()), record.is_best, record.averaged) for record in records]
    return {name: each.copy() for name, each in arrays_of(experiment).items()}, figures


def without_clock(line):
    return {name: value for name, value in line.items() if name not in CLOCK}


def over(hosts, config, monkeypatch, lead=trained):
    """What `lead` returns on rank 0, while the others serve."""
    config = load_config(config)
    experiments = [build(config) for _ in hosts]

    def work(ranks):
        shards = Shards(config.train.shards or ranks.size, ranks)
        ranks.open(orders(config))
        experiment = in_window(ranks, experiments[ranks.rank], shards)
        if ranks.rank:
            return serve(ranks, experiment)
        found = lead(experiment)
        ranks.dismiss(0)
        return found

    return fake_mpi.over(hosts, work, monkeypatch)[0]


def check_same(found, expected):
    arrays, figures = expected
    assert repr(found[1]) == repr(figures)  # NaN is NaN
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[0][name], array, err_msg=name)


def assert_close(found, expected, tolerance):
    assert found[1][-1][0] == pytest.approx(expected[1][-1][0], rel=tolerance)
    for name, array in expected[0].items():
        np.testing.assert_allclose(found[0][name], array, rtol=0, atol=tolerance)


@pytest.mark.parametrize("clip", [None, 0.1])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["name"])
def test_shards_have_the_same_bits_over_any_hosts(rule, clip, monkeypatch):
    config = changed(TOY, {**WIDE, "optimizer": rule, "train.clip_norm": clip})
    alone = trained(build(load_config(config)))
    for hosts in ("ab", "abc", "abab"):
        check_same(over(hosts, config, monkeypatch), alone)


@pytest.mark.parametrize("hosts", HOSTS)
def test_several_minibatches_and_whoever_looks_at_gradients_see_all_of_them(hosts, monkeypatch):
    monkeypatch.setattr(slices, "PIECE", BLOCK)
    changes = {"train.accumulate": 2, "train.log_histograms": True, "model.dropout": 0.2}
    changes |= {"train.clip_norm": 1e6}
    config = changed(TOY, {**WIDE, **changes, "optimizer": RULES[2]})
    check_same(over(hosts, config, monkeypatch), trained(build(load_config(config))))


@pytest.mark.parametrize("hosts", ["ab", "aab", "abc", "abab"])
def test_averages_that_are_evaluated_do_not_stay_on_other_hosts(hosts, monkeypatch):
    changes = {"train.average": {"ema": 0.5}, "data.train.points_per_class": 700}
    config = changed(TOY, {**WIDE, **changes, "train.batch_size": 500})
    check_same(over(hosts, config, monkeypatch), trained(build(load_config(config))))


def test_rows_have_their_weights_over_ranks(monkeypatch):
    changes = {"loss.class_weights": [1, 5], "optimizer": RULES[1]}
    config = changed(TOY, {**WIDE, **changes})
    check_same(over("aab", config, monkeypatch), trained(build(load_config(config))))
    whole = changed(TOY, {**WIDE, **changes, "train.shards": None})
    assert_close(trained(build(load_config(config))), trained(build(load_config(whole))), 1e-5)


@pytest.mark.parametrize("hosts", ["aa", "ab", "aab"])
def test_a_last_minibatch_of_one_row_is_one_shard_for_all_ranks(hosts, monkeypatch):
    config = changed(TOY, {**WIDE, "train.batch_size": 29, "optimizer": RULES[2]})
    check_same(over(hosts, config, monkeypatch), trained(build(load_config(config))))


@pytest.mark.parametrize("hosts", ["aa", "ab"])
def test_a_poisoned_step_changes_nothing_on_any_rank(hosts, monkeypatch):
    config = changed(TOY, {**WIDE, "optimizer": RULES[2]})
    lead = partial(trained, poisoned=[1, 3])
    check_same(over(hosts, config, monkeypatch, lead), lead(build(load_config(config))))


@pytest.mark.parametrize("hosts", ["ab", "abab", "abc"])
def test_without_shards_the_gradient_is_that_of_the_whole_minibatch(hosts, monkeypatch):
    changes = {"train.clip_norm": 0.1, "train.eval_every": 1, "optimizer": RULES[1]}
    config = changed(TOY, changes)
    assert_close(over(hosts, config, monkeypatch), trained(build(load_config(config))), 1e-12)


@pytest.mark.parametrize("hosts", ["ab", "abab", "abc", "aa"])
def test_a_state_that_is_restored_is_that_of_all_ranks(hosts, monkeypatch, tmp_path):
    """As a run that goes on, and one that is rolled back, does it."""
    config = changed(TOY, {**WIDE, "optimizer": RULES[2]})

    def back_and_forth(experiment):
        document = {"updates": 0}
        start = {name: each.copy() for name, each in arrays_of(experiment).items()}
        trained(experiment)
        restore_training(experiment, Checkpoint(tmp_path, start, document))
        return trained(experiment)

    check_same(over(hosts, config, monkeypatch, back_and_forth), trained(build(load_config(config))))


@pytest.mark.parametrize("hosts", ["aa", "ab", "abab"])
def test_a_step_that_is_not_finite_is_dropped_on_all_ranks(hosts, monkeypatch):
    changes = {"train.nonfinite": "skip", "optimizer.learning_rate": 1e38, "train.epochs": 1}
    config = changed(TOY, {**WIDE, **changes})
    check_same(over(hosts, config, monkeypatch), trained(build(load_config(config))))


@pytest.mark.parametrize("place", [0, BLOCK, -1, None])
@pytest.mark.parametrize("shard", [0, 1])
@pytest.mark.parametrize("hosts", ["aa", "ab"])
def test_what_is_not_finite_is_found_wherever_it_is(hosts, shard, place, monkeypatch):
    config = changed(TOY, {**WIDE, "train.shards": 2, "train.nonfinite": "skip"})
    differentiate = Work.differentiate

    def poisoned(work, shards, number):
        differentiate(work, shards, number)
        if number == shard and place is None:
            work.loss = np.nan
        elif number == shard:
            work.experiment.network.parameters.gradients[place] = np.inf

    monkeypatch.setattr(Work, "differentiate", poisoned)
    start = arrays_of(build(load_config(config)))
    found, _ = over(hosts, config, monkeypatch)
    for name, array in start.items():
        np.testing.assert_array_equal(found[name], array)


def test_within_a_step_no_state_is_collected():
    team = Alone(hosts=Hosts(0, (0, 1)), window=SimpleNamespace(), busy=True)
    experiment = replace(build(load_config(TOY)), shards=Shards(2, team))
    with pytest.raises(RankFault, match="not saved within a step"):
        bring(experiment, STATE)


@pytest.mark.parametrize("of", [(0,), (0, 0, 2), (0, 0, 2, 2), (0, 1, 1, 1, 4, 4)])
def test_each_rank_has_one_partner_on_every_other_host(of):
    seen = [Hosts(rank, of) for rank in range(len(of))]
    for here, there in product(seen, seen):
        is_partner = here.others.get(there.first) == there.rank
        assert (here.rank in there.wards) == is_partner
    assert all(set(each.others) == set(of) - {each.first} for each in seen)
    for each in seen:
        assert all(of[partner] == first for first, partner in each.others.items())
        most = sum(-(-of.count(first) // len(each.here)) for first in each.others)
        assert len(each.wards) <= most  # the ranks of a host share them out


@pytest.mark.parametrize(("length", "ranks"), [(1, 3), (BLOCK, 2), (3 * BLOCK + 1, 2), (10 * BLOCK, 4)])
def test_parts_are_whole_blocks_that_follow_each_other(length, ranks):
    parts = parts_of(length, ranks, BLOCK)

    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == length
    assert all(part.start % BLOCK == 0 for part in parts if part.start < length)

"""`bench --ranks`: the cost of a step over ranks, by the formulas and on a real job."""

import json
from dataclasses import replace

import pytest
from runs import mlptrain, write_config

from mlptrain.runs.cost_model import Link, StepCost
from mlptrain.runs.rank_measures import SIZES, fitted, line_through

COST = StepCost(call=1e-3, row=1e-5, update=2e-3, nbytes=1000, keep=2e-9, add=1e-9, rows=100, cores=2)
LINK = Link("one", 1e-4, 1e-6)
SHARED = Link("shared memory", 1e-4, 0, True)


def test_one_rank_exchanges_nothing():
    assert COST.step(1, LINK) == pytest.approx(1e-3 + 100 * 1e-5 + 2e-3, rel=1e-14)


def test_two_ranks_exchange_half_of_the_gradients_and_half_of_the_parameters():
    # 1e-4 for an order and an answer, 1e-4 + 500 * 1e-6 each way; half an update, half a sum
    assert COST.exchange(2, LINK) == pytest.approx(2e-4 + 2 * 6e-4, rel=1e-14)
    expected = 1e-3 + 50 * 1e-5 + (1e-3 + 500 * 1e-9) + 1.4e-3
    assert COST.step(2, LINK) == pytest.approx(expected, rel=1e-14)


def test_the_volume_does_not_grow_with_the_ranks():
    # 8 ranks: two messages in three rounds; 7 slices of 125 bytes each way
    assert COST.exchange(8, LINK) == pytest.approx(6e-4 + 14 * (1e-4 + 1.25e-4), rel=1e-14)


def test_in_a_window_messages_only_say_what_is_ready():
    # an order, an answer and two meetings: 4 * 1e-4, in each of two rounds for 4 ranks
    assert COST.exchange(2, SHARED) == pytest.approx(4e-4, rel=1e-14)
    assert COST.exchange(4, SHARED) == pytest.approx(8e-4, rel=1e-14)


def test_ranks_of_one_machine_slow_each_other_down():
    cost = replace(COST, slower=1.5)
    slower = 0.5 * (1e-3 + 50 * 1e-5 + 1e-3 + 500 * 1e-9)  # all but the messages
    assert cost.step(2, SHARED, here=True) - cost.step(2, SHARED) == pytest.approx(slower, rel=1e-12)
    assert cost.step(1, SHARED, here=True) == cost.step(1, SHARED)


def test_each_rank_adds_up_and_updates_a_slice():
    # 2e-3 / 4 for the update, and 1000 / 4 bytes of three others: 3 * 250 * 1e-9
    assert COST.updating(4) == pytest.approx(5e-4 + 7.5e-7, rel=1e-14)
    assert COST.updating(1) == 2e-3


@pytest.mark.parametrize("link", [LINK, SHARED])
def test_ranks_beyond_the_cores_of_a_machine_share_them(link):
    # on two cores four ranks take twice as long for all but the messages
    there, here = COST.step(4, link), COST.step(4, link, here=True)
    assert here - there == pytest.approx(1e-3 + 25 * 1e-5 + 5e-4 + 7.5e-7, rel=1e-12)


def test_a_rank_calls_and_adds_up_each_of_its_shards():
    cost = replace(COST, shards=8)
    # 8 on one rank: 7 sums of 1000 bytes, each kept and added: 7 * 1000 * 3e-9
    assert cost.step(1, LINK) == pytest.approx(8e-3 + 100 * 1e-5 + 2.1e-5 + 2e-3, rel=1e-14)
    # 8 on three ranks: at most 3 each, 2 sums
    expected = 3e-3 + 100 / 3 * 1e-5 + 6e-6 + cost.updating(3) + cost.exchange(3, LINK)
    assert cost.step(3, LINK) == pytest.approx(expected, rel=1e-14)


def test_at_the_break_even_two_ranks_are_as_fast_as_one():
    rows = COST.break_even(LINK)
    even = replace(COST, rows=round(2 * rows))
    assert even.step(2, LINK) == pytest.approx(even.step(1, LINK), rel=1e-3)


def test_where_half_an_update_is_more_than_the_messages_a_second_rank_always_pays():
    assert COST.break_even(SHARED) == 0
    assert replace(COST, update=4e-4).break_even(SHARED) == pytest.approx(20.05, rel=1e-12)


def test_a_link_is_judged_by_messages_of_the_size_of_the_parameters():
    times = [1e-6 + n * (1e-10 if n < 100_000 else 1e-9) for n in SIZES]  # small ones stay in a cache
    assert fitted(times, 2_000_000)["per_byte"] == pytest.approx(1e-9, rel=1e-2)
    assert fitted(times, 2_000)["per_byte"] == pytest.approx(1e-10, rel=1e-2)


def test_a_cost_that_does_not_grow_from_zero_has_no_negative_part():
    assert line_through([10, 20], [1.0, 3.0])[0] == 0.0


def test_threads_and_ranks_exclude_each_other(tmp_path):
    config = write_config(tmp_path / "c.yaml", {"data": {"train": {"name": "moons"}}})
    result = mlptrain("bench", config, "--ranks", 2, "--threads", 2)
    assert result.returncode == 2
    assert result.stderr.startswith("error: --threads: with --ranks")


@pytest.mark.slow
@pytest.mark.parametrize("hosts", [1, 2])
def test_a_job_of_two_ranks_is_measured_and_predicted(hosts, tmp_path, monkeypatch):
    """MPICH takes each rank for a host of its own where it is told to."""
    pytest.importorskip("mpi4py")
    monkeypatch.setenv("MPIR_CVAR_NOLOCAL", str(hosts - 1))
    data = {"train": {"name": "moons", "points_per_class": 50}}
    config = write_config(tmp_path / "c.yaml", {"data": data, "model": {"hidden": [16]}})
    result = mlptrain("bench", config, "--ranks", 2, "--set", "train.batch_size=32", "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert [(each["ranks"], each["threads"]) for each in found["steps"]] == [(1, 1), (1, 2), (2, 1)]
    assert all(each["measured_ms"] > 0 and each["times_as_fast"] > 0 for each in found["steps"])
    assert [each["predicted_ms"] is None for each in found["steps"]] == [False, True, False]
    assert found["cost"]["slower"] >= 1
    assert found["links"][0]["window"] is (hosts == 1)
    assert found["cost"]["rows"] == 32
    assert found["cost"]["shards"] is None
    assert found["cost"]["nbytes"] == 4 * (2 * 16 + 16 + 16 * 2 + 2)
    assert [link["name"] for link in found["links"]][1:] == ["10 Gb/s Ethernet", "100 Gb/s RDMA"]
    assert all(len(link["step_ms"]) == 6 and link["break_even_rows"] >= 0 for link in found["links"])

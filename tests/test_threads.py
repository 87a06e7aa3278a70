"""How many threads a network gets: what the environment says, what there is, and what pays."""

import json
import os
from pathlib import Path

import pytest
from helpers import TOY
from runs import THIRTY

from mlptrain.config import load_config
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron
from mlptrain.runs.fit import prepare
from mlptrain.runs.run import Run
from mlptrain.storage.own_directory import state_directory
from mlptrain.system import threads
from mlptrain.system.threads import VARIABLES, cores, from_environment
from mlptrain.training import build, thread_choice
from mlptrain.training.thread_choice import MOST, NAME, SMALL, choose_threads, quickest
from mlptrain.training.thread_choice import recall as recalled

WIDE = Network(perceptron(20, 500), LOSSES["mse"]())
"""Its product has 10,000 multiply-adds for each row."""
ROWS = int(SMALL) // 10_000


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """A machine of eight idle cores without a quota, and a user who has remembered nothing."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    monkeypatch.setattr(threads, "QUOTA", tmp_path / "cpu.max")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def takes(monkeypatch):
    """What a step takes on 1, 2, ... threads, in place of a clock; and on how many it was tried."""
    times, tried = {1: 1.0}, []
    monkeypatch.setattr(thread_choice, "quickest", quickest)
    monkeypatch.setattr(thread_choice, "seconds", lambda _, n: tried.append(n) or times.get(n, 1.0))
    return times, tried


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("max 100000", 8),
        ("400000 100000", 4),
        ("450000 100000", 4),
        ("50000 100000", 1),  # half a core is one thread, not none
        ("6400000 100000", 8),  # more than there are
        ("", 8),
        ("nonsense", 8),
    ],
)
def test_the_quota_of_a_container_limits_the_cores(quota, expected):
    threads.QUOTA.write_text(quota)

    assert cores() == expected


def test_without_a_control_group_the_cores_are_those_the_process_may_use():
    assert cores() == 8


@pytest.mark.parametrize("variable", VARIABLES)
def test_the_environment_decides_and_nothing_is_measured(monkeypatch, takes, variable):
    monkeypatch.setenv(variable, "3")

    assert choose_threads(WIDE, 1) == choose_threads(WIDE, ROWS) == 3
    assert takes[1] == []


@pytest.mark.parametrize("variable", VARIABLES)
def test_the_environment_cannot_ask_for_more_than_there_are(monkeypatch, variable):
    monkeypatch.setenv(variable, "64")

    assert from_environment() == 8


def test_the_first_variable_that_holds_a_number_counts(monkeypatch):
    for variable, text in zip(VARIABLES, ("", "2", "5"), strict=True):
        monkeypatch.setenv(variable, text)

    assert from_environment() == 2


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_what_is_no_number_of_threads_says_nothing(monkeypatch, text):
    monkeypatch.setenv("OMP_NUM_THREADS", text)

    assert from_environment() is None


@pytest.mark.parametrize(
    ("times", "expected", "tried"),
    [
        ({2: 0.5, 4: 0.25, 8: 0.125}, 8, [1, 2, 4, 8]),
        ({2: 0.5, 4: 0.25, 8: 0.21}, 4, [1, 2, 4, 8]),  # 16 % less is not a fifth
        ({2: 0.81, 4: 0.1}, 1, [1, 2]),  # nobody looks beyond what does not pay
        ({2: 0.8, 4: 0.8}, 2, [1, 2, 4]),
    ],
)
def test_as_many_threads_are_taken_as_save_a_fifth_of_the_time_each(takes, times, expected, tried):
    takes[0].update(times)

    assert choose_threads(WIDE, ROWS) == expected
    assert takes[1] == tried


def test_small_products_are_not_measured(takes):
    assert choose_threads(WIDE, ROWS - 1) == choose_threads(WIDE, ROWS - 1, beside=2) == 1
    assert takes[1] == []
    assert not Path(state_directory()).exists()


def test_networks_that_share_the_cores_have_their_part_of_them_unmeasured(takes):
    assert [choose_threads(WIDE, ROWS, beside=each) for each in (2, 3, 5)] == [4, 2, 1]
    assert takes[1] == []


def test_what_was_measured_once_is_remembered_for_these_shapes(takes):
    times, tried = takes
    times[2] = 0.5
    first = choose_threads(WIDE, ROWS)
    times[2] = 1.0

    assert first == choose_threads(WIDE, ROWS) == 2
    assert tried == [1, 2, 4]
    assert choose_threads(WIDE, ROWS + 1) == 1


def test_on_another_processor_or_blas_it_is_measured_again(takes, monkeypatch):
    _, tried = takes
    for change in ({"processor": lambda: "another"}, {"environment": lambda: {"blas": []}}):
        choose_threads(WIDE, ROWS)
        tried.clear()
        choose_threads(WIDE, ROWS)
        assert tried == []
        for name, value in change.items():
            monkeypatch.setattr(thread_choice, name, value)
        choose_threads(WIDE, ROWS)
        assert tried == [1, 2]


def test_on_a_busy_machine_nothing_is_remembered(takes, monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (4.1, 0.0, 0.0))
    choose_threads(WIDE, ROWS)

    assert recalled() == {}


@pytest.mark.parametrize(
    "text",
    [
        *(
            b"",
            b"[]",
            b"{",
            b"[" * 50_000,
            b"\xff",
            b'{"a": 0, "b": -1, "c": true, "d": 1.5, "e": "2"}',
        ),
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 2}' + b" " * (1 << 16),
    ],
)
def test_a_file_that_is_not_ours_says_nothing_and_is_replaced(takes, text):
    choose_threads(WIDE, ROWS)
    file = state_directory() / NAME
    (right,) = recalled()
    file.write_bytes(text)
    assert recalled() == {}
    takes[0][2] = 0.5

    assert choose_threads(WIDE, ROWS) == 2
    assert json.loads(file.read_text()) == {right: 2}


def test_a_link_or_a_file_that_others_can_write_is_not_followed(takes, tmp_path):
    choose_threads(WIDE, ROWS)
    file = state_directory() / NAME
    file.chmod(0o666)
    assert recalled() == {}
    elsewhere = tmp_path / "elsewhere"
    file.rename(elsewhere)
    elsewhere.chmod(0o600)
    file.symlink_to(elsewhere)
    assert recalled() == {}
    before = elsewhere.read_bytes()
    choose_threads(WIDE, ROWS)

    assert not file.is_symlink()
    assert elsewhere.read_bytes() == before


def test_without_a_place_to_remember_it_is_measured_each_time(takes, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("")

    assert [choose_threads(WIDE, ROWS) for _ in range(2)] == [1, 1]
    assert takes[1] == [1, 2] * 2


def test_more_than_the_most_are_forgotten_the_oldest_first():
    for number in range(MOST + 2):
        thread_choice.remember(str(number), 1)

    assert [*recalled()] == [str(number) for number in range(2, MOST + 2)]


def test_a_larger_number_than_there_are_cores_for_is_cut(takes):
    choose_threads(WIDE, ROWS)
    (key,) = recalled()
    thread_choice.remember(key, 1000)

    assert choose_threads(WIDE, ROWS) == 8


def test_a_clock_decides_between_one_and_two_threads(monkeypatch):
    found = thread_choice.products(WIDE, WIDE.training.graph.plan(4))

    assert quickest(found, 2) in (1, 2)
    assert 0 < thread_choice.seconds(found, 1) < 10


def test_a_run_goes_on_with_the_threads_that_it_had(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "choose_threads", lambda *_: 2)
    for _ in prepare(THIRTY, out=tmp_path / "run"):
        pass
    monkeypatch.setattr(build, "choose_threads", lambda *_: 1)

    assert Run.resumed(tmp_path / "run").experiment.threads == 2
    assert Run.resumed(tmp_path / "run", threads=3).experiment.threads == 3
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert Run.resumed(tmp_path / "run").experiment.threads == 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "4")
    monkeypatch.setattr(build, "choose_threads", lambda *_: 4)
    assert Run.resumed(tmp_path / "run").experiment.threads == 4


def test_the_ranks_of_a_machine_share_its_cores(monkeypatch):
    monkeypatch.setenv("PMI_SIZE", "8")
    config = load_config({**TOY, "train": {**TOY["train"], "batch_size": ROWS}})
    assert build.threads_for(config, WIDE, 1000) == 1
    monkeypatch.setenv("MPI_LOCALNRANKS", "2")
    assert build.threads_for(config, WIDE, 1000) == 4

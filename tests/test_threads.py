"""How many threads a network gets: what the environment says, what there is, and what pays."""

import os

import pytest

from mlptrain.system import threads
from mlptrain.system.threads import VARIABLES, WORTHWHILE, choose_threads, cores


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """A machine of eight cores without a quota, and an environment that says nothing."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(threads, "QUOTA", tmp_path / "cpu.max")
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


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
def test_the_environment_decides_whatever_the_size(monkeypatch, variable):
    monkeypatch.setenv(variable, "3")

    assert choose_threads(WORTHWHILE - 1) == choose_threads(WORTHWHILE) == 3


@pytest.mark.parametrize("variable", VARIABLES)
def test_the_environment_cannot_ask_for_more_than_there_are(monkeypatch, variable):
    monkeypatch.setenv(variable, "64")

    assert choose_threads(WORTHWHILE) == 8


def test_the_first_variable_that_holds_a_number_counts(monkeypatch):
    for variable, text in zip(VARIABLES, ("", "2", "5"), strict=True):
        monkeypatch.setenv(variable, text)

    assert choose_threads(WORTHWHILE) == 2


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_what_is_no_number_of_threads_says_nothing(monkeypatch, text):
    monkeypatch.setenv("OMP_NUM_THREADS", text)

    assert choose_threads(WORTHWHILE) == 8


def test_a_small_network_gets_one_thread_and_a_large_one_all_cores():
    assert choose_threads(WORTHWHILE - 1) == 1
    assert choose_threads(WORTHWHILE) == 8

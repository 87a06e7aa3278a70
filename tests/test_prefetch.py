"""A generator with threads of its own, left midway."""

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mlptrain.system.prefetch import helpers, prefetch


@pytest.fixture
def blocked():
    """Items of which the third comes when the test is over."""
    released = threading.Event()

    def items():
        yield from (1, 2)
        released.wait(60)
        yield 3

    yield prefetch(items()), released
    released.set()


def test_one_that_is_left_midway_waits_for_no_thread(blocked):
    generator, released = blocked
    assert [next(generator), next(generator)] == [1, 2]
    generator.close()
    assert not released.is_set()


def test_one_that_the_garbage_collector_ends_takes_no_lock_of_the_threads(blocked, monkeypatch):
    """As where a thread that starts holds that lock, and collects garbage: it waited for ever."""
    generator, released = blocked
    next(generator)
    cycle = [generator]
    cycle.append(cycle)
    del generator, blocked, cycle
    with threading._shutdown_locks_lock:
        gc.collect()
    assert not released.is_set()


def test_threads_end_when_they_have_nothing_to_do():
    with helpers(2) as pool:
        assert isinstance(pool, ThreadPoolExecutor)
        thread = pool.submit(threading.current_thread).result()
    thread.join(10)
    assert not thread.is_alive()

"""Threads that work through the blocks of a vector: each takes the next that is left."""

import threading
import time

import pytest

from mlptrain.optim.blocks import Blocks


@pytest.fixture
def blocks(monkeypatch) -> Blocks:
    monkeypatch.setattr("mlptrain.optim.blocks.BLOCK", 5)
    monkeypatch.setattr("mlptrain.optim.blocks.WORTHWHILE", 1)
    return Blocks(97, 2, 3)


class Meeting:
    """Work that begins when both threads are here, each with a number of its own."""

    def __init__(self) -> None:
        self.barrier, self.done = threading.Barrier(2, timeout=10), list[tuple[slice, int]]()
        self.here = set[int]()

    def __call__(self, block: slice, thread: int) -> None:
        if thread not in self.here:
            self.here.add(thread)
            self.barrier.wait()
        self.done.append((block, thread))


def test_every_block_is_worked_on_once_by_two_threads_with_numbers_of_their_own(blocks):
    meeting = Meeting()
    blocks.run(meeting)
    assert meeting.here == {0, 1}
    assert sorted((block.start, block.stop) for block, _ in meeting.done) == [
        (start, min(start + 10, 100)) for start in range(3, 100, 10)
    ]


def test_a_thread_that_is_slow_leaves_blocks_to_the_other(blocks):
    meeting, until = Meeting(), time.monotonic() + 10

    def work(block: slice, thread: int) -> None:
        meeting(block, thread)
        while thread == 1 and len(meeting.done) < len(blocks.all()) and time.monotonic() < until:
            time.sleep(0.001)

    blocks.run(work)
    assert sum(thread == 1 for _, thread in meeting.done) == 1


def test_a_fault_of_another_thread_is_raised(blocks):
    meeting = Meeting()

    def work(block: slice, thread: int) -> None:
        meeting(block, thread)
        if thread == 1:
            raise FloatingPointError("as asked")

    with pytest.raises(FloatingPointError, match="as asked"):
        blocks.run(work)


def test_the_work_of_all_threads_is_done_when_it_returns(blocks):
    meeting, ended = Meeting(), []

    def work(block: slice, thread: int) -> None:
        meeting(block, thread)
        if thread == 1:
            threading.Event().wait(0.05)
        ended.append(block)

    blocks.run(work)
    assert len(ended) == len(blocks.all())

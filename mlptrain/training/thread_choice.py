"""How many threads the matrix products of a network get: measured once, and remembered.

The products of one step are timed on 1, 2, 4, ... threads. More than one are taken where each further
step saves a fifth of the time. What was found is kept in `threads.json`, in $XDG_STATE_HOME/mlptrain or
~/.local/state/mlptrain, under the processor, the BLAS and the shapes: so a config has the same number
every time, and with it the same bits. Where the file cannot be read or written, it is measured again.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence

from mlptrain.errors import StorageError
from mlptrain.nn.network import Network
from mlptrain.storage.own_directory import OwnDirectory, state_directory
from mlptrain.system.environment import environment, processor
from mlptrain.system.threads import cores, from_environment, use_threads
from mlptrain.training.products import Product, multiply, products

SMALL = 8e6
"""Multiply-adds: a core does so many in a tenth of a millisecond. Of a larger product two threads save
more than it takes to wake them; where none is larger, nothing is measured."""
SAVED = 0.2
"""Share of the time that a larger number of threads must save: less is noise, or a wasted core."""
SECONDS = 0.02
"""How long the products are repeated on each number of threads; what takes longer is done twice."""
NAME = "threads.json"
LARGEST = 1 << 16
"""Bytes of the file that are read."""
MOST = 500
"""Networks that are remembered, the latest ones."""


def choose_threads(network: Network, rows: int, beside: int = 1) -> int:
    """The threads for steps of so many rows: what the environment says, else as many as pay.

    beside   as many networks may be trained at a time, and share the cores: each has its part of them,
             since several that measured at once would find other numbers. It does not matter how
             many are trained: other threads can mean other bits.
    """
    named = from_environment()
    if named is not None:
        return named
    most = cores() // beside
    if most < 2 or network.architecture.largest_product() * rows < SMALL:
        return 1
    if beside > 1:
        return most
    found = products(network, network.training.graph.plan(rows))
    key = key_of(found, most)
    if (known := recall().get(key)) is not None:
        return min(known, most)
    threads = quickest(found, most)
    if os.getloadavg()[0] <= cores() / 2:  # on a busy machine it is another number
        remember(key, threads)
    return threads


def quickest(found: Sequence[Product], most: int) -> int:
    """As many threads, up to `most`, as save time: the first number that saves none ends it."""
    threads, best = 1, seconds(found, 1)
    for more in counts(most):
        needed = seconds(found, more)
        if needed > (1 - SAVED) * best:
            break
        threads, best = more, needed
    return threads


def counts(most: int) -> Iterator[int]:
    """2, 4, 8, ... and `most` itself.

    >>> list(counts(6)), list(counts(2))
    ([2, 4, 6], [2])
    """
    count = 2
    while count < most:
        yield count
        count *= 2
    yield most


def seconds(found: Sequence[Product], threads: int) -> float:
    """The shortest time of all products, after a first time that makes threads and memory ready."""
    best, begun = float("inf"), time.perf_counter()
    with use_threads(threads):
        multiply(found)
        while best == float("inf") or time.perf_counter() - begun < SECONDS:
            before = time.perf_counter()
            multiply(found)
            best = min(best, time.perf_counter() - before)
    return best


def key_of(found: Sequence[Product], most: int) -> str:
    """A digest of what the answer depends on: processor, BLAS, shapes, and how many there may be."""
    shapes = [(left.shape, right.shape, str(out.dtype)) for left, right, out in found]
    blas = [{**each, "threads": None} for each in environment()["blas"]]
    return hashlib.sha256(json.dumps([processor(), blas, shapes, most]).encode()).hexdigest()


def recall() -> dict[str, int]:
    """All numbers that are remembered; none where the file is not one of ours.

    It is untrusted input: whatever it says, the worst is another number of threads.
    """
    try:
        descriptor = OwnDirectory(state_directory()).open(NAME)
        if descriptor is None:
            return {}
        try:
            text = os.read(descriptor, LARGEST + 1)
        finally:
            os.close(descriptor)
        found = json.loads(text) if len(text) <= LARGEST else None
    except (OSError, StorageError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: n for key, n in found.items() if type(n) is int and n > 0}


def remember(key: str, threads: int) -> None:
    """Add a number to those that are remembered, where that can be done."""
    kept = [*recall().items(), (key, threads)][-MOST:]
    with contextlib.suppress(OSError, StorageError):
        OwnDirectory(state_directory()).write(NAME, json.dumps(dict(kept), indent=1).encode())

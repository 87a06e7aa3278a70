"""What every peer of the benchmark shares: command line, data, initial weights, batches, clock.

A peer is one process. It trains a ReLU network with the softmax loss on `workload.Workload` and prints
one JSON line. Peers start from the same weights and see the same rows in the same order, so the
loss they end with is also a check that each of them did the work.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

BATCHES = 20  # in the data set: an epoch is 20 steps
BLOCKS = 10
MOMENTUM, BETA1, BETA2, EPS = 0.9, 0.9, 0.999, 1e-8
LEARNING_RATES = {"momentum": 1e-2, "adam": 1e-3}


@dataclass(frozen=True)
class Options:
    """The command line, the same for every peer."""

    sizes: tuple[int, ...]
    batch: int
    optimizer: str
    dtype: str
    dropout: float
    threads: int
    variant: str
    steps: int
    seed: int

    @property
    def learning_rate(self) -> float:
        return LEARNING_RATES[self.optimizer]


def read_options(variants: tuple[str, ...]) -> Options:
    """Parse the command line of a peer that knows `variants`, the first of them by default."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="784,256,128,10", help="units, from inputs to classes")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--optimizer", choices=list(LEARNING_RATES), default="momentum")
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--variant", choices=variants, default=variants[0])
    parser.add_argument("--steps", type=int, default=200, help="timed steps, in 10 blocks")
    parser.add_argument("--seed", type=int, default=0)
    given = vars(parser.parse_args())
    given["sizes"] = tuple(int(size) for size in given["sizes"].split(","))
    return Options(**given)


@dataclass(frozen=True)
class Workload:
    """X (20 * batch, D) and y of a random linear teacher, He weights, and the rows of each step."""

    X: Array
    y: Array
    weights: list[Array]
    biases: list[Array]
    batches: Array
    warm_up: int
    block: int

    @classmethod
    def of(cls, options: Options) -> "Workload":
        rng = np.random.default_rng(options.seed)
        rows, D, C = BATCHES * options.batch, options.sizes[0], options.sizes[-1]
        X = rng.standard_normal((rows, D), dtype=np.float32)
        y = np.argmax(X @ rng.standard_normal((D, C), dtype=np.float32), axis=1)
        pairs = list(zip(options.sizes[:-1], options.sizes[1:], strict=True))
        weights = [np.sqrt(2 / D) * rng.standard_normal((D, M)) for D, M in pairs]
        block = max(1, options.steps // BLOCKS)
        warm_up = max(5, block)
        return cls(
            X=X.astype(options.dtype),
            y=y.astype(np.int64),
            weights=[W.astype(options.dtype) for W in weights],
            biases=[np.zeros(M, options.dtype) for _, M in pairs],
            batches=shuffled_batches(rows, options.batch, warm_up + block * BLOCKS, rng),
            warm_up=warm_up,
            block=block,
        )


def shuffled_batches(rows: int, batch: int, steps: int, rng: np.random.Generator) -> Array:
    """Row numbers (steps, batch): epoch after epoch, each a new permutation of all rows."""
    epochs = -(-steps * batch // rows)
    orders = [rng.permutation(rows) for _ in range(epochs)]
    return np.concatenate(orders).reshape(-1, batch)[:steps]


def time_blocks(workload: Workload, run: Callable[[int, int], None]) -> list[float]:
    """Milliseconds a step in each block of steps, after a warm-up.

    `run(first, stop)` trains on batches first .. stop - 1 and returns when the work is done.
    """
    run(0, workload.warm_up)
    blocks = []
    for first in range(workload.warm_up, len(workload.batches), workload.block):
        start = time.perf_counter()
        run(first, first + workload.block)
        blocks.append(1e3 * (time.perf_counter() - start) / workload.block)
    return blocks


def report(options: Options, blocks: list[float], loss: float | None, versions: dict[str, str]) -> None:
    """Print the JSON line. `loss` is the mean over the whole data set after the last step."""
    line = {
        "step_ms": median(blocks),
        "blocks": blocks,
        "loss": loss,
        "threads": options.threads,
        "variant": options.variant,
        "versions": versions,
    }
    print(json.dumps(line))


def report_failure(options: Options, reason: str) -> None:
    """Print the JSON line of a variant that does not work here, with the reason in one line."""
    line = {
        "error": " ".join(reason.split())[:300],
        "threads": options.threads,
        "variant": options.variant,
    }
    print(json.dumps(line))

"""The update of a step, here or over ranks that see one memory: each has a slice of the flat vectors.

A slice consists of whole blocks of `squares`, so the norm of all gradients is the sum of the same
numbers in the same order, and everything else is done element by element: no number of ranks changes a
bit. The state of the optimizer lies in the shared memory as well, so rank 0 has all of it to save.
"""

import math
from itertools import pairwise

import numpy as np

from mlptrain.system.sums import sum_in_order
from mlptrain.training.experiment import Experiment
from mlptrain.training.gradients import BLOCK, clip, is_finite, squares
from mlptrain.training.shards import Shards

PIECE = 4 * BLOCK
"""Gradients that are added up, checked and squared while they are in the cache."""


def parts_of(length: int, ranks: int, piece: int) -> list[slice]:
    """The part of each rank, in order: whole pieces, as even as can be.

    >>> parts_of(3000, 2, 1024)
    [slice(0, 1024, None), slice(1024, 3000, None)]
    """
    pieces = -(-length // piece)
    ends = [min(length, pieces * rank // ranks * piece) for rank in range(ranks + 1)]
    return [slice(start, stop) for start, stop in pairwise(ends)]


def ready_slice(experiment: Experiment, shards: Shards, count: int) -> bool:
    """Add up the slice of this rank over so many shards, and square it; whether it is finite.

    count   0: it is added up already
    """
    window, part = shards.ranks.window, experiment.optimizer.part
    assert window is not None
    dw, finite = window.gradients[0], True
    for start in range(part.start, part.stop, PIECE):
        piece = slice(start, min(start + PIECE, part.stop))
        if count:
            shards.add_slice(count, window.gradients, piece)
        finite = finite and is_finite(0.0, dw[piece])
        if experiment.clip_norm is not None:
            found = squares(dw[piece])
            window.squares[start // BLOCK : start // BLOCK + len(found)] = found
    return finite


def update(experiment: Experiment, lr: float) -> float | None:
    """Clip the gradients, where that is asked for, and take the step of the optimizer, on rank 0.

    Returns the norm of all gradients before they were clipped, where they were.
    """
    optimizer, shards, most = experiment.optimizer, experiment.shards, experiment.clip_norm
    w, dw = experiment.network.parameters.values, experiment.network.parameters.gradients
    if shards is None or shards.ranks.window is None:
        norm = None if most is None else clip(dw, most)
        optimizer.step(w, dw, lr)
        return norm
    norm, scale = None, 1.0
    if most is not None:
        norm = math.sqrt(sum_in_order(shards.ranks.window.squares.tolist()))
        scale = most / norm if norm > most else 1.0
    shards.ranks.ask_update(optimizer.t, lr, scale)
    update_slice(experiment, shards, lr, scale)
    shards.ranks.answered()
    return norm


def update_slice(experiment: Experiment, shards: Shards, lr: float, scale: float) -> None:
    """Update the slice of this rank, with its gradients times `scale`, and wait for all others."""
    window, optimizer = shards.ranks.window, experiment.optimizer
    assert window is not None
    if scale != 1:
        own = window.gradients[0][optimizer.part]
        np.multiply(own, scale, own)
    optimizer.step(window.values, window.gradients[0], lr)
    shards.ranks.together("an update did not end on all ranks")

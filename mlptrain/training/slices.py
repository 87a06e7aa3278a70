"""The update of a step, here or over ranks: each has a slice of the flat vectors.

Ranks of one host read the gradients of each other in memory that they share. To another host goes, for
each slice, the sum of what this host has of it (reduce-scatter); the rank of the slice adds these up,
updates its parameters, and they go to all hosts (all-gather).

A slice consists of whole blocks of `squares`, so the norm of all gradients is the sum of the same
numbers in the same order, and everything else is done element by element in the tree of the shards: no
number of ranks and hosts changes a bit. A host has the state of the optimizer for the slices of its
ranks; rank 0 collects what others have where something needs all of it.
"""

import math
from itertools import pairwise

import numpy as np

from mlptrain.arrays import Array
from mlptrain.errors import RankFault
from mlptrain.system.sums import sum_in_order
from mlptrain.system.team import ALONE, GRADIENTS, RESTORED, UPDATE, Message, Order, Team
from mlptrain.training.experiment import Experiment
from mlptrain.training.gradients import BLOCK, clip, is_finite, squares
from mlptrain.training.shards import Node, Shards, add_tree, largest

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


def traded(shards: Shards, count: int) -> dict[Node, Array]:
    """The slice of this rank of all subtrees that make up the sum over so many shards.

    Those of this host as each rank has them; those of another as a rank there has added them up.
    """
    ranks = shards.ranks
    hosts, window = ranks.hosts, ranks.window
    assert window is not None
    ranks.together("the gradients of a step are not there")
    vectors = shards.vectors(count, window.gradients)
    found = at(vectors, window.parts[ranks.rank])
    outgoing, incoming = list[Message](), list[Message]()
    for node, host in largest(count, hosts.of):
        if host == hosts.first:
            for rank in hosts.wards:
                outgoing.append((rank, add_tree(at(vectors, window.parts[rank]), node)))
        else:
            length = window.parts[ranks.rank].stop - window.parts[ranks.rank].start
            found[node] = window.room(len(incoming), length)
            incoming.append((hosts.others[host], found[node]))
    if hosts.several:
        ranks.trade(outgoing, incoming)
    return found


def at(pieces: dict[Node, Array], part: slice) -> dict[Node, Array]:
    """The same part of each."""
    return {node: array[part] for node, array in pieces.items()}


def ready_slice(
    experiment: Experiment,
    shards: Shards,
    pieces: dict[Node, Array],
    loss: float,
    before: Array | None = None,
) -> bool:
    """Add up the slice of this rank from the pieces of the last minibatch, and check it.

    before   the slice of the sum over the minibatches before

    On rank 0, whether the slices and losses of all ranks are finite; on others it means nothing.
    """
    whole, finite, found = Node(0, max(node.end for node in pieces)), math.isfinite(loss), list[float]()
    dw = sum_on(shards.ranks)[experiment.optimizer.part]
    for start in range(0, len(dw), PIECE):
        part = slice(start, start + PIECE)
        total = add_tree(at(pieces, part), whole)
        if before is not None:
            np.add(before[part], total, dw[part])
        elif not np.may_share_memory(total, dw):
            np.copyto(dw[part], total)
        finite = finite and is_finite(0.0, dw[part])
        if experiment.clip_norm is not None:
            found += squares(dw[part])
    return all_finite(shards.ranks, [finite, *found], clips=experiment.clip_norm is not None)


def sum_on(ranks: Team) -> Array:
    """Where the ranks of a host leave their slices of the sum: the gradients of its first rank."""
    assert ranks.window is not None
    return ranks.window.gradients[ranks.hosts.first][0]


def all_finite(ranks: Team, own: list[float], *, clips: bool) -> bool:
    """On rank 0, whether all say yes in front of their squares, which are kept for the norm."""
    window = ranks.window
    assert window is not None
    blocks = [-(-(part.stop - part.start) // BLOCK) if clips else 0 for part in window.parts]
    said = ranks.collect(np.array(own, float), [1 + count for count in blocks])
    if ranks.rank:
        return False
    verdicts = np.cumsum([0, *(1 + count for count in blocks[:-1])])
    window.squares = np.delete(said, verdicts)
    window.in_slices = bool(said[verdicts].all())  # else rank 0 forms all of them again
    return window.in_slices


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
    shards.ranks.ask(Order(UPDATE, optimizer.t, np.array([lr, scale]).view(np.int64)))
    update_slice(experiment, shards.ranks, lr, scale)
    shards.ranks.answered()
    return norm


def update_slice(experiment: Experiment, ranks: Team, lr: float, scale: float) -> None:
    """Update the slice of this rank, with its gradients times `scale`; then all have all slices."""
    window, hosts, optimizer = ranks.window, ranks.hosts, experiment.optimizer
    assert window is not None
    dw, own = sum_on(ranks), optimizer.part
    if scale != 1:
        np.multiply(dw[own], scale, dw[own])
    optimizer.step(window.values, dw, lr)
    if hosts.several:
        ranks.trade(
            [(partner, window.values[own]) for partner in hosts.others.values()],
            [(ward, window.values[window.parts[ward]]) for ward in hosts.wards],
        )
    ranks.together("an update did not end on all ranks")


def bring(experiment: Experiment, kind: int) -> None:
    """On rank 0: the others send it what they alone have, or take over what is restored here.

    RankFault in the middle of a step, where they are at something else.
    """
    ranks = ALONE if experiment.shards is None else experiment.shards.ranks
    window = ranks.window
    if window is None or not ranks.hosts.several or (kind == GRADIENTS and not window.in_slices):
        return
    if ranks.busy:
        raise RankFault(
            "other ranks have a part of the optimizer's state: it is not saved within a step"
        )
    ranks.ask(Order(kind))
    brought(experiment, ranks, kind)
    window.in_slices = window.in_slices and kind != GRADIENTS
    ranks.answered()


def brought(experiment: Experiment, ranks: Team, kind: int) -> None:
    """The slices of ranks of other hosts: to rank 0, or from it where a state is restored."""
    window, hosts = ranks.window, ranks.hosts
    assert window is not None
    vectors = [sum_on(ranks)] if kind == GRADIENTS else window.state
    away = [rank for rank, first in enumerate(hosts.of) if first != hosts.of[0]]
    if ranks.rank == 0:
        messages = [(rank, vector[window.parts[rank]]) for rank in away for vector in vectors]
    else:
        messages = [(0, vector[experiment.optimizer.part]) for vector in vectors]
        messages = messages if ranks.rank in away else []
    if (kind == RESTORED) == (ranks.rank == 0):
        ranks.trade(messages, [])
    else:
        ranks.trade([], messages)

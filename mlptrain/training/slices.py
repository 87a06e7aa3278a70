"""The update of a step, here or over ranks: each has a slice of the flat vectors.

Ranks of one host read the gradients of each other in memory that they share, and each leaves the sum of
its slice in its own: a core that writes where another has written waits for its cache. To another host
goes, for each slice, the sum of what this host has of it (reduce-scatter); the rank of the slice adds
these up, updates its parameters, and they go to all hosts (all-gather).

Where gradients are clipped a slice consists of whole blocks of `squares`, so the norm of all is the sum
of the same numbers in the same order. Everything else is done element by element in the tree of the
shards: no number of ranks and hosts changes a bit. A host has the state of the optimizer for the slices
of its ranks; rank 0 collects what others have where something needs all of it.
"""

import math
from collections.abc import Mapping
from itertools import accumulate, chain, pairwise

import numpy as np

from mlptrain.arrays import Array
from mlptrain.errors import RankFault
from mlptrain.system.sums import sum_in_order
from mlptrain.system.team import ALONE, GRADIENTS, RESTORED, Message, Order, Team
from mlptrain.training.experiment import Experiment
from mlptrain.training.gradients import BLOCK, clip, is_finite, squares
from mlptrain.training.shards import Exchange, Node, Shards, add_tree, largest

FINE = 1024
"""Elements: a slice is so many times as long, but for the last, where no norm is asked for."""
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


def exchange(shards: Shards, count: int) -> Exchange:
    """What is traded for a sum over so many shards."""
    hosts, window = shards.ranks.hosts, shards.ranks.window
    assert window is not None
    vectors, own = shards.vectors(count, window.gradients), window.parts[shards.ranks.rank]
    found, length = at(vectors, own), own.stop - own.start
    outgoing, incoming = list[tuple[int, Node, Mapping[Node, Array]]](), list[Message]()
    for node, host in largest(count, hosts.of):
        if host == hosts.first:
            under = {each: array for each, array in vectors.items() if node.has(each)}
            outgoing += [(ward, node, at(under, window.parts[ward])) for ward in hosts.wards]
        else:
            found[node] = np.empty(length, window.values.dtype)
            incoming.append((hosts.others[host], found[node]))
    return Exchange(found, outgoing, incoming)


def traded(shards: Shards, count: int) -> Mapping[Node, Array]:
    """The pieces of the slice of this rank, once all are there."""
    ranks, kept = shards.ranks, shards.exchanges
    if count not in kept:
        kept[count] = exchange(shards, count)
    pieces, outgoing, incoming = kept[count]
    ranks.together("the gradients of a step are not there")
    if ranks.hosts.several:
        sums = [(to, add_up(under, node, next(iter(under.values())))) for to, node, under in outgoing]
        ranks.trade(sums, incoming)
    return pieces


def at(pieces: Mapping[Node, Array], part: slice) -> dict[Node, Array]:
    """The same part of each."""
    return {node: array[part] for node, array in pieces.items()}


def add_up(pieces: Mapping[Node, Array], node: Node, out: Array) -> Array:
    """A subtree added up into `out`, from start to end as much at a time as a cache holds."""
    for start in range(0, len(out), PIECE):
        part = slice(start, start + PIECE)
        add_tree(at(pieces, part), node, out[part])
    return out


def ready_slice(
    experiment: Experiment,
    ranks: Team,
    pieces: Mapping[Node, Array],
    loss: float,
    before: Array | None = None,
) -> tuple[bool, float | None]:
    """Add up the slice of this rank from the pieces of the last minibatch, and check it.

    before   the slice of the sum over the minibatches before

    Returns whether the slices and losses of all ranks are finite, and the norm of all slices together,
    where they are to be clipped.
    """
    whole, finite, found = Node(0, max(node.end for node in pieces)), math.isfinite(loss), list[float]()
    dw, clips = sum_on(ranks)[experiment.optimizer.part], experiment.clip_norm is not None
    for start in range(0, len(dw), PIECE):
        part = slice(start, start + PIECE)
        total = add_tree(at(pieces, part), whole, dw[part])
        if before is not None:
            np.add(before[part], total, total)
        finite = finite and is_finite(0.0, total)
        if clips:
            found += squares(total)
    return all_finite(ranks, [finite, *found], clips=clips)


def sum_on(ranks: Team) -> Array:
    """Where a rank leaves its slice of the sum: in its own gradients."""
    assert ranks.window is not None
    return ranks.window.gradients[ranks.rank][0]


def all_finite(ranks: Team, own: list[float], *, clips: bool) -> tuple[bool, float | None]:
    """Whether all say yes in front of their squares, and the norm that these make."""
    window = ranks.window
    assert window is not None
    counts = [1] * ranks.size
    if clips:
        counts = [1 + -(-(part.stop - part.start) // BLOCK) for part in window.parts]
    said = ranks.collect(np.array(own, float), counts).tolist()
    norm = None
    if clips:
        ends = list(accumulate(counts))
        verdicts = [said[end - count] for end, count in zip(ends, counts, strict=True)]
        values = [said[end - count + 1 : end] for end, count in zip(ends, counts, strict=True)]
        said, norm = verdicts, math.sqrt(sum_in_order(list(chain(*values))))
    window.in_slices = all(said)  # else rank 0 forms all of them again
    return window.in_slices, norm


def update(experiment: Experiment, lr: float) -> float | None:
    """Clip the gradients, where that is asked for, and take the step of the optimizer.

    Returns the norm of all gradients before they were clipped, where they were.
    """
    parameters, most = experiment.network.parameters, experiment.clip_norm
    norm = None if most is None else clip(parameters.gradients, most)
    experiment.optimizer.step(parameters.values, parameters.gradients, lr)
    return norm


def update_slice(experiment: Experiment, ranks: Team, lr: float, norm: float | None) -> None:
    """The same for the slice of this rank, of gradients with this norm; then all have all slices."""
    window, hosts, optimizer = ranks.window, ranks.hosts, experiment.optimizer
    assert window is not None
    dw, own, most = sum_on(ranks), optimizer.part, experiment.clip_norm
    if norm is not None and most is not None and norm > most:
        np.multiply(dw[own], most / norm, dw[own])
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
    if window is None or (kind == GRADIENTS and not window.in_slices):
        return
    if kind == GRADIENTS:
        window.in_slices = False
        for rank in ranks.hosts.here:
            part = window.parts[rank]
            np.copyto(sum_on(ranks)[part], window.gradients[rank][0][part])
    if not ranks.hosts.several:
        return
    if ranks.busy:
        raise RankFault(
            "other ranks have a part of the optimizer's state: it is not saved within a step"
        )
    ranks.ask(Order(kind))
    brought(experiment, ranks, kind)
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

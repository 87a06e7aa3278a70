"""The rows of a diagram: what runs straight, and which row stands above which, and how far.

A *spot* is a box, or a place where a wire passes a column. Spots that follow each other without a
branch are one *row* and have one height.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise, product
from statistics import fmean

from mlptrain.report.circuit.boxes import SPACE, Edge

SIFTINGS = 3
"""How often each row looks for the place where its wires cross least."""
ROUNDS = 12
"""How often the rows are drawn to each other."""
PUSHES = 60
"""How often those that are too near are pushed apart in a round."""


def rows(column: Sequence[int], links: Sequence[Edge]) -> list[int]:
    """The row of each spot; a link leads from a spot to one in the next column.

    >>> rows([0, 1, 1, 2, 2], [(0, 1), (0, 2), (1, 3), (2, 4)])
    [0, 1, 2, 1, 2]
    """
    sources, readers = neighbours(range(len(column)), links)
    row, count = [0] * len(column), 0
    for spot in sorted(range(len(column)), key=lambda spot: column[spot]):
        before = sources[spot]
        if len(before) == 1 and len(readers[before[0]]) == 1:
            row[spot] = row[before[0]]
        else:
            row[spot] = count
            count += 1
    return row


def neighbours(row: Sequence[int], links: Sequence[Edge]) -> tuple[list[list[int]], list[list[int]]]:
    """For each row the rows that lead to it, in the order of the links, and those it leads to."""
    sources: list[list[int]] = [[] for _ in range(max(row) + 1)]
    readers: list[list[int]] = [[] for _ in sources]
    for tail, head in links:
        if row[tail] != row[head]:
            sources[row[head]].append(row[tail])
            readers[row[tail]].append(row[head])
    return sources, readers


def places(row: Sequence[int], column: Sequence[int], links: Sequence[Edge]) -> list[int]:
    """The place of each row, from above: in reading order, then each where its wires cross least.

    That is sifting (Matuszewski, Schoenfeld and Molitor, 1999). Two rows are exchanged at a time, and
    only wires that begin or end in both of them can cross more or less by it.
    """
    order = in_reading_order(*neighbours(row, links))
    place = [order.index(each) for each in range(len(order))]
    ends: list[dict[tuple[int, bool], list[int]]] = [{} for _ in order]  # where the wires of a row lead
    for tail, head in links:
        ends[row[tail]].setdefault((column[tail], True), []).append(row[head])
        ends[row[head]].setdefault((column[tail], False), []).append(row[tail])

    def swap(i: int) -> int:
        """Exchange the rows at i and i + 1; how many crossings there are more."""
        a, b = order[i], order[i + 1]
        order[i], order[i + 1], place[a], place[b] = b, a, i + 1, i
        return sum(
            1 if place[one] < place[other] else -1
            for gap in ends[a].keys() & ends[b].keys()
            for one, other in product(ends[a][gap], ends[b][gap])
            if one != other and (one, other) != (a, b)  # two that go straight on cross nowhere
        )

    last = len(order) - 1
    for each in order * SIFTINGS:
        start = place[each]
        to_top = sum(swap(i) for i in reversed(range(start)))
        crossings = list(accumulate((swap(i) for i in range(last)), initial=to_top))
        best = min(range(len(order)), key=lambda i: (crossings[i], abs(i - start)))
        for i in reversed(range(best, last)):
            swap(i)
    return place


def in_reading_order(sources: Sequence[Sequence[int]], readers: Sequence[Sequence[int]]) -> list[int]:
    """From the output back: a row stands between the first row it reads and the others.

    >>> in_reading_order([[], [], [0, 1], [], [2, 3]], [[2], [2], [4], [4], []])
    [0, 2, 1, 4, 3]
    """
    order: list[int] = []
    seen: set[int] = set()
    stack = [(each, False) for each, after in enumerate(readers) if not after]
    while stack:
        each, first_is_done = stack.pop()
        if first_is_done:
            order.append(each)
        elif each not in seen:
            seen.add(each)
            stack += [(other, False) for other in reversed(sources[each][1:])]
            stack += [(each, True), *((other, False) for other in sources[each][:1])]
    return order


def heights(
    row: Sequence[int],
    place: Sequence[int],
    column: Sequence[int],
    sizes: Sequence[float],
    links: Sequence[Edge],
) -> list[float]:
    """The height of each spot: by turns each row is drawn to those that read it and that it reads."""
    sources, readers = neighbours(row, links)
    distances = distances_of(row, place, column, sizes)
    y = [0.0] * len(place)
    for _ in range(ROUNDS):
        for others, turn in ((readers, reversed(range(len(y)))), (sources, range(len(y)))):
            for each in turn:
                if others[each]:
                    y[each] = fmean(y[other] for other in others[each])
            y = settled(y, distances)
    for (above, below), least in sorted(distances.items(), key=lambda item: place[item[0][0]]):
        y[below] = max(y[below], y[above] + least)  # what so many pushes have left
    return [y[each] for each in row]


def distances_of(
    row: Sequence[int], place: Sequence[int], column: Sequence[int], sizes: Sequence[float]
) -> dict[Edge, float]:
    """How far apart two rows must be that stand one above the other in some column."""
    distances: dict[Edge, float] = {}
    spots = sorted(range(len(row)), key=lambda spot: (column[spot], place[row[spot]]))
    for above, below in pairwise(spots):
        if column[above] == column[below]:
            pair, least = (row[above], row[below]), (sizes[above] + sizes[below]) / 2 + SPACE
            distances[pair] = max(distances.get(pair, 0.0), least)
    return distances


def settled(wanted: Sequence[float], distances: Mapping[Edge, float]) -> list[float]:
    """The heights nearest to `wanted` that keep all distances: Hildreth's method, PUSHES rounds of it.

    >>> settled([0.0, 0.0, 30.0], {(0, 1): 10.0, (1, 2): 10.0})
    [-5.0, 5.0, 30.0]
    """
    y, force = list(wanted), dict.fromkeys(distances, 0.0)
    for _ in range(PUSHES):
        for (above, below), least in distances.items():
            push = max(-force[above, below], (least - y[below] + y[above]) / 2)
            force[above, below] += push
            y[above] -= push
            y[below] += push
    return y

"""Splitting rows that belong together: all rows of a patient go to the same set."""

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.settings import Fold
from mlptrain.data.split import TEST, TRAIN, VAL, Assignment
from mlptrain.errors import ConfigError
from mlptrain.messages import count
from mlptrain.streams import stream
from mlptrain.system.sums import sum_in_order

Numbers = NDArray[np.integer]


def split_groups(
    groups: Numbers, *, val: float, test: float, seed: int, classes: Numbers | None = None
) -> Assignment:
    """(n,) the set of each row: about val n and test n of them, and whole groups only.

    `groups` (n,) numbers the groups 0, 1, ... by their first row. With `classes` (n,) the sets get each
    class as nearly in proportion as the groups allow, and every class is in training. The test rows do
    not depend on the size of `val`.

    >>> sets = split_groups(np.repeat(np.arange(6), 2), val=1/6, test=1/3, seed=0)
    >>> np.bincount(sets), bool((sets[::2] == sets[1::2]).all())
    (array([6, 2, 4]), True)
    """
    wanted = 1 + bool(val) + bool(test)
    _enough(groups, wanted, f"{wanted} sets")
    assigned = np.full(len(groups), TRAIN, np.uint8)
    if test:
        needed = (wanted - 1, 1)
        dealt = deal(groups, (1 - test, test), needed, stream(seed, "test groups"), classes)
        assigned[dealt == 1] = TEST
    if val:
        rest = np.flatnonzero(assigned == TRAIN)
        _, of_rest = np.unique(groups[rest], return_inverse=True)
        share = val / (1 - test)
        of_class = None if classes is None else classes[rest]
        dealt = deal(of_rest, (1 - share, share), (1, 1), stream(seed, "val groups"), of_class)
        assigned[rest[dealt == 1]] = VAL
    return assigned


def hold_out_groups(
    groups: Numbers, fold: Fold, *, val: float, seed: int, classes: Numbers | None = None
) -> Assignment:
    """Deal the groups out to folds; one fold tests, `split_groups` shares out the others by `val`."""
    _enough(groups, fold.of + bool(val), f"{fold.of} folds{' and validation rows' * bool(val)}")
    shares, generator = (1 / fold.of,) * fold.of, stream(seed, "fold groups")
    dealt = deal(groups, shares, (1,) * fold.of, generator, classes)
    assigned = np.full(len(groups), TEST, np.uint8)
    rest = np.flatnonzero(dealt != fold.number - 1)
    _, of_rest = np.unique(groups[rest], return_inverse=True)
    of_class = None if classes is None else classes[rest]
    assigned[rest] = split_groups(of_rest, val=val, test=0, seed=seed, classes=of_class)
    return assigned


def deal(
    groups: Numbers,
    shares: tuple[float, ...],
    needed: tuple[int, ...],
    generator: np.random.Generator,
    classes: Numbers | None = None,
) -> NDArray[np.uint16]:
    """(n,) the part that the group of each row goes to.

    Groups are dealt in random order, but those twice as large as others before these, each to the part
    where it lowers most the sum over parts p and classes c of (n_pc - s_p N_c)^2 / (s_p N_c), s being
    the shares and all rows together one more class. Part p gets needed[p] groups at least; part 0 gets
    a row of every class.
    """
    if classes is None:
        classes = np.zeros(len(groups), np.uint8)
    totals = np.append(np.bincount(classes), len(groups))
    contents = _contents(groups, classes, len(totals) - 1)
    dealing = _Dealing(shares, needed, totals, contents)
    sizes, drawn = np.bincount(groups), generator.permutation(len(contents))
    places = np.empty(len(contents), np.uint16)
    for group in drawn[np.argsort(-np.frexp(sizes[drawn])[1], kind="stable")].tolist():
        places[group] = dealing.place(contents[group])
    if any(have < need for have, need in zip(dealing.have, needed, strict=True)):
        raise ConfigError(
            "data.group: every set needs a group, and training a row of every class, which these "
            "groups do not allow: ask for fewer sets, or leave out the rarest class"
        )
    return places[groups]


def _contents(groups: Numbers, classes: Numbers, number: int) -> list[list[tuple[int, int]]]:
    """Of each group the classes in it, with their rows; all its rows as the class `number`."""
    found, counts = np.unique(groups.astype(np.int64) * number + classes, return_counts=True)
    contents: list[list[tuple[int, int]]] = [[] for _ in range(int(groups.max(initial=-1)) + 1)]
    for key, rows in zip(found.tolist(), counts.tolist(), strict=True):
        group, of_class = divmod(key, number)
        contents[group].append((of_class, rows))
    for each in contents:
        each.append((number, sum(rows for _, rows in each)))
    return contents


class _Dealing:
    """Parts that are being filled with groups."""

    def __init__(
        self,
        shares: tuple[float, ...],
        needed: tuple[int, ...],
        totals: NDArray[np.integer],
        contents: list[list[tuple[int, int]]],
    ) -> None:
        self.needed, self.have, self.left = needed, [0] * len(shares), len(contents)
        self._goals = [[share * total for total in totals.tolist()] for share in shares]
        self._filled = [[0] * len(totals) for _ in shares]
        self._to_come = [0] * len(totals)  # groups with a row of each class
        for group in contents:
            for of_class, _ in group:
                self._to_come[of_class] += 1

    def place(self, group: list[tuple[int, int]]) -> int:
        """The part that this group goes to."""
        for of_class, _ in group:
            self._to_come[of_class] -= 1
        part = min(self._allowed(group), key=lambda part: self._worse(part, group))
        for of_class, rows in group:
            self._filled[part][of_class] += rows
        self.have[part] += 1
        self.left -= 1
        return part

    def _allowed(self, group: list[tuple[int, int]]) -> list[int]:
        if any(not self._to_come[c] and not self._filled[0][c] for c, _ in group):
            return [0]
        lacking = [max(0, need - have) for need, have in zip(self.needed, self.have, strict=True)]
        everywhere = sum(lacking) < self.left
        return [part for part, number in enumerate(lacking) if everywhere or number]

    def _worse(self, part: int, group: list[tuple[int, int]]) -> float:
        """How much the sum of squares grows."""
        goals, filled = self._goals[part], self._filled[part]
        return sum_in_order(rows * (2 * (filled[c] - goals[c]) + rows) / goals[c] for c, rows in group)


def _enough(groups: Numbers, wanted: int, what: str) -> None:
    found = len(np.unique(groups))
    if found < wanted:
        raise ConfigError(f"data.group: {count(found, 'group')} for {what}: at least one for each")

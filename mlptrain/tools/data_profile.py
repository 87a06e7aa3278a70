"""What the columns of a run's file hold, and whether its parts differ: blanks, spread, drift."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.prepared import Prepared
from mlptrain.data.source import Kind, RowNumbers, Source
from mlptrain.metrics.metric import Floats
from mlptrain.streams import stream

BINS, LEVELS = 16, 12
"""Of a histogram; the most frequent labels, the others together."""
MOST_COLUMNS, MOST_ROWS = 200, 200_000
"""So many are looked at; of more rows as many at even distances."""
DRAWS, RARE = 300, 0.998
"""How often labels are drawn anew to see what chance does, and the quantile that it rarely passes."""
KS = 1.86
"""sqrt(-ln(0.002 / 2) / 2): two samples of one distribution are farther apart once in 500 times."""
READ = ("number", "boolean", "date")


@dataclass(frozen=True)
class Distance:
    """How far the rows of a part are from the training rows in a column, from 0 to 1.

    chance   what two samples of one distribution rarely pass
    """

    value: float
    chance: float

    @property
    def differs(self) -> bool:
        """Whether it is more than chance."""
        return self.value > self.chance


@dataclass(frozen=True)
class Profile:
    """A column of the file, over its training rows.

    role       `feature`, `target`, `weight` or "": it is not read
    blank      the share of training rows without a value
    different  how many values there are
    numbers    lowest, mean and highest; None of labels
    labels     what the bars stand for; none of numbers
    bars       how many training rows are in each bin of equal width, or have each label
    drift      of each other part
    """

    name: str
    role: str
    kind: Kind
    blank: float
    different: int
    numbers: tuple[float, float, float] | None
    labels: tuple[str, ...]
    bars: tuple[int, ...]
    drift: Mapping[str, Distance]


def profiles(prepared: Prepared) -> Iterator[Profile]:
    """Of the columns that are read, the target, and what else is in the file, in its order."""
    made, (source, _) = prepared.preprocessing, prepared.sets["train"]
    sets = {name: (each, fewer(np.asarray(rows))) for name, (each, rows) in prepared.sets.items()}
    for name in source.names[:MOST_COLUMNS]:
        role = "feature" if name in made.inputs else "target" if name in made.targets else ""
        yield profile(sets, name, "weight" if name == made.weight else role)


def fewer(rows: RowNumbers) -> RowNumbers:
    """At most so many, at even distances."""
    return rows[:: -(-len(rows) // MOST_ROWS)]


def profile(sets: Mapping[str, tuple[Source, RowNumbers]], name: str, role: str) -> Profile:
    """One column."""
    source, rows = sets["train"]
    kind = source.kind(name)
    others = {key: each for key, each in sets.items() if key != "train" and name in each[0].names}
    blank = float(source.missing(name)[rows].mean())
    if kind in READ:
        own = finite(source, name, rows)
        drift = {
            key: ks_distance(own, finite(*each[:1], name, each[1])) for key, each in others.items()
        }
        ends = (own.min(), own.mean(), own.max()) if len(own) else (np.nan,) * 3
        bars = np.histogram(own, BINS)[0] if len(own) else np.zeros(0, np.int64)
        measured = tuple(map(float, ends))
        return Profile(
            name, role, kind, blank, len(np.unique(own)),
            (measured[0], measured[1], measured[2]), (), tuple(bars.tolist()), drift,
        )  # fmt: skip
    levels = source.levels(name, rows)
    counts = counted(source, name, levels, rows)
    drift = {
        key: label_distance(counts, counted(each, name, levels, places))
        for key, (each, places) in others.items()
    }
    own_counts = counts[:-1]
    most = np.argsort(-own_counts, kind="stable")[:LEVELS]
    rest = int(own_counts.sum() - own_counts[most].sum())
    labels = [levels[i] for i in most] + ["others"] * (rest > 0)
    tall = [int(own_counts[i]) for i in most] + [rest] * (rest > 0)
    shown = len(levels) < len(rows)  # each row another text: there is nothing to draw, or to compare
    return Profile(
        name, role, kind, blank, len(levels), None,
        tuple(labels) if shown else (), tuple(tall) if shown else (), drift if shown else {},
    )  # fmt: skip


def finite(source: Source, name: str, rows: RowNumbers) -> Floats:
    """The values that are numbers."""
    values = source.numbers(name)[rows]
    return values[np.isfinite(values)]


def counted(source: Source, name: str, levels: list[str], rows: RowNumbers) -> NDArray[np.int64]:
    """(L + 1,) rows with each label, and last those with another one; blanks are left out."""
    codes = source.codes(name, levels, rows)
    known = np.bincount(codes[codes >= 0], minlength=len(levels))
    return np.append(known, (codes < -1).sum()).astype(np.int64)


def ks_distance(one: Floats, other: Floats) -> Distance:
    """max_x |F(x) - G(x)| of two samples (Kolmogorov and Smirnov), and 1.86 sqrt(1/n + 1/m).

    >>> ks_distance(np.array([1.0, 2.0]), np.array([2.0, 3.0])).value
    0.5
    """
    if not len(one) or not len(other):
        return Distance(0.0, 1.0)
    one, other = np.sort(one), np.sort(other)
    both = np.concatenate([one, other])
    shares = [np.searchsorted(each, both, side="right") / len(each) for each in (one, other)]
    chance = KS * np.sqrt(1 / len(one) + 1 / len(other))
    return Distance(float(np.abs(shares[0] - shares[1]).max()), float(chance))


def label_distance(one: NDArray[np.int64], other: NDArray[np.int64]) -> Distance:
    """1/2 sum |p - q| of the shares of labels, and what it rarely passes where all are of one kind.

    >>> label_distance(np.array([5, 5]), np.array([10, 0])).value
    0.5
    """
    if not one.sum() or not other.sum():
        return Distance(0.0, 1.0)
    together, generator = (one + other) / (one + other).sum(), stream(0, "drift")
    drawn = [generator.multinomial(int(each.sum()), together, DRAWS) for each in (one, other)]
    chance = np.quantile(_half_sum(*drawn), RARE)
    return Distance(float(_half_sum(one[None], other[None])[0]), float(chance))


def _half_sum(one: NDArray[np.int64], other: NDArray[np.int64]) -> Floats:
    shares = [each / each.sum(axis=1, keepdims=True) for each in (one, other)]
    return np.abs(shares[0] - shares[1]).sum(axis=1) / 2

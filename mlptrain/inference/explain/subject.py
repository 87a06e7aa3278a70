"""What is explained: rows as they stand in their file, and what a model says of them if they change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.arrays import Array
from mlptrain.data.dataset import Rows, drawn
from mlptrain.data.inputs import Inputs
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.replaced import Replaced, column_of
from mlptrain.data.row_set import every_row
from mlptrain.data.source import RowNumbers, Source
from mlptrain.inference.member import Member
from mlptrain.nn.network import AT_ONCE, Network
from mlptrain.training.evaluate import Evaluation, predictions
from mlptrain.training.thread_choice import choose_threads

Changes = Mapping[str, NDArray[Any]]
"""Other values (N,) for some columns of the file: numbers, or labels; NaN and "" where missing."""
NOTHING: Changes = {}


class Encoded:
    """Rows as a member's preprocessing makes them, and again where columns of the file change."""

    def __init__(self, member: Member, source: Source, rows: RowNumbers) -> None:
        self.member, self.source, self.rows = member, source, rows
        self.made, self.dtype = member.preprocessing, member.network.dtype
        self.inputs = self.made.apply(source, rows, self.dtype)[0]

    def changed(self, changes: Changes) -> Inputs:
        """The inputs with these changes: the columns named are encoded anew, the others stay."""
        if not changes:
            return self.inputs
        source, everywhere = Replaced(self.source, self.rows, changes), every_row(len(self.rows))
        if self.made.transform is not None:  # which mixes columns
            return self.made.apply(source, everywhere, self.dtype)[0]
        columns = tuple(each for each in self.made.columns if each.name in changes)
        narrow = replace(self.made, inputs=tuple(changes), columns=columns)
        new = narrow.apply(source, everywhere, self.dtype)[0]
        return Inputs(
            *(
                self._written(array, name, getattr(new, name), changes)
                for array, name in zip(self.inputs.arrays, ("numbers", "codes"), strict=False)
            )
        )

    def _written(self, array: Any, name: str, new: Array | None, changes: Changes) -> Array:
        """An array of the inputs with other columns in the places of those that changed."""
        of_array = (column for column in self.made.columns if column.array == name)
        owners = [column.name for column in of_array for _ in column.outputs]
        out = np.array(array)
        if new is not None:
            out[:, [owner in changes for owner in owners]] = new
        return out


@dataclass(frozen=True)
class Part:
    """Rows of one source, and the members that predict them."""

    source: Source
    rows: RowNumbers
    members: tuple[Member, ...]

    @cached_property
    def encoded(self) -> list[Encoded]:
        """The inputs of each member."""
        return [Encoded(member, self.source, self.rows) for member in self.members]


@dataclass(frozen=True)
class Subject:
    """Rows that are looked at, part by part, and the model that is explained.

    together   makes the model's scores from those of the members of a part
    """

    parts: tuple[Part, ...]
    network: Network
    preprocessing: Preprocessing
    together: Callable[[Sequence[tuple[Member, Array]]], Array]

    def __len__(self) -> int:
        return sum(len(part.rows) for part in self.parts)

    @property
    def threads(self) -> int:
        """As many as pay for the products of a part: it is predicted many times."""
        rows = min(AT_ONCE, max(len(part.rows) for part in self.parts))
        return choose_threads(self.network, rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file that are read."""
        return self.preprocessing.inputs

    def by_label(self, name: str) -> bool:
        """Whether a column holds labels, not numbers."""
        return any(each.by_label for each in self.preprocessing.columns if each.name == name)

    def values(self, name: str) -> NDArray[Any]:
        """(N,) a column as it stands in the file."""
        labelled = self.by_label(name)
        return np.concatenate(
            [column_of(part.source, name, part.rows, by_label=labelled) for part in self.parts]
        )

    def scores(self, changes: Changes = NOTHING) -> Array:
        """(N, C) what the model says of the rows, with other values in some columns."""
        found, start = list[Array](), 0
        for part in self.parts:
            here = slice(start, start := start + len(part.rows))
            own = {name: values[here] for name, values in changes.items()}
            each = [(one.member, one.member.scores(one.changed(own))) for one in part.encoded]
            found.append(self.together(each))
        return np.concatenate(found)

    @cached_property
    def truth(self) -> Rows:
        """Targets and weights of the rows, without inputs."""
        made, dtype = self.preprocessing, self.network.dtype
        each = [(part.source, part.rows) for part in self.parts]
        y = np.concatenate([made.encode(source, rows, dtype) for source, rows in each])
        weights = [w for s, r in each if (w := made.weights(s, r, dtype)) is not None]
        truth = [t for s, r in each if (t := made.truth(s, r)) is not None]
        return Rows(
            Inputs(np.empty((len(y), 0))),
            y,
            np.concatenate(weights) if weights else None,
            np.concatenate(truth) if truth else None,
        )

    def evaluation(self, scores: Array, rows: RowNumbers | None = None) -> Evaluation:
        """What can be measured of scores (N, C), of all rows or of some of them, also repeatedly."""
        if rows is None:
            return Evaluation(self.network, self.truth, scores, self.preprocessing)
        given = self.truth
        weights = None if given.weights is None else given.weights[rows]
        truth = None if given.truth is None else given.truth[rows]
        chosen = Rows(given.inputs[rows], given.y[rows], weights, truth)
        return Evaluation(self.network, chosen, scores[rows], self.preprocessing)

    def predictions(self, scores: Array) -> Array:
        """What a user calls predictions, from scores (N, C)."""
        return predictions(self.network, scores, self.preprocessing)

    def sample(self, most: int, seed: int) -> "Subject":
        """At most so many of the rows, drawn at random; classes in proportion."""
        if len(self) <= most:
            return self
        classes = self.truth.y if self.truth.y.ndim == 1 else None
        places, parts, start = drawn(len(self), most, seed, classes), list[Part](), 0
        for part in self.parts:
            stop = start + len(part.rows)
            own = places[(places >= start) & (places < stop)] - start
            parts += [replace(part, rows=part.rows[own])] if len(own) else []
            start = stop
        return replace(self, parts=tuple(parts))

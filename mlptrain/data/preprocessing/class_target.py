"""A class to be predicted, by the names of the classes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mlptrain.arrays import Targets
from mlptrain.data.preprocessing.checks import DELETE, LOOKED_AT, as_values
from mlptrain.data.source import (
    BLANK,
    RowIndex,
    Source,
    ValueType,
    faulty_values,
    first_places,
    require,
)
from mlptrain.messages import some


@dataclass(frozen=True)
class ClassTarget:
    """A column of class names. Class number c is `classes[c]`.

    label_type   that of the values that a program has handed over; None: of a file, which has names
    """

    kind: ClassVar[Targets] = "classes"
    name: str
    classes: tuple[str, ...]
    label_type: ValueType | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The target columns."""
        return (self.name,)

    def encode(self, source: Source, rows: RowIndex, dtype: DTypeLike) -> NDArray[np.int64]:
        """(n,) class numbers; DataError for a missing value or a class of no training row."""
        require(source, self.names)
        codes = source.codes(self.name, self.classes, rows)
        asked = as_values(source, self.name, rows[np.flatnonzero(codes == BLANK)[:LOOKED_AT]])
        unknown = f"is a class of no training row ({some(self.classes)})"
        for faulty, what, advice in (
            (codes == BLANK, "is a missing value", "; ".join(filter(None, (DELETE, asked)))),
            (codes < BLANK, unknown, "correct them, or train with rows of that class"),
        ):
            if faulty.any():
                places = first_places(self.name, faulty, rows)
                raise faulty_values(source, places, int(faulty.sum()), what, advice)
        return codes

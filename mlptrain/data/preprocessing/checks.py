"""Values that are refused wherever they stand: their first places, and how many there are in all."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.source import Kind, RowIndex, Source, faulty_values, first_places

PLURAL: dict[Kind, str] = {
    "number": "numbers",
    "boolean": "true and false",
    "date": "dates",
    "text": "text",
    "blank": "nothing",
    "other": "nested or unusual values",
}
"""What a column holds, in words."""


DELETE = (
    "a target is never filled in: correct them, delete the rows, or train with `target_missing: drop`"
)
Test = Callable[[NDArray[np.float64]], NDArray[np.bool_]]
REFUSES = {
    "error": "correct them, or write `missing: mean` (or median, or drop)",
    "drop": "the checkpoint was trained with `missing: drop`, which gives no prediction for them: "
    "fill them in",
}
"""The policies by which a missing number is refused, and what to do about it."""


def check_present(source: Source, names: Sequence[str], rows: RowIndex, advice: str) -> None:
    """DataError listing missing values among the rows of number columns; `advice` says what to do."""
    _check(source, names, rows, np.isnan, "is a missing value", advice)


def check_finite(source: Source, names: Sequence[str], rows: RowIndex) -> None:
    """DataError listing the infinite values among the rows of number columns."""
    advice = "correct them: only finite numbers train"
    _check(source, names, rows, np.isinf, "is infinite", advice)


def _check(
    source: Source, names: Sequence[str], rows: RowIndex, is_faulty: Test, what: str, advice: str
) -> None:
    places, total = list[tuple[int, str]](), 0
    for name in names:
        faulty = is_faulty(source.numbers(name)[rows])
        total += int(faulty.sum())
        places += first_places(name, faulty, rows)
    if total:
        raise faulty_values(source, places, total, what, advice)

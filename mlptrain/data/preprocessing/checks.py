"""Values that are refused wherever they stand: their first places, and how many there are in all."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mlptrain.data.notation import notation
from mlptrain.data.row_set import every_row
from mlptrain.data.source import Kind, RowIndex, Source, faulty_values, first_places
from mlptrain.data.written import BLANKS
from mlptrain.messages import in_yaml, quoted

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
LOOKED_AT = 100
"""So many missing values are looked at."""
Test = Callable[[NDArray[np.float64]], NDArray[np.bool_]]
REFUSES = {
    "error": "correct them, or write `missing: mean` (or median, or drop); for a trained model: "
    "--missing mean",
    "drop": "the checkpoint was trained with `missing: drop`, which gives no prediction for them: "
    "fill them in, or add --missing mean",
}
"""The policies by which a missing number is refused, and what to do about it."""


def as_values(source: Source, name: str, rows: RowIndex) -> str:
    """What to declare if texts for a missing value are values in these rows: NA is Namibia, too."""
    shown = {source.shown(name, int(row)) for row in rows[:LOOKED_AT]}
    texts = [text for text in BLANKS if text and quoted(text) in shown]
    if not texts:
        return ""
    present = ", ".join(map(in_yaml, texts))
    return f"if {quoted(texts[0])} is a value: `columns: {{{in_yaml(name)}: {{present: [{present}]}}}}`"


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


def check_booleans(source: Source, name: str) -> None:
    """DataError listing the values of a column of numbers or text that are not true, false, 1 or 0."""
    everywhere = every_row(len(source))
    if source.kind(name) == "number":
        values = source.numbers(name)
        faulty = ~np.isnan(values) & ~np.isin(values, (0, 1))
        what = "is not 1 or 0, and training had true and false"
    else:
        faulty = _faulty_texts(source, name, lambda text: text.lower() in ("true", "false"))
        what = "is not true or false, as in training"
    if faulty.any():
        places = first_places(name, faulty, everywhere)
        advice = "write true and false in all rows, or 1 and 0 in all"
        raise faulty_values(source, places, int(faulty.sum()), what, advice)


def check_dates(source: Source, name: str) -> None:
    """DataError listing the values of a column of text that are no dates."""
    faulty, what = _faulty_texts(source, name, lambda text: notation(text) == "date"), "is not a date"
    if not faulty.any():
        faulty, what = ~source.missing(name), "is one of dates in several forms"
    places = first_places(name, faulty, every_row(len(source)))
    advice = "write dates as 2026-07-21, as in training, or leave them empty"
    raise faulty_values(source, places, int(faulty.sum()), what, advice)


def _faulty_texts(source: Source, name: str, right: Callable[[str], bool]) -> NDArray[np.bool_]:
    """(N,) where the column has a text that is not right."""
    everywhere = every_row(len(source))
    levels = source.levels(name, everywhere)
    wrong = [place for place, text in enumerate(levels) if not right(text)]
    return np.isin(source.codes(name, levels, everywhere), wrong)

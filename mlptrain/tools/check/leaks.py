"""The same row in two sets: what is measured on it is memory, not learning."""

import numpy as np

from mlptrain.data.dataset import Rows
from mlptrain.data.source import RowIndex
from mlptrain.messages import count, some
from mlptrain.tools.check.case import Case
from mlptrain.tools.check.verdict import Verdict, doubt, fault, fine

BLOCK = 1 << 14
MOST_ROWS = 200_000
"""So many rows of each set are compared."""
MUCH, SEVERAL = 0.01, 3
"""Share and number of held-out rows from which equal ones are a fault; one pair may be nature's."""
POSSIBLE = 1000
"""With fewer possible rows than this many per training row, equal ones are no surprise."""

Keys = dict[bytes, int]


def shared_rows(case: Case) -> Verdict:
    """Rows of val and test with the features and the target of a training row."""
    data = case.data
    held = {"val": data.val, "test": data.test}
    named = {name: rows for name, rows in held.items() if rows is not None}
    if not named:
        return fine("there are training rows only")
    seen: Keys = {}
    for i, key in keys(data.train):
        seen.setdefault(key, i)
    places = data.partition._asdict()
    found, total, first = list[str](), 0, list[str]()
    for name, rows in named.items():
        twins = [(i, seen[key]) for i, key in keys(rows) if key in seen]
        total += len(twins)
        found += [f"{len(twins):,} of {count(len(rows), 'row')} of {name}"] if twins else []
        first += [f"{name} {_at(i, places[name])} = train {_at(j, places['train'])}" for i, j in twins]
    rows_held = sum(len(rows) for rows in named.values())
    if not total:
        return fine(f"none of {count(rows_held, 'row')} of {' and '.join(named)} is also in train")
    line = f"{', '.join(found)} are also in train (row numbers from 1): {some(first, 3)}"
    if few_possible(case):
        return doubt(f"{line}; the columns take few values, so it may be chance", "look at the rows")
    advice = "remove the copies from the data before they are split"
    grave = total >= SEVERAL and total > MUCH * rows_held
    return (fault if grave else doubt)(line, advice)


def _at(i: int, places: RowIndex) -> int:
    """The number of a row in its file, from 1, where it is known; else in its set."""
    return int(places[i]) + 1 if len(places) else i + 1


def keys(rows: Rows) -> list[tuple[int, bytes]]:
    """The bytes of each row, inputs and target; 0 and -0 are the same number."""
    found = list[tuple[int, bytes]]()
    for start in range(0, min(len(rows), MOST_ROWS), BLOCK):
        here = slice(start, start + BLOCK)
        arrays = [array[here] + 0 for array in rows.inputs.arrays] + [rows.y[here]]
        found += [
            (start + i, b"".join(row.tobytes() for row in each))
            for i, each in enumerate(zip(*arrays, strict=True))
        ]
    return found


def few_possible(case: Case) -> bool:
    """Whether the product of the numbers of different values per column is small."""
    possible, enough = 1.0, POSSIBLE * len(case.data.train)
    for column in case.sample.inputs.numbers[:].T:
        possible *= len(np.unique(column))
        if possible > enough:
            return False
    return True

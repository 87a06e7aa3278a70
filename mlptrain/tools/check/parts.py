"""Do the held-out rows look like the training rows? In a file in the order of time they may not."""

import math

import numpy as np

from mlptrain.messages import some
from mlptrain.tools.check.case import Case
from mlptrain.tools.check.verdict import Verdict, doubt, fine
from mlptrain.tools.data_profile import ks_distance

ALPHA = 1e-3
"""How seldom any of all columns may seem to differ by chance."""
MUCH = 0.1
"""A distance below this is no matter, however sure it is."""
MOST_ROWS, MOST_COLUMNS = 20_000, 1000


def parts_differ(case: Case) -> Verdict | None:
    """Columns as the network reads them, by the largest distance of their cumulative shares."""
    data = case.data
    held = {"val": data.val, "test": data.test}
    named = {name: rows for name, rows in held.items() if rows is not None}
    names = data.features[:MOST_COLUMNS]
    if not named or not names:
        return None
    train = _columns(case, "train")
    # ks_distance knows one pair; of many pairs some differ by chance: Bonferroni
    factor = math.sqrt(-math.log(ALPHA / (2 * len(names) * len(named))) / 2)
    found = list[tuple[float, str]]()
    for part in named:
        others = _columns(case, part)
        chance = factor * math.sqrt(1 / len(train) + 1 / len(others))
        for name, one, other in zip(names, train.T, others.T, strict=True):
            distance = ks_distance(one, other).value
            if distance > max(MUCH, chance):
                found.append((distance, f"{name} in {part} by {distance:.2f}"))
    if not found:
        return fine(
            f"{' and '.join(named)} {'look' if len(named) > 1 else 'looks'} like train in every column"
        )
    line = f"rows differ from those of train: {some([told for _, told in sorted(found)[::-1]], 4)}"
    if case.config.data.time or case.config.data.group:
        return doubt(line, "the model may not suit later or other rows: newer rows, or fewer columns")
    return doubt(line, "if rows are in the order of time, data.time: COLUMN tests on the later ones")


def _columns(case: Case, part: str) -> np.ndarray:
    """(n, K) some rows of a part."""
    rows = getattr(case.data, part).inputs.numbers
    step = -(-len(rows) // MOST_ROWS)
    return np.asarray(rows[::step], np.float64)[:, :MOST_COLUMNS]

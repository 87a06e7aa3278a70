"""Heavy tails of a target: a few rows then rule a squared error."""

import numpy as np

from mlptrain.metrics.metric import Floats
from mlptrain.system.sums import below_1
from mlptrain.tools.check.case import Case
from mlptrain.tools.check.task import targets
from mlptrain.tools.check.verdict import Verdict, doubt, fine

SQUARED = "mse"
SHARE, OF = 0.01, 0.25
"""The hundredth of the rows that lies farthest from the mean may have a quarter of the squares."""
FEWEST = 100


def heavy_tails(case: Case) -> Verdict | None:
    """Of a normal distribution the farthest hundredth has a twelfth of the sum of squares."""
    if case.data.classes is not None or case.config.loss.name != SQUARED:
        return None
    if case.config.data.scale_target in ("log", "log1p") or len(case.sample) < FEWEST:
        return None
    y = targets(case)
    shares = [share_of_farthest(column) for column in y.T]
    worst = int(np.argmax(shares))
    column, name = y[:, worst], case.data.targets[worst]
    line = f"1 % of the rows have {shares[worst]:.0%} of the squared distances of {name} from its mean"
    if shares[worst] <= OF:
        return fine(line)
    if is_count(column):
        return doubt(f"{line}: a count with heavy tails", "`loss: poisson`")
    if column.min() > 0:
        return doubt(f"{line}: heavy tails", "`scale_target: log`, or `loss: huber`")
    return doubt(f"{line}: heavy tails", "`loss: huber`, or `loss: mae`")


def is_count(values: Floats) -> bool:
    """Whole numbers from 0 on that come again; amounts in whole units, such as prices, hardly do."""
    whole = values.min() >= 0 and (values == np.round(values)).all()
    return bool(whole) and len(np.unique(values)) <= len(values) / 2


def share_of_farthest(values: Floats) -> float:
    """Of the sum of squares around the mean, what the farthest 1 % of the rows make up.

    >>> share_of_farthest(np.array([0.0] * 99 + [100.0])).__round__(2)
    0.99
    """
    values = below_1(values)
    squares = np.sort(np.square(values - values.mean()))
    most = max(1, round(SHARE * len(squares)))
    total = float(squares.sum())
    return float(squares[-most:].sum()) / total if total > 0 else 0.0

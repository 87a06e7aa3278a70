"""Does the answer stand among the columns? Made-up sets are left out."""

import numpy as np

from mlptrain.tools.check.case import Case
from mlptrain.tools.check.verdict import Verdict, doubt, fine
from mlptrain.tools.giveaway import FEWEST, given_away


def giveaway(case: Case) -> Verdict | None:
    """Whether a column, or a linear model of all, gives the answer away."""
    data, rows = case.data, case.sample
    if not isinstance(case.config.data.train, str) or len(rows) < FEWEST or len(data.features) < 2:
        return None
    X = np.asarray(rows.inputs.numbers[:])
    found = given_away(X, np.asarray(rows.y), data.preprocessing, classes=data.classes is not None)
    if found is None:
        return fine("no column, and no linear model of all, gives the answer away")
    advice = f"are they known when you predict? if not: {found.advice(data.preprocessing)}"
    return doubt(found.told(data.features), advice)

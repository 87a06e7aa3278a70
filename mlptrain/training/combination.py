"""What became of candidates: how much each counts in the model, and its loss on the rows held out."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from mlptrain.config import load_config

KEY = "combination"
"""The entry of folds.json, and of a packed model."""
THRESHOLD = "threshold"
"""Beside it there: the threshold of the whole model, where the config asks for one."""


@dataclass(frozen=True)
class Part:
    """One candidate.

    weight        its share in the average; 0: it is not used
    out_of_fold   its loss and metrics alone, on all rows that its folds held out
    """

    name: str
    weight: float
    out_of_fold: dict[str, float | None]


@dataclass(frozen=True)
class Combination:
    """All candidates in the order of the config, and the value `by` which they were compared.

    config   the whole one, candidates and all
    """

    by: str
    config: dict[str, Any]
    candidates: tuple[Part, ...]

    @property
    def used(self) -> tuple[Part, ...]:
        """Those of which the model consists."""
        return tuple(each for each in self.candidates if each.weight > 0)

    @property
    def is_sound(self) -> bool:
        """Whether the weights add up to 1, and the candidates are those of the config."""
        names = [each.name for each in self.candidates]
        total = math.fsum(each.weight for each in self.candidates)
        known = [candidate.name for candidate in load_config(self.config).candidates]
        return math.isclose(total, 1, rel_tol=1e-9) and names == known

    def shares(self, folds: int) -> list[float]:
        """The weight of each member of the model: the folds of a candidate share its own."""
        return [each.weight / folds for each in self.used for _ in range(folds)]

    def document(self) -> dict[str, Any]:
        """The same as JSON values."""
        candidates = [asdict(each) for each in self.candidates]
        return {"by": self.by, "config": self.config, "candidates": candidates}

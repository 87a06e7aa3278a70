"""What the members of a model say together of the rows that each of them held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from mlptrain.config import Config
from mlptrain.inference.member import Member
from mlptrain.inference.model import Model
from mlptrain.inference.out_of_fold import HeldOut, by_all, joined, pooled
from mlptrain.metrics.decision import Threshold
from mlptrain.runs.fold_outcome import FoldOutcome
from mlptrain.training.combination import Combination
from mlptrain.training.evaluate import Evaluation
from mlptrain.training.experiment import Decision
from mlptrain.training.members import Members


@dataclass(frozen=True)
class Joint:
    """One candidate, or several that are averaged.

    parts       for each fold what predicts it, its number and its rows
    folds       the rows of each fold with the scores of the model
    tested      what each member says of the test rows; empty without any
    measured    loss and metrics of each fold
    evaluation  all rows held out, in the order of the file
    """

    model: Model
    parts: list[tuple[Member | Model, int, HeldOut]]
    folds: list[HeldOut]
    tested: list[HeldOut]
    measured: list[dict[str, float | None]]
    evaluation: Evaluation

    @classmethod
    def of(cls, model: Model, outcomes: Sequence[FoldOutcome]) -> Self:
        """Of members of which each has held out a fold of its own."""
        folds = joined(model, [each.held_out for each in outcomes])
        parts = [
            (member, each.number, each.held_out)
            for member, each in zip(model.members, outcomes, strict=True)
        ]
        tested = [each.tested for each in outcomes if each.tested is not None]
        measured = [each.measured for each in outcomes]
        return cls(model, list(parts), folds, tested, measured, pooled(model, folds).evaluation)

    @classmethod
    def of_candidates(cls, each: Sequence["Joint"], combination: Combination) -> Self:
        """Of the candidates that are used: their weighted average."""
        first, checkpoints = each[0], [m.checkpoint for one in each for m in one.model.members]
        model = Model(first.model.path, Members(tuple(checkpoints), combination))
        folds = joined(model, [part for one in each for _, _, part in one.parts])
        numbers = [number for _, number, _ in first.parts]
        return cls(
            model,
            [(model, number, part) for number, part in zip(numbers, folds, strict=True)],
            folds,
            [part for one in each for part in one.tested],
            [pooled(model, [part]).evaluation.measured() for part in folds],
            pooled(model, folds).evaluation,
        )

    def test(self) -> Evaluation | None:
        """The model on the test rows."""
        return by_all(self.model, self.tested).evaluation if self.tested else None

    def threshold(self, config: Config) -> Threshold | None:
        """That of all rows held out, by their calibrated probabilities; None where not asked for."""
        asked, of_members = config.decision, self.model.threshold
        if asked is None or of_members is None:
            return None
        decision, rows = Decision(of_members.positive, asked.criterion()), self.evaluation.rows
        return decision.threshold(self.evaluation.predictions(), rows.y, rows.weights)

"""The section of the threshold between two classes."""

from typing import Annotated

from pydantic import Field

from mlptrain.bounds import Positive
from mlptrain.config.kinds import Kinds
from mlptrain.config.section import Section, Text, setting
from mlptrain.metrics.decision import Criterion, Rule


class Cost(Section):
    """What a wrong answer costs, in any unit; a right one costs nothing."""

    fp: Positive = Field(description="of a row of the other class that is called positive")
    fn: Positive = Field(description="of a positive row that is missed")


class Decision(Section):
    """Where the threshold lies."""

    metric: Rule = Field(description="what is best at the threshold; cost is the sum of `cost`")
    positive: Annotated[Text | None, Kinds("a class or null")] = setting(
        None, "the class that is looked for; null: the second one"
    )
    cost: Annotated[Cost | None, Kinds("{fp: 1, fn: 20} or null")] = setting(
        None, "what false positives and false negatives cost, for metric: cost"
    )

    def criterion(self) -> Criterion:
        """What the threshold is to make as large as possible."""
        return (
            Criterion(self.metric)
            if self.cost is None
            else Criterion("cost", *vars(self.cost).values())
        )

"""What keys of `train` may hold: when to stop, what to average, how often something is due."""

from typing import Annotated

from annotated_types import Gt
from pydantic import Field

from mlptrain.bounds import Count, Fraction, NonNegative
from mlptrain.config.kinds import Kinds
from mlptrain.config.section import Section, setting


class EarlyStopping(Section):
    """When to stop before the last epoch."""

    patience: Count = setting(10, "evaluations in a row without an improvement before the run stops")
    min_delta: NonNegative = setting(0.0, "how much better a value must be to count as an improvement")


class Average(Section):
    """Averaging of weights."""

    ema: Annotated[Fraction, Gt(0)] = Field(
        description="share of the average that stays at a step: 0.99 looks back about 100 steps"
    )


class Steps(Section):
    """An interval in optimizer steps."""

    steps: Count = Field(description="a number of optimizer steps, for long epochs")


Interval = Annotated[Count | Steps, Kinds("a number of epochs, or {steps: n}")]

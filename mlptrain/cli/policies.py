"""The options of `predict` and `eval --data` about values that training did not have."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from mlptrain.data.preprocessing.policies import MISSING, OUT_OF_RANGE, UNSEEN

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def policy_options(command: Decorated) -> Decorated:
    """What is done about values of DATA that training did not have; handed over by these names."""
    for option in (
        click.option(
            "--out-of-range", type=click.Choice(OUT_OF_RANGE), default="warn", show_default=True,
            help="Numbers outside the range of training: count or clip them.",
        ),
        click.option(
            "--missing", type=click.Choice(MISSING),
            help="Blanks: refuse or fill them.  [as in training]",
        ),
        click.option(
            "--unseen", type=click.Choice(UNSEEN),
            help="New categories: refuse, treat as none, or as the most frequent.  [as in training]",
        ),
    ):  # fmt: skip
        command = option(command)
    return command

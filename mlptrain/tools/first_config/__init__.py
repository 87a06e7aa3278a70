"""Writing a first config for a table: what each column is, what is to be learned, and with what.

profile   what a column holds: kind, blanks, different values, outliers
roles     which columns to learn from, and why the others are left out
choices   the settings, each with its reason
"""

from collections.abc import Sequence

from mlptrain.config import load_config
from mlptrain.config.yaml import parse
from mlptrain.tools.first_config.choices import Proposal, proposed
from mlptrain.training.build import build


def first_config(data: str, targets: Sequence[str]) -> Proposal:
    """A commented config for a table, held against its data: one that would not run is an error."""
    made = proposed(data, targets)
    build(load_config(parse(made.answered, data).data))
    return made

"""Numerical against analytic gradients: what `gradcheck` calls."""

from collections.abc import Iterator, Mapping

from mlptrain.config import Config, load_config
from mlptrain.config.load import Source
from mlptrain.config.overrides import Overrides
from mlptrain.errors import ConfigError
from mlptrain.tools.gradcheck import Case, Row, all_cases, check, part_cases
from mlptrain.training.build import build, in_float64

MOST_ROWS = 10
"""The check is exact on any rows, and slow on many."""


def gradcheck(config: Source | None = None, overrides: Overrides = ()) -> Iterator[Row]:
    """A row for each tensor: of every node and many networks, or of a config on its own rows.

    It ends after a gate that all others are projected with, where that one is wrong: so would they be.
    """
    for case in cases(config, overrides):
        rows = list(check(case))
        yield from rows
        if case.first and not all(row.passed for row in rows):
            return


def learning_in_every_layer(config: Config) -> Config:
    """The config with a last layer that is drawn: one of zeros lets no gradient through."""
    model = config.model.model_copy(update={"last_layer": "random"})
    return config.model_copy(update={"model": model})


def cases(config: Source | None, overrides: Overrides) -> Iterator[Case]:
    """What is checked: everything, or the network of a config and the parts of its loss."""
    if config is None:
        if overrides:
            raise ConfigError("--set changes a CONFIG: name one, or leave out --set")
        return all_cases()
    checked = learning_in_every_layer(load_config(config, overrides))
    experiment = in_float64(build(checked, threads=1), checked)
    name = "config" if isinstance(config, Mapping) else str(config)
    rows = experiment.data.train.sample(MOST_ROWS, checked.seed)
    return part_cases(name, experiment.network, rows, checked.seed)

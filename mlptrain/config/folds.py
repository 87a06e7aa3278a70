"""One fold of a config that trains several."""

from mlptrain.config.schema import Config, Fold
from mlptrain.errors import ConfigError


def held_out(config: Config, number: int, count: int) -> Config:
    """The config with one of `count` folds held out, instead of the rows that validate.

    Where `val` has rows for that, the fold takes the place of the test rows.
    """
    if config.data.split_column is not None:
        raise ConfigError("--folds: data.split_column gives one split; for folds write it as null")
    test = None if config.data.val else config.data.test or None
    fold = Fold(number=number, of=count, holds="val" if test else "test")
    data = config.data.model_copy(update={"fold": fold, "test": test})
    train = config.train.model_copy(update={"folds": None})
    return config.model_copy(update={"data": data, "train": train})


def first_fold(config: Config) -> Config:
    """What stands for a config that trains several folds where one network is looked at: the first."""
    return config if config.train.folds is None else held_out(config, 1, config.train.folds)

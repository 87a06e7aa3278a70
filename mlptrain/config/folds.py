"""One fold of a config that trains several."""

from mlptrain.config.schema import Config, Fold
from mlptrain.errors import ConfigError


def held_out(config: Config, number: int, count: int) -> Config:
    """The config with one of `count` folds held out instead of its own test rows."""
    if config.data.split_column is not None:
        raise ConfigError("--folds: data.split_column gives one split; for folds write it as null")
    fold = Fold(number=number, of=count)
    data = config.data.model_copy(update={"fold": fold, "test": None})
    train = config.train.model_copy(update={"folds": None})
    return config.model_copy(update={"data": data, "train": train})


def first_fold(config: Config) -> Config:
    """What stands for a config that trains several folds where one network is looked at: the first."""
    return config if config.train.folds is None else held_out(config, 1, config.train.folds)

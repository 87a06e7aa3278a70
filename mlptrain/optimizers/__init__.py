"""Optimizers (P8-P9): one file and one line in this table for each."""

from mlptrain.optimizers.adagrad import Adagrad
from mlptrain.optimizers.adam import Adam
from mlptrain.optimizers.adamw import AdamW
from mlptrain.optimizers.momentum import Momentum
from mlptrain.optimizers.nesterov import Nesterov
from mlptrain.optimizers.optimizer import Optimizer
from mlptrain.optimizers.rmsprop import RMSProp
from mlptrain.optimizers.sgd import SGD

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": Adagrad,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}

__all__ = ["OPTIMIZERS", "Optimizer"]

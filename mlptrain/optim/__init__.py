"""Optimizers (P8-P9): one file and one line in this table for each."""

from mlptrain.optim.adagrad import Adagrad
from mlptrain.optim.adam import Adam
from mlptrain.optim.adamw import AdamW
from mlptrain.optim.momentum import Momentum
from mlptrain.optim.nesterov import Nesterov
from mlptrain.optim.optimizer import Optimizer
from mlptrain.optim.rmsprop import RMSProp
from mlptrain.optim.sgd import SGD

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

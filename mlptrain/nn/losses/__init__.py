"""Losses: how unhappy we are with the scores (P5). Changing one is a word in the config (P51).

The loss decides the task: softmax and hinge classify, the others regress; poisson
predicts amounts, quantile intervals, and sigmoid says yes or no to each of several targets.
"""

from mlptrain.nn.losses.hinge import HingeLoss
from mlptrain.nn.losses.loss import Loss
from mlptrain.nn.losses.poisson import PoissonLoss
from mlptrain.nn.losses.quantile import QuantileLoss
from mlptrain.nn.losses.regression import HuberLoss, MAELoss, MSELoss
from mlptrain.nn.losses.sigmoid import SigmoidLoss
from mlptrain.nn.losses.softmax import SoftmaxLoss

LOSSES: dict[str, type[Loss]] = {
    "softmax": SoftmaxLoss,
    "hinge": HingeLoss,
    "mse": MSELoss,
    "mae": MAELoss,
    "huber": HuberLoss,
    "quantile": QuantileLoss,
    "poisson": PoissonLoss,
    "sigmoid": SigmoidLoss,
}

__all__ = ["LOSSES", "Loss"]

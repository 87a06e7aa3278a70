"""Losses: how unhappy we are with the scores (P5). Changing one is a word in the config (P51).

The loss decides the task: softmax and hinge classify, the others regress.
"""

from mlptrain.nn.losses.hinge import HingeLoss
from mlptrain.nn.losses.loss import Loss
from mlptrain.nn.losses.regression import HuberLoss, MAELoss, MSELoss
from mlptrain.nn.losses.softmax import SoftmaxLoss

LOSSES: dict[str, type[Loss]] = {
    "softmax": SoftmaxLoss,
    "hinge": HingeLoss,
    "mse": MSELoss,
    "mae": MAELoss,
    "huber": HuberLoss,
}

__all__ = ["LOSSES", "Loss"]

"""The program's conventions written in PyTorch: network, losses, schedules, optimizers.

Gradients are autograd's and updates those of torch.optim; docs/conventions.md says what they must
equal. Where PyTorch has another variant of a formula, ours is written out here, with a comment.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from cases import Case, Choice
from torch import Tensor

Parameters = dict[str, Tensor]

NORM_EPS = 1e-5
NO_THRESHOLD = 1e9  # PyTorch's softplus turns linear above a threshold, ours never does


def maxout(scores: Tensor, pieces: int) -> Tensor:
    """The largest of `pieces` neighbouring columns: (N, M * pieces) -> (N, M)."""
    return scores.reshape(len(scores), -1, pieces).amax(dim=2)


def activate(x: Tensor, choice: Choice) -> Tensor:
    """The activation that `choice` names, at the options it states."""
    match choice["name"]:
        case "leaky_relu":
            return F.leaky_relu(x, choice["slope"])
        case "elu":
            return F.elu(x, choice["alpha"])
        case "gelu":
            return F.gelu(x, approximate="tanh")
        case "softplus":
            return F.softplus(x, beta=1.0, threshold=NO_THRESHOLD)
        case "identity":
            return x
        case "maxout":
            return maxout(x, choice["pieces"])
    plain = {
        "relu": F.relu,
        "selu": F.selu,
        "silu": F.silu,
        "mish": F.mish,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
    }
    return plain[choice["name"]](x)


def normalize(x: Tensor, kind: str, gamma: Tensor, beta: Tensor) -> Tensor:
    """Batch norm with the statistics of this batch, or layer norm."""
    if kind == "batch":
        return F.batch_norm(x, None, None, gamma, beta, training=True, eps=NORM_EPS)
    return F.layer_norm(x, (x.shape[-1],), gamma, beta, NORM_EPS)


def scores(x: Tensor, codes: Tensor, case: Case, parameters: Parameters, masks: Parameters) -> Tensor:
    """Embeddings beside x; linear, norm, activation, dropout per hidden layer, then a linear layer."""
    tables = [parameters[f"embedding{k + 1}.table"] for k in range(codes.shape[1])]
    x = torch.cat([x, *(F.embedding(codes[:, k], table) for k, table in enumerate(tables))], dim=1)
    layers = sum(name.endswith(".W") for name in parameters)
    if "input.scale" in parameters:
        x = x * parameters["input.scale"]
    if "ensemble.scale" in parameters:  # from here on x is (k, N, D)
        x = x * parameters["ensemble.scale"][:, None, :]
    for k in range(1, layers + 1):
        fan_in = x.shape[-1] if case.extra.get("ntk") else 1
        x = x @ parameters[f"layer{k}.W"] / math.sqrt(fan_in)
        if case.bias:
            b = parameters[f"layer{k}.b"]
            x = x + (b if b.dim() == 1 else b[:, None, :])
        if k == layers:
            break
        if case.norm != "none":
            x = normalize(x, case.norm, parameters[f"norm{k}.gamma"], parameters[f"norm{k}.beta"])
        x = activate(x, case.activation)
        if masks:
            x = x * masks[f"mask{k}"]
    return x


def row_losses(s: Tensor, y: Tensor, loss: Choice) -> Tensor:
    """The loss of each row, (N,), before any weight."""
    match loss["name"]:
        case "softmax":
            smoothing = loss.get("label_smoothing", 0.0)
            return F.cross_entropy(s, y, reduction="none", label_smoothing=smoothing)
        case "hinge":
            # PyTorch divides the sum over the classes by their number; the lecture does not.
            mean = F.multi_margin_loss(s, y, margin=loss["delta"], reduction="none")
            return mean * s.shape[1]
        case "mse":
            return F.mse_loss(s, y, reduction="none").sum(dim=1)
        case "mae":
            return F.l1_loss(s, y, reduction="none").sum(dim=1)
        case "huber":
            return F.huber_loss(s, y, reduction="none", delta=loss["delta"]).sum(dim=1)
        case "quantile":
            # PyTorch has no pinball loss: it is written down as Koenker and Bassett do.
            above = y.repeat_interleave(len(loss["levels"]), dim=1) - s
            t = torch.tensor(loss["levels"], dtype=s.dtype).repeat(y.shape[1])
            return torch.maximum(t * above, (t - 1) * above).sum(dim=1)
        case "poisson":
            # PyTorch leaves out what does not depend on the scores; ours is 0 at a rate of y.
            return (F.poisson_nll_loss(s, y, reduction="none") + torch.xlogy(y, y) - y).sum(dim=1)
        case "sigmoid":
            return F.binary_cross_entropy_with_logits(s, y, reduction="none").sum(dim=1)
    raise ValueError(f"no such loss: {loss['name']}")


def data_loss(s: Tensor, y: Tensor, loss: Choice, row_weights: Tensor) -> Tensor:
    """The mean over the rows, each weighing its row weight times the weight of its class, or the sum.

    PyTorch's own `weight=` is another formula when labels are smoothed: it weighs the smoothed
    part of a label by the class it falls on. Ours weighs a whole row by its true class.
    """
    if s.dim() == 3:
        return torch.stack([data_loss(member, y, loss, row_weights) for member in s]).mean()
    weights = row_weights
    if "class_weights" in loss:
        weights = weights * torch.tensor(loss["class_weights"], dtype=s.dtype)[y]
    total = (weights * row_losses(s, y, loss)).sum()
    return total if loss.get("reduction") == "sum" else total / weights.sum()


def penalty(case: Case, parameters: Parameters) -> Tensor:
    """l2 * sum W^2 + l1 * sum abs(W), over the weights and nothing else."""
    weights = [w for name, w in parameters.items() if name.endswith(".W")]
    squares = torch.stack([(w * w).sum() for w in weights]).sum()
    sizes = torch.stack([w.abs().sum() for w in weights]).sum()
    return case.l2 * squares + case.l1 * sizes


def factor(schedule: Choice, t: int, steps: int, steps_per_epoch: int) -> float:
    """What the base rate is multiplied by at step t, counted from 0, of `steps`."""
    epoch = t / steps_per_epoch
    factors = {
        "constant": lambda: 1.0,
        "step": lambda: schedule["factor"] ** sum(epoch >= e for e in schedule["epochs"]),
        "linear": lambda: 1 - t / steps,
        "cosine": lambda: 0.5 * (1 + math.cos(math.pi * t / steps)),
        "coslog4": lambda: (1 - math.cos(2 * math.pi * math.log2(1 + 15 * (t + 1) / steps))) / 2,
        "inverse_sqrt": lambda: 1 / math.sqrt(epoch + 1),
        "exponential": lambda: schedule["gamma"] ** epoch,
    }
    warm = min(1.0, (t + 1) / schedule["warmup"]) if "warmup" in schedule else 1.0
    return warm * factors[schedule["name"]]()


def make_optimizer(choice: Choice, parameters: Parameters) -> torch.optim.Optimizer:
    """The optimizer of torch.optim that is `choice` exactly."""
    tensors, lr = learning(choice.get("rate_factors", {}), parameters), choice["learning_rate"]
    match choice["name"]:
        case "sgd":
            return torch.optim.SGD(tensors, lr)
        case "momentum":
            return torch.optim.SGD(tensors, lr, momentum=choice["rho"])
        case "nesterov":
            return torch.optim.SGD(tensors, lr, momentum=choice["rho"], nesterov=True)
        case "adagrad":
            return torch.optim.Adagrad(tensors, lr, eps=choice["eps"])
        case "rmsprop":
            return torch.optim.RMSprop(tensors, lr, alpha=choice["decay"], eps=choice["eps"])
    betas = (choice["beta1"], choice["beta2"])
    if choice["name"] == "adam":
        return torch.optim.Adam(tensors, lr, betas, choice["eps"])
    # Decoupled decay is for the weights only, so biases and norms form a group without it.
    decayed = [w for name, w in parameters.items() if name.endswith(".W")]
    others = [w for name, w in parameters.items() if not name.endswith(".W")]
    groups = [
        {"params": decayed, "weight_decay": choice["weight_decay"]},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr, betas, choice["eps"])


def learning(factors: dict[str, float], parameters: Parameters) -> list[Any]:
    """The parameters, each with the factor on its rate where there are factors."""
    if not factors:
        return list(parameters.values())
    kinds = {"W": "weight", "b": "bias", "scale": "scale"}
    return [
        {"params": [w], "factor": factors[kinds[name.partition(".")[2]]]}
        for name, w in parameters.items()
    ]


def clip(tensors: list[Tensor], limit: float | None) -> float:
    """Scale all gradients to a global norm of `limit` if theirs is larger; the norm before.

    By hand: PyTorch's clip_grad_norm_ adds 1e-6 to the norm it divides by.
    """
    norm = math.sqrt(sum(float((w.grad * w.grad).sum()) for w in tensors))
    if limit is not None and norm > limit:
        for w in tensors:
            w.grad *= limit / norm
    return norm

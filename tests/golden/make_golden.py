"""Writes the golden trajectories: 20 training steps in PyTorch, float64, one JSON file per case.

    python tests/golden/make_golden.py

It needs NumPy and PyTorch, and none of the program. README.md says what is in a file.
"""

import json
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cases import CASES, Case
from reference import Parameters, clip, data_loss, factor, make_optimizer, penalty, scores
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

SIZES = (5, 7, 6, 3)
STEPS = 20
FOLDER = Path(__file__).parent / "trajectories"


def generator(case: Case) -> np.random.Generator:
    """Its own numbers for each case, so that a new case leaves the others as they are."""
    return np.random.default_rng(zlib.crc32(case.name.encode()))


def draw_data(case: Case, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """X (N, 5); y (N,) with every class present, or (N, 3) numbers; row weights (N,)."""
    X = rng.normal(size=(case.rows, SIZES[0]))
    weights = rng.uniform(0.2, 3.0, case.rows) if case.row_weights else np.ones(case.rows)
    if case.loss["name"] in ("softmax", "hinge"):
        y = rng.permutation(np.arange(case.rows) % SIZES[-1])
    elif case.loss["name"] == "poisson":
        y = rng.poisson(1.5, size=(case.rows, SIZES[-1])).astype(float)
    elif case.loss["name"] == "sigmoid":
        y = rng.integers(0, 2, size=(case.rows, SIZES[-1])).astype(float)
    else:
        levels = case.loss.get("levels", [0.5])
        y = rng.normal(scale=1.5, size=(case.rows, SIZES[-1] // len(levels)))
    return torch.from_numpy(X), torch.from_numpy(y), torch.from_numpy(weights)


def draw_parameters(case: Case, rng: np.random.Generator) -> Parameters:
    """Weights N(0, 2/D); biases, norms and scales off their usual 0 and 1, so that a mix-up shows."""
    pieces = case.activation.get("pieces", 1)
    values: dict[str, Any] = {
        f"embedding{k}.table": rng.normal(size=shape) for k, shape in enumerate(case.tables, 1)
    }
    if case.extra.get("input_scale"):
        values["input.scale"] = 1 + rng.normal(scale=0.2, size=SIZES[0])
    members = case.extra.get("members")
    if members:
        values["ensemble.scale"] = rng.choice((-1.0, 1.0), size=(members, SIZES[0]))
    for k in range(1, len(SIZES)):
        D, M = SIZES[k - 1], SIZES[k]
        last = k == len(SIZES) - 1
        D += sum(width for _, width in case.tables) if k == 1 else 0
        M *= 1 if last else pieces
        own = (members,) if members and last else ()  # the last layer of each member is its own
        values[f"layer{k}.W"] = rng.normal(scale=np.sqrt(2 / D), size=(*own, D, M))
        if case.bias:
            values[f"layer{k}.b"] = rng.normal(scale=0.2, size=(*own, M))
        if case.norm != "none" and not last:
            values[f"norm{k}.gamma"] = 1 + rng.normal(scale=0.2, size=M)
            values[f"norm{k}.beta"] = rng.normal(scale=0.2, size=M)
    return {name: torch.from_numpy(value).requires_grad_() for name, value in values.items()}


def draw_masks(case: Case, rng: np.random.Generator) -> Parameters:
    """Inverted dropout: 0 with probability p, else 1/(1-p). Row i belongs to row i of X."""
    if case.dropout == 0:
        return {}
    keep = 1 - case.dropout
    return {
        f"mask{k}": torch.from_numpy((rng.random((case.rows, SIZES[k])) < keep) / keep)
        for k in range(1, len(SIZES) - 1)
    }


def draw_codes(case: Case, rng: np.random.Generator) -> Tensor:
    """(N, K) a row of each table; the last row of a table is never seen."""
    codes = [rng.integers(rows - 1, size=case.rows) for rows, _ in case.tables]
    return torch.from_numpy(np.array(codes, np.int64).reshape(len(case.tables), case.rows).T)


def draw_batches(case: Case, rng: np.random.Generator) -> list[list[int]]:
    """The rows of each step: all of them in order, or epochs of shuffled batches, the last short."""
    if case.batch_size is None:
        return [list(range(case.rows))] * STEPS
    batches: list[list[int]] = []
    while len(batches) < STEPS:
        order = rng.permutation(case.rows).tolist()
        batches += [order[i : i + case.batch_size] for i in range(0, case.rows, case.batch_size)]
    return batches[:STEPS]


def run(case: Case) -> dict[str, Any]:
    """Train, and return the content of the case's file."""
    rng = generator(case)
    X, y, row_weights = draw_data(case, rng)
    parameters = draw_parameters(case, rng)
    masks, batches = draw_masks(case, rng), draw_batches(case, rng)
    codes = draw_codes(case, rng)
    record = describe(case, batches)
    record |= {
        "X": X.tolist(),
        "y": y.tolist(),
        "row_weights": row_weights.tolist() if case.row_weights else None,
        "masks": as_lists(masks),
        "initial": as_lists(parameters),
    }
    if case.tables:
        record |= {"tables": case.tables, "codes": codes.tolist()}
    optimizer, follow = make_optimizer(case.optimizer, parameters), averaging(case)
    means: Parameters = {}
    curves: dict[str, list[float]] = {
        name: [] for name in ("losses", "penalties", "gradient_norms", "learning_rates")
    }
    for t, rows in enumerate(batches):
        rate = case.optimizer["learning_rate"] * factor(
            case.schedule, t, STEPS, record["steps_per_epoch"]
        )
        here = {name: mask[rows] for name, mask in masks.items()}
        s = scores(X[rows], codes[rows], case, parameters, here)
        loss = data_loss(s, y[rows], case.loss, row_weights[rows])
        extra = penalty(case, parameters)
        optimizer.zero_grad()
        (loss + extra).backward()
        if t == 0:
            record["gradients0"] = {name: w.grad.tolist() for name, w in parameters.items()}
        norm = clip(list(parameters.values()), case.clip_norm)
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get("factor", 1.0)
        optimizer.step()
        follow(means, parameters)
        for curve, value in zip(curves.values(), (loss.item(), extra.item(), norm, rate), strict=True):
            curve.append(value)
    averages = {"average": case.average, "averaged": as_lists(means)} if means else {}
    return record | curves | {"final": as_lists(parameters)} | averages


def averaging(case: Case) -> Callable[[Parameters, Parameters], None]:
    """PyTorch's exponential moving average of the parameters, which is the parameters at first."""
    if case.average is None:
        return lambda means, parameters: None
    move = get_ema_multi_avg_fn(case.average)

    def follow(means: Parameters, parameters: Parameters) -> None:
        now = {name: w.detach().clone() for name, w in parameters.items()}
        if means:
            move(list(means.values()), list(now.values()), None)
        else:
            means.update(now)

    return follow


def describe(case: Case, batches: list[list[int]]) -> dict[str, Any]:
    """The settings, in the words of the config."""
    batch_size = case.batch_size or case.rows
    return {
        "case": case.name,
        "network": {
            "sizes": SIZES,
            "activation": case.activation,
            "norm": case.norm,
            "bias": case.bias,
            "dropout": case.dropout,
            **case.extra,
        },
        "loss": case.loss,
        "optimizer": case.optimizer,
        "schedule": case.schedule,
        "clip_norm": case.clip_norm,
        "l2": case.l2,
        "l1": case.l1,
        "steps": STEPS,
        "steps_per_epoch": -(-case.rows // batch_size),
        "batches": batches,
    }


def as_lists(tensors: Parameters) -> dict[str, Any]:
    """Nested lists of Python floats, which JSON writes with all their digits."""
    return {name: tensor.tolist() for name, tensor in tensors.items()}


def complaints(record: dict[str, Any]) -> list[str]:
    """Why a case would prove nothing; an empty list when it proves something."""
    found = [
        f"the gradient of {name} is 0"
        for name, gradient in record["gradients0"].items()
        if not np.any(gradient)
    ]
    limit, norms = record["clip_norm"], np.array(record["gradient_norms"])
    if limit is not None and not 0 < np.sum(norms > limit) < STEPS:
        found.append(f"clip_norm {limit} clips all or no steps, norms {norms.min()} to {norms.max()}")
    epoch = record["steps_per_epoch"]
    if not sum(record["losses"][-epoch:]) < sum(record["losses"][:epoch]):
        found.append("the loss did not fall from the first epoch to the last")
    return found


def write(record: dict[str, Any]) -> None:
    """One key a line, so that a changed file shows what changed."""
    lines = (f"{json.dumps(key)}: {json.dumps(value)}" for key, value in record.items())
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (FOLDER / f"{record['case']}.json").write_text(text, encoding="utf-8")


def main() -> int:
    """Write every case; 1 if one of them proves nothing."""
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    failed = 0
    for case in CASES:
        record = run(case)
        write(record)
        found = complaints(record)
        failed += bool(found)
        losses = record["losses"]
        print(f"{case.name:38} {losses[0]:9.5f} {losses[-1]:9.5f}  {'; '.join(found)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

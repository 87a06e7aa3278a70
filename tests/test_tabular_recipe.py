"""The recipe for small networks on tables: the arithmetic of a plain script, written out again here.

Input scale, NTK parametrization, a last layer of zeros, factors on the rate of each kind, coslog4 and
label smoothing together; each by itself has its own tests.
"""

import numpy as np
import pytest
from helpers import changed

from mlptrain.config import load_config
from mlptrain.data.batches import epoch_order
from mlptrain.training.build import build
from mlptrain.training.record import Progress
from mlptrain.training.trainer import train

BATCH, EPOCHS, SMOOTHING = 16, 4, 0.1
FACTORS = {"scale": 2.0, "W": 1.0, "b": 0.1}
RECIPE = {
    "data": {"val": None, "test": None, "scale": "none", "scale_target": "none"},
    "model": {
        "hidden": [12, 9],
        "input_scale": True,
        "parametrization": "ntk",
        "last_layer": "zeros",
        "initializer": {"name": "normal", "std": 1.0, "bias_std": 1.0},
        "dtype": "float64",
    },
    "optimizer": {"name": "adam", "beta2": 0.95, "rate_factors": {"bias": 0.1, "scale": 2}},
    "schedule": "coslog4",
    "train": {"epochs": EPOCHS, "batch_size": BATCH, "drop_last": True, "monitor": "train_loss"},
}


def forward(p, x):
    kept = [x, x * p[0]]
    for i in range(3):
        s = kept[-1] @ p[1 + 2 * i] / np.sqrt(kept[-1].shape[1]) + p[2 + 2 * i]
        kept.append(np.maximum(s, 0) if i < 2 else s)
    return kept


def gradients(p, kept, target, classify):
    x, *h, s = kept
    if classify:
        e = np.exp(s - s.max(1, keepdims=True))
        e /= e.sum(1, keepdims=True)
        e -= SMOOTHING / s.shape[1]
        e[np.arange(len(target)), target] -= 1 - SMOOTHING
    else:
        e = 2 * (s - target)
    e = e / len(x)
    out = [None] * len(p)
    for i in (2, 1, 0):
        out[2 + 2 * i], e = e.sum(0), e / np.sqrt(len(p[1 + 2 * i]))
        out[1 + 2 * i] = h[i].T @ e
        e = e @ p[1 + 2 * i].T
        if i:
            e *= h[i] > 0
    out[0] = (e * x).sum(0)
    return out


def follow(p, X, t, orders, rate, classify, steps):
    """Adam on lists of arrays, as the script has it; `p` is trained in place."""
    m, v = [np.zeros_like(a) for a in p], [np.zeros_like(a) for a in p]
    kinds = ["scale", "W", "b", "W", "b", "W", "b"]
    per_epoch = len(X) // BATCH
    for step in range(1, steps + 1):
        order = orders[(step - 1) // per_epoch]
        batch = order[(step - 1) % per_epoch * BATCH :][:BATCH]
        g = gradients(p, forward(p, X[batch]), t[batch], classify)
        wave = 0.5 * (1 - np.cos(2 * np.pi * np.log2(1 + 15 * step / (EPOCHS * per_epoch))))
        for kind, a, da, ma, va in zip(kinds, p, g, m, v, strict=True):
            ma += (1 - 0.9) * (da - ma)
            va += (1 - 0.95) * (da * da - va)
            corrected = np.sqrt(va / (1 - 0.95**step)) + 1e-8
            a -= rate * wave * FACTORS[kind] * (ma / (1 - 0.9**step)) / corrected


@pytest.mark.parametrize("classify", [True, False], ids=["classes", "numbers"])
def test_twenty_steps_follow_the_plain_script(classify, tmp_path, rng):
    X = rng.normal(size=(100, 6))
    y = rng.integers(0, 3, 100) if classify else rng.normal(size=100)
    np.savez(tmp_path / "rows.npz", X=X, y=y)
    loss = {"name": "softmax", "label_smoothing": SMOOTHING} if classify else "mse"
    rate = 0.04 if classify else 0.07
    changes = {"data.train": str(tmp_path / "rows.npz"), "loss": loss, "optimizer.learning_rate": rate}
    experiment = build(load_config(changed(RECIPE, changes)))
    p = [parameter.value.copy() for parameter in experiment.network.parameters]
    assert [p[1].std(), p[2].std()] == pytest.approx([1, 1], abs=0.4)  # drawn from N(0, 1)
    assert not any(each.any() for each in p[5:])

    for _, _ in zip(range(20), train(experiment, Progress()), strict=False):
        pass

    orders = [np.concatenate(list(epoch_order(0, epoch, 100))) for epoch in range(EPOCHS)]
    target = y if classify else y[:, None]
    follow(p, X, target, orders, rate, classify, 20)
    for ours, theirs in zip(experiment.network.parameters, p, strict=True):
        np.testing.assert_allclose(ours.value, theirs, rtol=1e-8, atol=1e-9, err_msg=ours.name)

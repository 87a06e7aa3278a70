"""The work of configs/digits.yaml in PyTorch: a plain script, as one would write it for speed."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

EPOCHS, BATCH, RATE, L2 = 40, 64, 1e-2, 1e-4
DATA = Path(__file__).parent.parent.parent / "data" / "digits.csv"


def main() -> None:
    """Load, scale, train with an evaluation per epoch, save the best, print the test accuracy."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    table = np.loadtxt(DATA, delimiter=",", skiprows=1, dtype=np.float32)
    order = np.random.default_rng(0).permutation(len(table))
    X, y = table[order, :-1], table[order, -1].astype(np.int64)
    low, high = X[539:].min(axis=0), X[539:].max(axis=0)
    X = torch.from_numpy((X - low) / np.maximum(high - low, 1e-9))
    y = torch.from_numpy(y)
    test, val, train = slice(0, 359), slice(359, 539), slice(539, None)
    network = nn.Sequential(nn.Linear(64, 200), nn.ReLU(), nn.Linear(200, 10))
    weights = [layer.weight for layer in network if isinstance(layer, nn.Linear)]
    biases = [layer.bias for layer in network if isinstance(layer, nn.Linear)]
    groups = [{"params": weights, "weight_decay": 2 * L2}, {"params": biases}]
    optimizer = torch.optim.Adam(groups, lr=RATE, fused=True)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    X_train, y_train = X[train], y[train]
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * -(-len(X_train) // BATCH))
    best, state = float("inf"), network.state_dict()
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(X_train)).split(BATCH):
            optimizer.zero_grad(set_to_none=True)
            criterion(network(X_train[rows]), y_train[rows]).backward()
            optimizer.step()
            schedule.step()
        with torch.no_grad():
            criterion(network(X_train), y_train).item()
            loss = criterion(network(X[val]), y[val]).item()
        if loss < best:
            best = loss
            state = {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(state)
    with torch.no_grad():
        print((network(X[test]).argmax(1) == y[test]).float().mean().item())


if __name__ == "__main__":
    main()

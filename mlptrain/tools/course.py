"""What the course of a training says about the next one: it ended too early, too late, or at once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

FEWEST = 10
"""Of fewer evaluations nothing is said."""
APART = 1.25
"""So many times the lowest validation loss at the end is more than noise."""


def remarks(records: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]) -> Iterator[str]:
    """From the records of a run that has ended, and its summary.

    >>> records = [{"epoch": n, "train_loss": 1 / n, "val_loss": 1 + 0.1 * n} for n in range(1, 11)]
    >>> print(*remarks(records, {"status": "completed", "best_epoch": 1}))
    best at the first of 10 evaluations: it overfits at once; try a lower rate, or regularization.l2
    """
    epochs = [record.get("epoch") for record in records]
    best = summary.get("best_epoch")
    if len(records) < FEWEST or best not in epochs:
        return
    if best == epochs[0]:
        yield (
            f"best at the first of {len(records)} evaluations: it overfits at once; try a lower rate, "
            "or regularization.l2"
        )
    elif best == epochs[-1]:
        if summary.get("status") == "completed":
            yield "best at the last epoch: it may get better still; try more train.epochs"
    else:
        yield from _parted(records, epochs.index(best))


def _parted(records: Sequence[Mapping[str, Any]], at: int) -> Iterator[str]:
    """Behind the best epoch the training loss fell on, and the validation loss rose by a quarter."""
    train, val = ([record.get(f"{part}_loss") for record in records] for part in ("train", "val"))
    ends = [each for each in (train[at], train[-1], val[at], val[-1]) if isinstance(each, int | float)]
    if len(ends) < 4:
        return
    trained, trained_last, lowest, last = ends
    if last > APART * abs(lowest) and trained_last < trained:
        yield (
            f"after epoch {records[at]['epoch']} the validation loss rose from {lowest:.4g} to "
            f"{last:.4g} while the training loss fell: train.early_stopping: {{patience: 10}} "
            "saves the time"
        )

"""Fuzz the readers of data: delimited text, JSON Lines, arrays, images, each with many settings.

The first byte chooses the kind of file, the second the settings; the rest is the file.
"""

from pathlib import Path

import atheris

with atheris.instrument_imports(include=["mlptrain"]):
    from mlptrain.config import load_config
    from mlptrain.data.load import load_rows
    from mlptrain.errors import ConfigError, DataError
    from mlptrain.training.build import load

import numpy as np
from harness import check_faults, fuzz

KINDS = (".csv", ".csv", ".csv", ".csv.gz", ".jsonl", ".npz", ".npy", ".idx", ".bin", ".svm")
SETTINGS = (
    {},
    {"missing": "mean", "categorical": {"encode": "one_hot", "unseen": "zeros", "missing": "zeros"}},
    {"missing": {"policy": "median", "indicator": True}, "scale": "robust"},
    {"missing": "drop", "scale": "minmax", "dates": "number"},
    {"weight": "w", "scale": "none", "dates": "ignore"},
    {"transform": "polar", "features": ["a", "b"]},
    {"test": 0.2, "stratify": False},
    {"fold": {"number": 1, "of": 2}},
)


def target(data: bytes, scratch: Path) -> None:
    """An error with its lines, or finite numbers, the same when the rows are read again."""
    if len(data) < 2:
        return
    file = scratch / f"table{KINDS[data[0] % len(KINDS)]}"
    file.write_bytes(data[2:])
    (scratch / "y.npy").write_bytes(data[2:])
    section = {
        "train": str(file),
        "val": 0.2,
        "test": 0,
        "target": "y.npy" if file.suffix == ".npy" else "y",
        **SETTINGS[data[1] % len(SETTINGS)],
    }
    try:
        dataset = load(load_config({"data": section, "loss": "softmax" if data[1] < 128 else "mse"}))
        check(dataset.train)
        rows, _ = load_rows(str(file), dataset.preprocessing, target_needed=False, dtype=np.float32)
        assert rows.inputs.numbers.shape[1:] == dataset.train.inputs.numbers.shape[1:], (
            "fit and predict see other columns"
        )
    except (DataError, ConfigError) as error:
        check_faults(error)


def check(rows) -> None:
    """What a network gets: at least one row, every number finite."""
    assert len(rows) > 0, "no rows"
    assert len(rows.inputs) == len(rows.y), "rows without targets"
    assert np.isfinite(rows.inputs.numbers).all(), "numbers that are not finite"
    assert np.isfinite(rows.y).all(), "targets that are not finite"


WORDS = (
    "nan",
    "inf",
    "-1e999",
    "NA",
    "2024-01-01",
    "true",
    "1:1",
    r"\x0d\x0a",
    r"\"\"",
    r"\xef\xbb\xbf",
)


if __name__ == "__main__":
    fuzz("table", target, words=WORDS)

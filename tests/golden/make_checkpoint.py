"""Makes checkpoint-v1.npz. Run once, when version 1 of the format was fixed; never overwrite it.

    python tests/golden/make_checkpoint.py

A later version of the format gets a file of its own, and this one must load for ever.
"""

from pathlib import Path

import numpy as np

from mlptrain.storage.archive import write_archive

ARRAYS = {
    "layer1.W": np.array([[0.5, -1.25, 3.0], [1e-38, -0.0, 65504.0]], np.float32),
    "layer1.b": np.array([1.0, 2.0, 3.0], np.float64),
    "optimizer/t": np.array(7, np.int64),
    "optimizer/half": np.array([0.1], np.float16),
    "classes": np.frombuffer("größe".encode(), np.uint8),
    "mask": np.array([True, False, True]),
    "empty": np.zeros((0, 4), np.int32),
}
DOCUMENT = {
    "clock": {"epoch": 3, "step": 120},
    "classes": ["klein", "größer", "\U0001f600"],
    "best": {"value": 0.1, "epoch": 2},
    "nothing": None,
}

if __name__ == "__main__":
    write_archive(Path(__file__).with_name("checkpoint-v1.npz"), ARRAYS, DOCUMENT)

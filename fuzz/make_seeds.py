"""Makes the seeds that are not text: a small run's checkpoint, arrays, images, a packed table.

python fuzz/make_seeds.py
"""

import gzip
import io
import json
import struct
import tempfile
from pathlib import Path

import numpy as np

import mlptrain
from mlptrain.storage.archive import read_archive

SEEDS = Path(__file__).parent / "seeds"
CONFIG = {
    "data": {"train": {"name": "moons", "points_per_class": 20}, "val": 0.2, "test": 0},
    "model": {"hidden": [3], "norm": "batch"},
    "train": {"epochs": 2, "batch_size": 8},
}
CSV = (
    b"a,b,c,w,y\n1,2.5,red,1,0\n2,,blue,1,1\n3,0.5,red,2,0\n4,1e3,red,1,1\n5,7,blue,1,0\n6,8,blue,0,1\n"
)


def checkpoint() -> None:
    """The arrays as a file of their own, and the document as JSON."""
    with tempfile.TemporaryDirectory() as scratch:
        run = mlptrain.fit(CONFIG, out=Path(scratch) / "run")
        content = run.directory.last.read_bytes()
        _, document = read_archive(run.directory.last)
    (SEEDS / "run.npz").write_bytes(content)
    folder = SEEDS / "checkpoint"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "raw").write_bytes(content)
    (folder / "document").write_bytes(json.dumps(document).encode())


def tables() -> None:
    """One small file of each kind."""
    folder = SEEDS / "table"
    folder.mkdir(parents=True, exist_ok=True)
    X, y = np.arange(12, dtype=np.float32).reshape(6, 2), np.array([0, 1, 0, 1, 0, 1])
    npz, npy = io.BytesIO(), io.BytesIO()
    np.savez(npz, X=X, y=y)
    np.save(npy, X)
    rows = [{"a": i, "b": None if i == 2 else i / 2, "y": i % 2} for i in range(6)]
    files = {
        **{f"csv{i}": (0, i, CSV) for i in range(8)},
        "csv-regression": (0, 128, CSV),
        "quoted": (0, 1, b'a;b;y\r\n"x;""1""";2;p\r\n"two\nlines";3;q\r\nz;4;p\r\nz;5;q\r\n'),
        "dates": (0, 3, b"a\tb\ty\n2024-01-01\t1\tp\n2024-02-30\t2\tq\n" + b"2024-01-02 10:00\t3\tp\n"),
        "gz": (3, 1, gzip.compress(CSV, mtime=0)),
        "jsonl": (4, 1, "".join(json.dumps(row) + "\n" for row in rows).encode()),
        "npz": (5, 0, npz.getvalue()),
        "npy": (6, 128, npy.getvalue()),
        "idx": (7, 0, struct.pack(">BBBBIII", 0, 0, 8, 3, 6, 1, 2) + bytes(range(12))),
        "bin": (8, 0, b"".join(bytes([c]) + bytes(range(256)) * 12 for c in (0, 1, 0, 1, 0, 1))),
        "svm": (9, 0, b"0 1:0.5 2:1\n1 2:0.25\n0 1:1\n1 1:2 2:2\n0 1:3\n1 2:4\n"),
    }
    for name, (kind, settings, content) in files.items():
        (folder / name).write_bytes(bytes([kind, settings]) + content)


if __name__ == "__main__":
    checkpoint()
    tables()

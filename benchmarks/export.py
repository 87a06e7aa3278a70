"""What an exported model costs: from the start to the first answer, and for a row.

    python benchmarks/export.py

prints the table of docs/export.md. All are CPU times: of the start that of a process, the median of
alternating pairs; of rows the median of many calls, with one thread. The models are trained for a
moment: only their shapes matter.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime

import mlptrain
from mlptrain.export.export import export
from mlptrain.export.probe import probe_of

ROOT = Path(__file__).parent.parent
FOLDED = {"train.folds": 5, "data.test": 0, "data.val": 0}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "penguins: 6 columns, 32 units": ("penguins", {}),
    "penguins, the mean of 5 networks": ("penguins", FOLDED),
    "digits: 64 columns, 100 units": ("digits", {}),
}


def cpu(words: list[str], place: Path) -> float:
    """The CPU seconds of a process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, cwd=place, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def starts(place: Path, pairs: int) -> tuple[float, float]:
    """Seconds to import NumPy, and from nothing to the first answer of model.py."""
    first = "import json, sys; from model import predict; predict(json.loads(sys.argv[1]))"
    row = (place / "row.json").read_text()
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(pairs):
        found[0].append(cpu([sys.executable, "-c", "import numpy"], place))
        found[1].append(cpu([sys.executable, "-c", first, row], place))
    return statistics.median(found[0]), statistics.median(found[1])


def microseconds(call: Callable[[], object], times: int) -> float:
    """Of one call: the median."""
    call()
    found = []
    for _ in range(times):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return statistics.median(found) * 1e6


def measured(name: str, changes: dict[str, Any], place: Path, pairs: int) -> list[str]:
    """The cells of a model."""
    config = ROOT / "configs" / f"{name}.yaml"
    file = str(ROOT / "data" / "penguins.csv") if name == "penguins" else None
    changes = changes | {"train.epochs": 2} | ({"data.train": file} if file else {})
    fitted = mlptrain.fit(config, set=changes, out=place / "run")
    path = place / "run" if "train.folds" in changes else fitted.best
    export(path, place / "model.py")
    export(path, place / "model.onnx", force=True)
    model = mlptrain.load(path)
    columns = probe_of(model.preprocessing)
    rows = [
        dict(zip(columns, cells, strict=True))
        for cells in zip(*map(list, columns.values()), strict=True)
    ]
    plain = {key: value.item() for key, value in rows[0].items()}
    (place / "row.json").write_text(json.dumps([plain]))
    sys.path.insert(0, str(place))
    sys.modules.pop("model", None)
    import model as exported

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(place / "model.onnx"), options)
    sys.path.pop(0)

    def feed(count: int) -> dict[str, Any]:
        texts = {key: x.astype(object) if x.dtype.kind == "U" else x for key, x in columns.items()}
        return {key: x[:count, None] for key, x in texts.items()}

    one, all_rows = feed(1), feed(1000)
    alone = {key: [value] for key, value in plain.items()}
    numpy_start, start = starts(place, pairs)
    return [
        f"{start * 1000:.0f} ms, {start / numpy_start:.2f} times NumPy",
        f"{microseconds(lambda: exported.predict([plain]), 300):.0f} µs",
        f"{microseconds(lambda: session.run(None, one), 300):.0f} µs",
        f"{microseconds(lambda: model.predict(alone), 100):.0f} µs",
        f"{microseconds(lambda: exported.predict(columns), 20) / 1000:.1f} µs",
        f"{microseconds(lambda: session.run(None, all_rows), 20) / 1000:.1f} µs",
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=15, help="processes of each kind")
    pairs = parser.parse_args().pairs
    print(
        "| model | start to the first answer | a row, Python file | a row, ONNX | a row, mlptrain |",
        end="",
    )
    print(" of 1,000, Python file | of 1,000, ONNX |\n|---|---|---|---|---|---|---|")
    for what, (name, changes) in MODELS.items():
        with tempfile.TemporaryDirectory() as place:
            cells = measured(name, changes, Path(place), pairs)
        print(f"| {what} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()

"""Fuzz the reader of checkpoints: as bytes, and as a sound file whose document says anything.

The first byte says which. Bytes end at the digests almost always, so the second way matters more:
the input is the JSON of the document, which is sealed as a valid file with the arrays of a real
run. Then a model is loaded and predicts, and a run is resumed.
"""

import json
import random
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["mlptrain"]):
    from mlptrain.errors import MLPTrainError
    from mlptrain.inference.model import Model
    from mlptrain.runs.fit import prepare
    from mlptrain.storage.archive import read_archive, write_archive
    from mlptrain.tools.summary import history_of

import numpy as np
from harness import HERE, check_faults, fuzz

ARRAYS, _ = read_archive(HERE / "seeds" / "run.npz")
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 7, 10**9, 2**63, -(2**70), 0.5, -0.0, 1e308, 1e-320, 10**400),
    *("", "x", "0", "softmax", "mean", "\x1b[31m", "../x", [], {}, [[]], [0], [None], {"": None}),
    *([10**7] * 3, ["0", "1"], ["a", "a"], {"name": "moons"}, [[0] * 50] * 50),
)


def target(data: bytes, scratch: Path) -> None:
    """One line, or a model that predicts and a run that goes on."""
    run = scratch / "run"
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir()
    (run / "metrics.jsonl").write_bytes(b"{}\n" * 200)
    file = run / "last.npz"
    try:
        if data[:1] == b"{":
            write_archive(file, ARRAYS, json.loads(data))
        else:
            file.write_bytes(data)
            read_archive(file)
    except (ValueError, RecursionError, TypeError, AttributeError, MLPTrainError):
        if data[:1] == b"{":
            return  # not the JSON of a document: nothing was written
    for use in (predict, resume):
        try:
            use(run)
        except MLPTrainError as error:
            check_faults(error)


def predict(run: Path) -> None:
    """As `show` and `predict` do."""
    model = Model.load(run / "last.npz")
    history_of(model.checkpoint)
    model.predict(np.zeros((3, len(model.preprocessing.inputs))))


def resume(run: Path) -> None:
    """As `fit --resume` does, up to the first steps."""
    with prepare(None, resume=run).directory:
        pass


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Half of the time change one place in the tree of the JSON, else bytes."""
    choice = random.Random(seed)
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or choice.random() < 0.2:
        return atheris.Mutate(data, most)
    for _ in range(choice.choice((1, 1, 1, 2, 3))):
        change(document, choice)
    return json.dumps(document).encode()[:most]


def change(tree: Any, choice: random.Random) -> None:
    """Replace, remove, double or add one value somewhere below."""
    while True:
        keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
        if not keys:
            return
        key = choice.choice(keys)
        if isinstance(tree[key], dict | list) and tree[key] and choice.random() < 0.8:
            tree = tree[key]
            continue
        break
    kind = choice.random()
    if kind < 0.15:
        del tree[key]
    elif kind < 0.25 and isinstance(tree, list):
        tree.append(deepcopy(choice.choice([tree[key], *ODD])))
    elif kind < 0.25:
        tree[choice.choice(["name", "type", "x", key + "s"])] = deepcopy(choice.choice(ODD))
    else:
        tree[key] = deepcopy(choice.choice(ODD))


if __name__ == "__main__":
    fuzz("checkpoint", target, mutate=mutate)

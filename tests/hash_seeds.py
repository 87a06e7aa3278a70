"""Trainings whose results no order of a set may decide; `python hash_seeds.py NAME...` prints them."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from helpers import TOY, changed, fingerprint, trained
from runs import RESUMED, ROOT, THIRTY, surroundings

from mlptrain.config import load_config, resolved

SHIPPED = sorted((ROOT / "configs").glob("*.yaml"))
LABELS = {
    "a class Nan": ["Nan", "1", "2", "3"],
    "classes of one value": ["1", "1.0", "01", "1e0", "+1"],
    "endless classes": ["inf", "-inf", "Infinity", "nAn", "1"],
    "words": ["red", "Red", "rot", "rouge", "rojo", "NaNs"],
}


def table(directory: Path, labels: list[str]) -> str:
    """A table with these labels as classes, and in another order as categories."""
    n = len(labels)
    rows = (f"{i % 5},{labels[i * 7 % n]}x,{labels[i % n]}\n" for i in range(40 * n))
    category = (f"{i % 7},{labels[i * 3 % n]},{labels[i % n]}\n" for i in range(20 * n))
    path = directory / f"{hashlib.sha256(''.join(labels).encode()).hexdigest()[:8]}.csv"
    path.write_text("a,b,y\n" + "".join(rows) + "".join(category))
    return str(path)


def configs(directory: Path) -> dict[str, Mapping[str, Any]]:
    """Every config by name."""
    small = {"model": {"hidden": [4]}, "train": {"epochs": 1, "batch_size": 16}}
    found: dict[str, Mapping[str, Any]] = {"toy": changed(TOY, {"data.val": 0.2, "model.dropout": 0.3})}
    for name, labels in LABELS.items():
        data = {"train": table(directory, labels), "categorical": {"columns": ["b"]}}
        found[name] = {"data": data, **small}
    cached = {**found["a class Nan"]["data"], "cache": str(directory / "cache")}
    found["a class Nan, from a file"] = {"data": cached, **small}
    for name, changes in RESUMED.items():
        found[name] = changed(THIRTY, changes)
    return found


def shipped() -> dict[str, Mapping[str, Any]]:
    """The configs that come with the program, for one epoch."""
    found = {}
    for path in SHIPPED:
        config = resolved(load_config(path, ["train.epochs=1", "train.early_stopping=null"]))
        found[path.stem] = config
    return found


def results(names: list[str]) -> Iterator[tuple[str, str]]:
    """What each training ends with: its parameters, and the names of features and classes."""
    with tempfile.TemporaryDirectory() as directory:
        every = configs(Path(directory)) | ({} if names else shipped())
        for name in names or every:
            experiment, _ = trained(every[name])
            data = experiment.data
            text = json.dumps([data.features, data.classes, fingerprint(experiment)])
            yield name, hashlib.sha256(text.encode()).hexdigest()


def results_under(seed: int, *names: str) -> dict[str, str]:
    """The results of a process with this hash seed."""
    here = Path(__file__)
    environment = {
        **surroundings(),
        "PYTHONPATH": os.pathsep.join([str(here.parent), str(ROOT)]),
        "PYTHONHASHSEED": str(seed),
    }
    done = subprocess.run(
        [sys.executable, str(here), *names],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(list(results(sys.argv[1:]))) + "\n")

"""Whether the numbers of a checkpoint mean what those of an experiment mean: columns, classes, scaling.

The same config and the same files give the same of all this. Another version of this program or of a
library may not, and weights that go on under other classes or columns would be wrong without a sign.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.errors import CheckpointError
from mlptrain.training.checkpoint import Checkpoint, learned
from mlptrain.training.experiment import Experiment

SHOWN = 5
"""Differences that are named; then comes their number."""
AGREEMENT = 1e-9
"""Another NumPy may add up in another order: sums then differ in their last digits."""
ZERO = 1e-15
"""What may be left of a sum that is 0."""


def check_same_meaning(checkpoint: Checkpoint, experiment: Experiment) -> None:
    """CheckpointError naming what was learned from the data now and is not so in the checkpoint."""
    now = json.loads(json.dumps(learned(experiment)))
    before = {key: checkpoint[key] for key in now}
    Preprocessing.from_json(before["preprocessing"])  # whatever it lacks now has come with a version
    old, new = _by_name(before), _by_name(now)
    new["preprocessing"] = _written_then(new["preprocessing"], old["preprocessing"])
    found = list(_differences(old, new))
    if not found:
        return
    faults = [f"{at}: {old} in {checkpoint.path}, {new} now" for at, old, new in found[:SHOWN]]
    advice = "go on with the version of mlptrain that wrote it, or begin a new run with --init-from"
    count = "" if len(found) <= SHOWN else f"{len(found)} differences in all: "
    raise CheckpointError(*faults, f"{count}a run goes on with what it began with; {advice}")


def _by_name(document: dict[str, Any]) -> dict[str, Any]:
    """The same with the columns of the preprocessing by name."""
    preprocessing = dict(document["preprocessing"])
    columns = {repr(column["name"]): column for column in preprocessing["columns"]}
    return {**document, "preprocessing": {**preprocessing, "columns": columns}}


def _written_then(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """Of a preprocessing and its columns what the version that wrote the old one knew."""
    columns = {
        name: _shared(each, old["columns"].get(name, each)) for name, each in new["columns"].items()
    }
    return {**_shared(new, old), "columns": columns, **_reading_then(new, old)}


def _reading_then(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """How values are read, without what was added to a notation since and is not used there."""
    if "reading" not in old:
        return {}
    before, columns = old["reading"].get("columns", {}), dict[str, Any]()
    for name, each in new["reading"]["columns"].items():
        known = before.get(name, each)
        columns[name] = {key: value for key, value in each.items() if key in known or value is not None}
    return {"reading": {**new["reading"], "columns": columns}}


def _shared(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in new.items() if key in old}


def _differences(old: Any, new: Any, at: str = "") -> Iterator[tuple[str, str, str]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            inner = f"{at}.{key}" if at else str(key)
            if key in old and key in new:
                yield from _differences(old[key], new[key], inner)
            else:
                yield inner, _whether(key in old), _whether(key in new)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(one, other, f"{at}[{number}]")
    elif isinstance(old, list) and isinstance(new, list):
        yield at, f"{len(old)} entries", f"{len(new)}"
    elif old != new and not _nearly(old, new):
        yield at, repr(old), repr(new)


def _whether(there: bool) -> str:
    return "there" if there else "not there"


def _nearly(old: Any, new: Any) -> bool:
    """Whether two numbers differ in their last digits only."""
    both = (old, new)
    numbers = all(isinstance(each, float | int) and not isinstance(each, bool) for each in both)
    return numbers and math.isclose(*both, rel_tol=AGREEMENT, abs_tol=ZERO)

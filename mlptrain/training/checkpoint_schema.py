"""What the document of a checkpoint may hold: the type of each entry, held against what was read.

A checkpoint is untrusted input. Its digests only say that nothing was changed by accident: whoever
writes a file can seal anything in it. So every entry is checked by pydantic before it is used.
"""

import json
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from mlptrain.bounds import NonNegative, Whole
from mlptrain.data.preprocessing.stored import STRICT, form
from mlptrain.metrics.calibration import Calibration
from mlptrain.metrics.decision import Threshold
from mlptrain.training.combination import Combination, Part
from mlptrain.training.record import Progress

FORMS: dict[str, Any] = {
    "config": dict,  # checked as every config is
    "places": dict[str, list[str]],  # for each setting that names a file the absolute paths it has had
    "architecture": Annotated[dict[Literal["inputs", "outputs"], Whole], Field(min_length=2)],
    "features": list[str],
    "targets": list[str],
    "classes": list[str] | None,
    "class_weights": list[float] | None,
    "preprocessing": dict,  # checked in data/preprocessing/stored.py
    "calibration": form(Calibration) | None,
    "threshold": form(Threshold) | None,
    "combination": form(Combination, candidates=list[form(Part, weight=NonNegative)]),  # type: ignore[misc]
    "fingerprint": dict[str, str],
    "progress": form(Progress),
    "updates": Whole,
    "record": dict[str, Whole | float | None] | None,
    "metrics_bytes": Whole,
    "test": dict[str, float | None] | None,  # of a model that is handed to a program
    "environment": dict,  # only ever compared and printed
}


def checked(key: str, value: Any) -> Any:
    """The value of an entry; ValueError where it has another form.

    >>> checked("architecture", {"inputs": 2, "outputs": 3})
    {'inputs': 2, 'outputs': 3}
    """
    if FORMS[key] is dict and isinstance(value, dict):
        return value  # large, and read by others
    return _adapter(key).validate_json(json.dumps([value]))[0]


@cache
def _adapter(key: str) -> TypeAdapter[Any]:
    one: Any = list.__class_getitem__(FORMS[key])
    return TypeAdapter(one, config=STRICT)

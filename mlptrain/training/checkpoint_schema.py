"""What the document of a checkpoint may hold: the form of each entry, held against what was read.

A checkpoint is untrusted input. Its digests only say that nothing was changed by accident: whoever
writes a file can seal anything in it. So every entry is checked before it is used.

A form is a function that says whether a value is right, a tuple of such functions of which one must
say so, a list [form] for a list of such values, or a dict for an object with exactly these keys.
"""

from typing import Any

LARGEST = 2**53
"""Counts and whole numbers stay below; floats hold them exactly."""


def has_form(value: Any, form: Any) -> bool:
    """Whether a JSON value has a form.

    >>> has_form({"inputs": 2, "outputs": 3}, FORMS["architecture"])
    True
    >>> has_form({"inputs": 2, "outputs": "3"}, FORMS["architecture"])
    False
    """
    if isinstance(form, dict):
        return (
            isinstance(value, dict)
            and set(value) == set(form)
            and all(has_form(value[key], form[key]) for key in form)
        )
    if isinstance(form, list):
        return isinstance(value, list) and all(has_form(item, form[0]) for item in value)
    if isinstance(form, tuple):
        return any(has_form(value, each) for each in form)
    return bool(form(value))


def nothing(value: Any) -> bool:
    """null"""
    return value is None


def text(value: Any) -> bool:
    """Text."""
    return isinstance(value, str)


def count(value: Any) -> bool:
    """A whole number from 0 on."""
    return type(value) is int and 0 <= value < LARGEST


def size(value: Any) -> bool:
    """A whole number from 1 on."""
    return count(value) and value > 0


def number(value: Any) -> bool:
    """A number, whole or not; JSON as the archive reads it has no NaN and no infinity."""
    return type(value) is float or (type(value) is int and abs(value) < LARGEST)


def mapping(value: Any) -> bool:
    """An object; whoever reads it checks what is in it."""
    return isinstance(value, dict)


def texts(value: Any) -> bool:
    """An object of text values."""
    return isinstance(value, dict) and all(map(text, value.values()))


def places(value: Any) -> bool:
    """For each setting that names a file the absolute paths that it has had."""
    return isinstance(value, dict) and all(has_form(paths, [text]) for paths in value.values())


def record(value: Any) -> bool:
    """The values of an evaluation."""
    return isinstance(value, dict) and all(has_form(item, (number, nothing)) for item in value.values())


FORMS: dict[str, Any] = {
    "config": mapping,  # checked as every config is
    "places": places,
    "architecture": {"inputs": size, "outputs": size},
    "features": [text],
    "targets": [text],
    "classes": ([text], nothing),
    "class_weights": ([number], nothing),
    "preprocessing": mapping,  # checked in data/preprocessing/stored.py
    "fingerprint": texts,
    "progress": {
        "step": count,
        "best": (number, nothing),
        "best_epoch": (count, nothing),
        "stale": count,
        "skipped": count,
        "rate_factor": number,
        "poisoned": [count],
        "seconds": number,
        "stopped": (text, nothing),
    },
    "updates": count,
    "record": (record, nothing),
    "metrics_bytes": count,
    "environment": mapping,  # only ever compared and printed
}

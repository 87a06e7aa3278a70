"""The `candidates` of a config: other settings on the same folds.

Each says what it changes, in the nested form of the config itself. What decides which rows are held
out and what is predicted of them is the same for all, so it cannot be changed.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, StringConstraints, model_serializer

from mlptrain.config.kinds import Kinds
from mlptrain.config.section import Section, Text, setting

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]
Changes = dict[Text, Any]
Combine = Literal["choose", "greedy"]
OF_DATA = ("scale", "numeric", "categorical", "clip_target")
"""The keys of `data` that a candidate may change: how columns enter, not which rows there are."""
SHARED = {"model": ("dtype",), "train": ("folds",)}
"""What all candidates have in common in the sections that they may change."""
Chosen = Annotated[Text | Changes, Kinds("a name, or keys with values")]


class Candidate(Section):
    """What one candidate changes; what it does not name is as in the config."""

    name: Name = Field(description="what it is called: its folds are kept in NAME-fold-1 and so on")
    data: Changes = setting({}, f"changes of data: {', '.join(OF_DATA)}")
    model: Changes = setting({}, "changes of model, such as {ensemble: 8}; not dtype")
    regularization: Changes = setting({}, "changes of regularization")
    optimizer: Chosen = setting({}, "changes of optimizer, or the name of another one")
    schedule: Chosen = setting({}, "changes of schedule, or the name of another one")
    train: Changes = setting({}, "changes of train; not folds")

    @model_serializer(mode="wrap")
    def _written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the sections in which nothing is changed."""
        return {key: value for key, value in handler(self).items() if value != {}}


def changes(candidate: Candidate) -> dict[str, Any]:
    """What it changes, in the form of the config."""
    written: dict[str, Any] = candidate.model_dump(mode="json")
    return {key: value for key, value in written.items() if key != "name"}


def changed(base: Mapping[str, Any], by: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the changes on top. A choice of another name takes nothing over from that of before.

    >>> base = {"optimizer": {"name": "adam", "eps": 1e-8}, "train": {"epochs": 5, "batch_size": 64}}
    >>> changed(base, {"optimizer": {"name": "sgd"}, "train": {"epochs": 9}})
    {'optimizer': {'name': 'sgd'}, 'train': {'epochs': 9, 'batch_size': 64}}
    """
    made = dict(base)
    for key, value in by.items():
        before = base.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            other_choice = value.get("name", before.get("name")) != before.get("name")
            made[key] = value if other_choice else changed(before, value)
        else:
            made[key] = value
    return made


def kept_from(candidate: Candidate) -> Iterator[tuple[str, str]]:
    """The settings that a candidate must not change, as section and key."""
    for key in candidate.data:
        if key not in OF_DATA:
            yield "data", key
    for section, keys in SHARED.items():
        yield from ((section, key) for key in keys if key in getattr(candidate, section))

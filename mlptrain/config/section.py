"""What the sections of the config have in common: frozen, strict, a meaning for every key."""

from typing import Annotated, Any

from annotated_types import Len
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict

Text = Annotated[str, Len(min_length=1)]
Columns = Annotated[tuple[Text, ...], Strict(False)]


def _renamed(scale: object) -> object:
    """`robust` is what version 0.1 called `smooth_clip`; its configs are read."""
    return "smooth_clip" if scale == "robust" else scale


Renamed = BeforeValidator(_renamed)
"""For the name of a scale."""


def setting(default: Any, meaning: str) -> Any:
    """A key that may be left out. The default is checked and expanded like anything a user writes."""
    return Field(default=default, description=meaning, validate_default=True)


class Section(BaseModel):
    """A mapping of the config: frozen, and nothing is converted or guessed.

    The validators of the sections are built once, as parts of the whole config's.
    """

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True
    )

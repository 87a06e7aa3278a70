"""The section of a run that begins with the weights of another."""

from typing import Annotated, Literal

from pydantic import Field

from mlptrain.config.kinds import Kinds
from mlptrain.config.section import Section, Text, setting


class InitFrom(Section):
    """The checkpoint that a run begins with. `fit --init-from` writes this key; it is rarely typed."""

    checkpoint: Text = Field(description="a checkpoint, or a run directory for its best.npz")
    sha256: Annotated[Text | None, Kinds("a SHA-256 or null")] = setting(
        None, "what the file must be; null: whatever is there"
    )
    preprocessing: Literal["keep", "refit"] = setting(
        "keep", "scaling, categories and order of the classes: those of the checkpoint, or learned anew"
    )
    head: Literal["keep", "new"] = setting(
        "keep", "the last layer: that of the checkpoint, or a new one for other classes or targets"
    )

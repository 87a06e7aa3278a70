"""A first config for a table: what `init` calls."""

from collections.abc import Sequence

from mlptrain import init
from mlptrain.build import build
from mlptrain.config import load_config
from mlptrain.config.yaml import parse


def first_config(data: str, targets: Sequence[str]) -> str:
    """A commented config for a table, held against its data: one that would not run is an error."""
    text = init.first_config(data, targets)
    build(load_config(parse(text, data).data))
    return text

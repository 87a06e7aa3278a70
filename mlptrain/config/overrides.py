"""Settings from the command line or from Python that go before the file: `--set KEY=VALUE`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlptrain.config.faults import shortened, shown
from mlptrain.config.keys import short_key
from mlptrain.config.plain import plain
from mlptrain.config.yaml import Path, TextFault, parse_lines

Overrides = Mapping[str, object] | Sequence[str]
"""{"train.epochs": 5}, or ["train.epochs=5"] with values in YAML."""


@dataclass(frozen=True)
class Override:
    """One setting: its key, its value, and what messages call it."""

    path: tuple[str, ...]
    value: Any
    place: str


class BadOverride(Exception):
    """An override that cannot be applied; the message is one whole line."""


def read_overrides(overrides: Overrides) -> Iterator[Override | BadOverride]:
    """The overrides in their order, and instead of a broken one what is wrong with it."""
    if isinstance(overrides, Mapping):
        for key, value in overrides.items():
            place = f"set {shortened(key)}={shown(value)}"
            yield Override(tuple(key.split(".")), plain(value, place), place)
        return
    for text in overrides:
        key, equals, word = text.partition("=")
        place = f"--set {shortened(text)}"
        if not equals or not all(key.split(".")):
            yield BadOverride(f"{place}: expected KEY=VALUE, for instance train.epochs=5")
            continue
        try:
            value = parse_lines(word, place).data
        except TextFault as fault:
            yield BadOverride(f"{place}: {fault.what}")
            continue
        yield Override(tuple(key.strip().split(".")), value, place)


def apply(override: Override, data: dict[str, Any]) -> None:
    """Write the value into `data` at the override's key, making the mappings on the way there.

    A short form on the way is written out: below `optimizer: adam`, `optimizer.eps` means an option
    of adam.
    """
    here = data
    for depth, step in enumerate(override.path[:-1], 1):
        here[step] = below = _opened(here.get(step), override.path[:depth], override)
        here = below
    here[override.path[-1]] = override.value


def _opened(value: Any, path: Path, override: Override) -> dict[str, Any]:
    """The mapping at `path`, into which a key is about to be written."""
    if isinstance(value, dict):
        return value
    if value is None:
        return {}
    short = short_key(path)
    if isinstance(value, str) and short:
        return {short: value}
    name = ".".join(str(step) for step in path)
    raise BadOverride(
        f"{override.place}: {name} is {shown(value)} and has no keys; set {name} as a whole"
    )

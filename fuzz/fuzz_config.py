"""Fuzz the reader of configs: YAML text, and the overrides of --set.

The first byte says which: `=` for lines of KEY=VALUE, anything else for a config.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["mlptrain"]):
    from mlptrain.config import (
        dump,
        json_schema,
        load_config,
        resolved,
    )
    from mlptrain.errors import ConfigError

from harness import check_faults, fuzz

PLAIN = {"data": {"train": "rows.csv"}}


def target(data: bytes, scratch: Path) -> None:
    """One line per fault, or a config that reads the same after it was written out."""
    try:
        if data[:1] == b"=":
            config = load_config(PLAIN, data[1:].decode("utf-8", "replace").splitlines())
        else:
            file = scratch / "config.yaml"
            file.write_bytes(data)
            config = load_config(file)
    except ConfigError as error:
        check_faults(error)
        return
    again = scratch / "again.yaml"
    again.write_text(dump(resolved(config)), encoding="utf-8")
    assert load_config(again) == config, "written out and read again it is another config"


def words(schema: Any) -> Iterator[str]:
    """Every key and every name of a choice in the JSON Schema of the config."""
    if isinstance(schema, list):
        for each in schema:
            yield from words(each)
    if isinstance(schema, dict):
        yield from (f"{key}: " for key in schema.get("properties", ()))
        yield from (str(each) for each in [*schema.get("enum", ()), schema.get("const", "~")])
        yield from words(list(schema.values()))


if __name__ == "__main__":
    fuzz("config", target, words=sorted(set(words(json_schema()))))

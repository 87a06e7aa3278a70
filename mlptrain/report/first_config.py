"""A first config: to stdout, or to a file that is not there yet."""

import sys
from pathlib import Path

from mlptrain.errors import ConfigError
from mlptrain.files import write_atomically


def write(text: str, out: Path | None, *, force: bool) -> None:
    """Write the config; ConfigError where it would replace something without `force`."""
    if out is None or str(out) == "-":
        sys.stdout.write(text)
        return
    if out.exists() and not (force and out.is_file()):
        raise ConfigError(f"{out}: is there already; name another file, or replace it with --force")
    write_atomically(out, [text.encode()])

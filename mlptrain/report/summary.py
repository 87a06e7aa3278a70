"""What `show` prints: the layers of a network, its memory, and the history of a checkpoint."""

from collections.abc import Mapping
from pathlib import Path

from mlptrain.errors import ConfigError
from mlptrain.report.console import number, say, stdout, table, tell, write
from mlptrain.storage.files import write_atomically
from mlptrain.tools.summary import Anatomy


def show(anatomy: Anatomy) -> None:
    """Layers, totals, memory; then how far it was trained."""
    tell(anatomy.notes)
    out = stdout()
    columns = ("value", "node", "parameters of", "units", "parameters", "multiply-adds")
    rows = [
        (each.name, each.kind, ", ".join(each.shapes), each.output, each.parameters, each.multiply_adds)
        for each in anatomy.layers
    ]
    out.print(table(columns, rows, left=3))
    parameters = sum(layer.parameters for layer in anatomy.layers)
    products = sum(layer.multiply_adds for layer in anatomy.layers)
    say(out, f"{parameters:,} parameters, {products:,} multiply-adds per row forward")
    shares = ", ".join(f"{name} {size(value)}" for name, value in anatomy.memory.items())
    say(out, f"memory while training: {size(sum(anatomy.memory.values()))} ({shares})")
    if anatomy.history:
        out.print()
        out.print(table(("checkpoint", "value"), list(history(anatomy.history).items())))


def history(values: Mapping[str, object]) -> dict[str, str]:
    """Words for the numbers of a checkpoint."""
    return {
        key: number(value) if isinstance(value, int | float) or value is None else str(value)
        for key, value in values.items()
    }


def size(count: int) -> str:
    """Bytes in the unit that keeps them short.

    >>> size(30040), size(50_000_000)
    ('29.3 KiB', '47.7 MiB')
    """
    value = float(count)
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"


def show_config(text: str) -> None:
    """YAML as it is, with nothing added: it may become a file."""
    write(text)


def write_config(text: str, out: Path | None, *, force: bool) -> None:
    """Write the config; ConfigError where it would replace something without `force`."""
    if out is None or str(out) == "-":
        write(text)
        return
    if out.exists() and not (force and out.is_file()):
        raise ConfigError(f"{out}: is there already; name another file, or replace it with --force")
    write_atomically(out, [text.encode()])

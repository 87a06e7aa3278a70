"""What `show` prints: the layers of a network, its memory, and the history of a checkpoint."""

from pathlib import Path

from mlptrain.errors import ConfigError
from mlptrain.report.console import say, stdout, write
from mlptrain.report.notes import tell
from mlptrain.report.tables import print_table
from mlptrain.storage.files import write_file
from mlptrain.tools.summary import NetworkSummary


def show(summary: NetworkSummary) -> None:
    """Layers, totals, memory; then how far it was trained."""
    tell(summary.notes)
    out = stdout()
    columns = ("value", "node", "parameters of", "units", "parameters", "multiply-adds")
    rows = [
        (each.name, each.kind, "\n".join(each.shapes), each.output, each.parameters, each.multiply_adds)
        for each in summary.layers
    ]
    print_table(out, columns, rows, words=columns[:3])
    parameters = sum(layer.parameters for layer in summary.layers)
    products = sum(layer.multiply_adds for layer in summary.layers)
    say(out, f"{parameters:,} parameters, {products:,} multiply-adds per row forward")
    shares = ", ".join(f"{name} {size(value)}" for name, value in summary.memory.items())
    say(out, f"memory while training: {size(sum(summary.memory.values()))} ({shares})")
    if summary.history:
        out.print()
        print_table(out, ("checkpoint", "value"), list(summary.history.items()))


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


def write_config(text: str, out: Path | None = None, *, force: bool = False) -> None:
    """YAML as it is, to stdout or into a file; ConfigError where `force` is needed to replace one."""
    if out is None or str(out) == "-":
        write(text)
        return
    if out.exists() and not (force and out.is_file()):
        raise ConfigError(f"{out}: is there already; name another file, or replace it with --force")
    write_file(out, [text.encode()])

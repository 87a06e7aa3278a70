"""What `show` prints: the layers of a network, its memory, and the history of a checkpoint."""

from collections.abc import Sequence
from pathlib import Path

from mlptrain.errors import ConfigError
from mlptrain.export.export import Exported
from mlptrain.inference.model import Model
from mlptrain.messages import count
from mlptrain.report.console import say, size, stdout, write
from mlptrain.report.notes import tell
from mlptrain.report.tables import print_table
from mlptrain.storage.files import write_file
from mlptrain.tools.saved import Kept
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
    depth = f"{summary.hidden + 1}-layer network, {count(summary.hidden, 'hidden layer')}"
    say(out, f"{depth}: {parameters:,} parameters, {products:,} multiply-adds per row forward")
    shares = ", ".join(f"{name} {size(value)}" for name, value in summary.memory.items())
    say(out, f"memory while training: {size(sum(summary.memory.values()))} ({shares})")
    if summary.history:
        out.print()
        print_table(out, ("checkpoint", "value"), list(summary.history.items()))


def show_kept(rows: int, nodes: Sequence[Kept]) -> None:
    """A line for each node: its output, and what it keeps besides."""
    out = stdout()
    columns = ("value", "node", "output", "saved for backward")
    lines = [
        (each.name, each.kind, size(each.output) if each.output else "in place", size(each.saved))
        for each in nodes
    ]
    print_table(out, columns, lines, words=("node",))
    output, saved = sum(each.output for each in nodes), sum(each.saved for each in nodes)
    say(out, f"minibatch of {rows:,} rows: outputs {size(output)}, saved besides {size(saved)}")


def show_packed(model: Model, out: Path) -> None:
    """What has been written, and how large it is."""
    say(stdout(), f"{out}: {len(model.members)} members, {size(out.stat().st_size)}")


def show_exported(made: Exported) -> None:
    """What has been written, and how it agrees with our own predictions."""
    compared = made.agreement or "it holds rows with which it tests itself"
    say(stdout(), f"{made.path}: {size(made.size)}; {compared}")
    say(stdout(), f"{made.card}: what the model is for")


def write_config(text: str, out: Path | None = None, *, force: bool = False) -> None:
    """Text as it is, to stdout or into a file; ConfigError where `force` is needed to replace one."""
    if out is None or str(out) == "-":
        write(text)
        return
    if out.exists() and not (force and out.is_file()):
        raise ConfigError(f"{out}: already exists; name another file, or replace it with --force")
    write_file(out, [text.encode()])

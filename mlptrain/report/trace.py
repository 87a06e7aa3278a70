"""The graph of an expression: as a tree, and below it a table with a row for each input of a gate.

Where four matrices side by side are too much for the terminal, they stand below each other.
"""

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from mlptrain.report.cells import CUT, MOST, block, numbered, title
from mlptrain.report.console import emit_json, say, stdout, write
from mlptrain.report.tree import trees
from mlptrain.tools.trace.trace import Step, Trace

COLUMNS = ("gate", "reads", "value", "upstream", "local", "downstream")
UNLIMITED = 1_000_000

Cells = tuple[str, str, str, str, str, str]


def show(trace: Trace, *, as_json: bool) -> None:
    """Print the tree, every step in forward order, and the gradient of each input."""
    if as_json:
        emit_json(trace.to_json())
        return
    out = stdout()
    for tree in trees(trace, out.width):
        out.print(tree)
    out.print()
    made, most = layout(trace, out)
    out.print(made)
    for line in gradients(trace, most):
        say(out, line)


def show_code(text: str, *, as_json: bool) -> None:
    """Print flat code as it is, so that it can be piped into Python."""
    if as_json:
        emit_json({"code": text})
    else:
        write(text)


def layout(trace: Trace, console: Console) -> tuple[Table, int]:
    """The table, or a list with as many columns of each matrix as fit; and how many these are."""
    if fits(console, wide := table(trace, MOST)):
        return wide, MOST
    lists = ((listing(trace, most), most) for most in range(MOST, 1, -1))
    return next((made for made in lists if fits(console, made[0])), (listing(trace, 2), 2))


def fits(console: Console, made: Table) -> bool:
    """Whether the table needs no more than the width of the terminal."""
    unlimited = console.options.update(max_width=UNLIMITED)
    return Measurement.get(console, unlimited, made).maximum <= console.width


def table(trace: Trace, most: int) -> Table:
    """A line for each input of each gate, everything side by side."""
    return lined_up(COLUMNS, 2, (cells for step in shown(trace) for cells in rows(step, most)))


def listing(trace: Trace, most: int) -> Table:
    """A line for each thing to say about a gate."""
    lines = (cells for step in shown(trace) for cells in facts(step, most))
    return lined_up(("gate", "", ""), 3, lines)


def lined_up(columns: Sequence[str], left: int, lines: Iterable[Sequence[str]]) -> Table:
    """Lines of cells, each of which may hold several rows of a matrix."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for position, column in enumerate(columns):
        made.add_column(column, justify="left" if position < left else "right", overflow="fold")
    for cells in lines:
        made.add_row(*(Text(cell) for cell in cells))  # names and numbers only: nothing to strip
    return made


def shown(trace: Trace) -> list[Step]:
    """All steps but constants, which those who read them name."""
    *steps, output = trace.steps
    return [*(step for step in steps if step.op != "constant"), output]


def rows(step: Step, most: int) -> Iterator[Cells]:
    """One row for each input of a gate, and one for a value that reads nothing."""
    front = (title(step), block(step.value, most), upstream(step, most))
    if not step.inputs:
        yield front[0], "", front[1], front[2], "", ""
    for i, name in enumerate(step.inputs):
        gate, value, above = front if i == 0 else ("", "", "")
        yield gate, name, value, above, block(step.local[i], most), block(step.downstream[i], most)


def facts(step: Step, most: int) -> Iterator[tuple[str, str, str]]:
    """The same as `rows`, one below the other."""
    yield title(step), "value", block(step.value, most)
    yield "", "upstream", upstream(step, most)
    for name, local, downstream in zip(step.inputs, step.local, step.downstream, strict=True):
        yield "", f"local {name}", block(local, most)
        yield "", f"downstream {name}", block(downstream, most)


def upstream(step: Step, most: int) -> str:
    """The upstream gradient; of a copy gate the sum that it is (P101)."""
    if len(step.upstreams) < 2:
        return block(step.upstream, most)
    parts = [block(part, most) for part in step.upstreams[:MOST]]
    parts += [CUT] * (len(step.upstreams) > MOST)
    if step.value.ndim == 0:
        return f"{' + '.join(parts)} = {block(step.upstream, most)}"
    signs = [" ", *"+" * (len(parts) - 1), "="]
    pairs = zip(signs, [*parts, block(step.upstream, most)], strict=True)
    return "\n".join(f"{sign} {part}".replace("\n", "\n  ") for sign, part in pairs)


def gradients(trace: Trace, most: int) -> Iterator[str]:
    """The lines below the table: `df/dx = -4`.

    It is dL/dx, L being what follows, where the gradient that flows into f is not just 1.
    """
    output = trace.steps[-1]
    just_one = output.value.ndim == 0 and output.upstream is not None and float(output.upstream) == 1
    name = "L" if not just_one else "f" if numbered(output) else output.name
    for source, gradient in trace.gradients.items():
        first, *others = block(gradient, most).split("\n")
        label = f"d{name}/d{source} = "
        yield label + first
        yield from (" " * len(label) + line for line in others)

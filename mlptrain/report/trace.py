"""The graph of an expression as a table: each gate with what it reads, a row for each input.

Where four matrices side by side are too much for the terminal, they stand below each other.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from mlptrain.nodes.node import Array
from mlptrain.report.console import emit_json, say, stdout
from mlptrain.trace import Step, Trace

COLUMNS = ("gate", "reads", "value", "upstream", "local", "downstream")
MOST = 8
"""How many rows and columns of a matrix are shown at most; the columns of a list may be fewer."""
CUT = "..."
UNLIMITED = 1_000_000

Cells = tuple[str, str, str, str, str, str]


def show(trace: Trace, *, as_json: bool) -> None:
    """Print every step in forward order, and below them the gradient of each input."""
    if as_json:
        emit_json(trace.to_json())
        return
    out = stdout()
    made, most = layout(trace, out)
    out.print(made)
    for line in gradients(trace, most):
        say(out, line)


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


def title(step: Step) -> str:
    """The name of a step, and its operation where the name does not tell it."""
    told = step.op in ("input", "constant") or numbered(step)
    return step.name if told else f"{step.name} = {step.op}"


def numbered(step: Step) -> bool:
    """Whether a gate is called after its operation: `add1`."""
    return step.name.rstrip("0123456789") == step.op


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


def block(array: Array | str | None, most: int) -> str:
    """A number, a vector on one line, or a matrix on several; a dash where nothing is wanted.

    >>> block(np.array([[0.73105857, -12.0], [1e-9, 5.0]]), 4).split("\\n")
    ['[0.7311 -12]', '[ 1e-09   5]']
    """
    if array is None:
        return "-"
    if isinstance(array, str):
        return array
    if array.ndim == 0:
        return number(float(array))
    matrix = [entries(row, most) for row in np.atleast_2d(array)[:MOST]]
    widths = [max(map(len, column)) for column in zip(*matrix, strict=True)]
    lines = [
        "[" + " ".join(entry.rjust(width) for entry, width in zip(row, widths, strict=True)) + "]"
        for row in matrix
    ]
    return "\n".join([*lines, CUT] if len(array) > MOST and array.ndim == 2 else lines)


def entries(row: Array, most: int) -> Sequence[str]:
    """The numbers of a row, the last ones cut off where there are more than `most`."""
    numbers = [number(float(entry)) for entry in row[:most]]
    return [*numbers, CUT] if len(row) > most else numbers


def number(value: float) -> str:
    """Four significant digits, as on the slides; whole numbers up to a million in full.

    >>> number(0.73105857), number(-12.0), number(-0.0), number(51234.0)
    ('0.7311', '-12', '0', '51234')
    """
    if value == round(value, 0) and abs(value) < 1e6:
        return f"{value + 0.0:.0f}"
    return f"{value:.4g}"

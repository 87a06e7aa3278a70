"""What `trace --jacobian` and `trace --element` print."""

from collections.abc import Sequence

import numpy as np

from mlptrain.arrays import Array
from mlptrain.report.cells import number
from mlptrain.report.console import emit_json, say, size, stdout
from mlptrain.report.tables import print_table
from mlptrain.tools.trace.jacobian import Jacobian, Touch


def show(jacobians: Sequence[Jacobian], *, as_json: bool) -> None:
    """Each small Jacobian as a matrix; of a large one what it would take."""
    if as_json:
        emit_json({"jacobians": [each.to_json() for each in jacobians]})
        return
    out = stdout()
    for each in jacobians:
        rows, columns = each.shape
        say(out, f"d {each.output} / d {each.source}: {rows:,} x {columns:,} numbers")
        if each.matrix is None:
            say(
                out,
                f"  not written down: it would take {size(each.nbytes)}, and backward never needs it",
            )
        else:
            for line in lines(each.matrix):
                say(out, line)


def show_sizes(jacobians: Sequence[Jacobian], *, as_json: bool) -> None:
    """What the Jacobian of each gate would take, beside what its backward pass reads and writes."""
    if as_json:
        emit_json({"jacobians": [each.to_json() for each in jacobians]})
        return
    out = stdout()
    columns = ("gate", "reads", "Jacobian", "written down", "backward needs")
    rows = [
        (
            each.output,
            each.source,
            "{:,} x {:,}".format(*each.shape),
            size(each.nbytes),
            size(each.needs),
        )
        for each in jacobians
    ]
    print_table(out, columns, rows, words=("reads",))
    largest = max(jacobians, key=lambda each: each.nbytes)
    say(
        out,
        f"d {largest.output} / d {largest.source} alone would take {size(largest.nbytes)}: "
        "backward multiplies without writing a Jacobian down",
    )


def show_touch(touch: Touch, *, as_json: bool) -> None:
    """Which part of the output one element touches, and what comes back to it."""
    if as_json:
        document = {
            "element": touch.element,
            "output": touch.output,
            "derivative": touch.derivative.tolist(),
            "gradient": touch.gradient,
        }
        emit_json(document)
        return
    out = stdout()
    count = int(np.count_nonzero(touch.derivative))
    total = f"{touch.derivative.size:,} elements" if touch.derivative.ndim else "1 element"
    say(out, f"d {touch.output} / d {touch.element}: it touches {count:,} of {total} of {touch.output}")
    for line in lines(np.atleast_2d(touch.derivative)):
        say(out, line)
    say(
        out,
        f"dL/d{touch.element} = {number(touch.gradient)}: these times the upstream gradient, added up",
    )


def lines(matrix: Array) -> list[str]:
    """A matrix, a line for each row.

    >>> lines(np.array([[1.0, -2.5], [0.0, 3.0]]))
    ['[1 -2.5]', '[0    3]']
    """
    cells = [[number(float(entry)) for entry in row] for row in matrix]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        f"[{' '.join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))}]"
        for row in cells
    ]

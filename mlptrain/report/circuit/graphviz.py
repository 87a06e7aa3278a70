"""The layout of a diagram by Graphviz's `dot`, the program that most such diagrams are drawn with."""

import subprocess
from collections.abc import Sequence

from mlptrain.errors import EnvironmentFault
from mlptrain.report.circuit.boxes import (
    GAP,
    SPACE,
    Box,
    Edge,
    Layout,
    Route,
    columns,
)

SECONDS = 60
"""What `dot` may take; a circuit of a hundred gates takes it a tenth of a second."""
INCH = 72.0


def by_dot(program: str, boxes: Sequence[Box], edges: Sequence[Edge]) -> Layout:
    """Ask `dot`. It is sent sizes and numbers only, nothing that a user wrote."""
    try:
        done = subprocess.run(
            [program, "-Tplain"], input=question(boxes, edges), capture_output=True, text=True,
            encoding="utf-8", errors="replace", timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise EnvironmentFault(
            f"{program}: no layout of {len(boxes)} boxes within {SECONDS} s; draw a smaller expression"
        ) from error
    except OSError as error:
        raise EnvironmentFault(
            f"{program}: cannot be run: {error.strerror}; reinstall Graphviz"
        ) from error
    if done.returncode != 0:
        said = (done.stderr.strip() or "no reason given").splitlines()[0]
        raise EnvironmentFault(
            f"{program}: ended with {done.returncode}: {said}; draw less, or reinstall it"
        )
    return answer(done.stdout, len(boxes), edges)


def question(boxes: Sequence[Box], edges: Sequence[Edge]) -> str:
    """The diagram in the language of `dot`."""
    starts = [f"n{i}" for i, column in enumerate(columns(len(boxes), edges)) if column == 0]
    branches = len({tail for tail, _ in edges}) < len(edges)
    lines = [
        f"graph [rankdir=LR, ranksep={GAP / INCH:.4f}, nodesep={SPACE / INCH:.4f}]",
        # In a tree nothing need cross, and what is read first stands above what is read next.
        *([] if branches else ["graph [ordering=in]"]),
        'node [fixedsize=true, label=""]',
        "edge [arrowhead=none]",
    ]
    lines += [
        f"n{i} [shape={'ellipse' if box.is_round else 'box'}, "
        f"width={box.width / INCH:.4f}, height={box.height / INCH:.4f}]"
        for i, box in enumerate(boxes)
    ]
    lines.append("{rank=source " + " ".join(starts) + "}")
    for tail, head in edges:
        port = "" if boxes[head].is_round else ":w"
        weight = 1 if boxes[head].is_round else 8  # what a wire says stands near where it begins
        lines.append(f"n{tail}:e -> n{head}{port} [weight={weight}]")
    return "digraph {\n" + "\n".join(lines) + "\n}\n"


def answer(text: str, count: int, edges: Sequence[Edge]) -> Layout:
    """The layout from `-Tplain`: inches, y upwards, a line for each node and for each edge."""
    rows = [line.split() for line in text.splitlines()]
    width, height = (INCH * float(word) for word in rows[0][2:4])

    def points(words: Sequence[str]) -> Route:
        numbers = [INCH * float(word) for word in words]
        return tuple((x, height - y) for x, y in zip(numbers[::2], numbers[1::2], strict=True))

    centres = {row[1]: points(row[2:4])[0] for row in rows if row[0] == "node"}
    routes = {
        (row[1], row[2]): points(row[4 : 4 + 2 * int(row[3])]) for row in rows if row[0] == "edge"
    }
    return Layout(
        tuple(centres[f"n{i}"] for i in range(count)),
        tuple(routes[f"n{tail}", f"n{head}"] for tail, head in edges),
        width,
        height,
    )

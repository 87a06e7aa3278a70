"""The parts a page is made of. Whatever comes from outside goes through `text`.

Functions that return markup say so in their names' place: they are put together, never escaped.
"""

import base64
import html
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from mlptrain.messages import printable
from mlptrain.report.console import number
from mlptrain.report.plots.canvas import DARK, LIGHT, Theme, drawing, recoloured, rendered
from mlptrain.report.plots.kinds import picture
from mlptrain.report.plots.titles import Picture
from mlptrain.report.results import Results

MAY_BREAK = re.compile(r"([_.])")
"""Behind what the name of a column may go on on the next line."""
NUMBERS = ' class="n"'
SORTED = 4
"""Tables of so many rows can be sorted."""


@dataclass(frozen=True)
class Drawing:
    """Markup in a cell, put together from text that went through `text`; `value` is sorted by."""

    markup: str
    value: float


Cell = str | float | int | Drawing | None


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, as markup; `name` is its anchor."""

    name: str
    title: str
    content: str


def text(value: str) -> str:
    """`value` as it may stand in a page, in an attribute too: nothing of it is markup.

    >>> text('<a href="x">&\\x07')
    '&lt;a href=&quot;x&quot;&gt;&amp;?'
    """
    return html.escape(printable(value), quote=True)


def paragraph(value: str) -> str:
    """Text as a paragraph."""
    return f"<p>{text(value)}</p>"


def listed(values: Iterable[str]) -> str:
    """Texts as a list; nothing where there are none."""
    items = "".join(f"<li>{text(value)}</li>" for value in values)
    return f"<ul>{items}</ul>" if items else ""


def code(value: str) -> str:
    """Lines as they are, such as a config or a command."""
    lines = "\n".join(text(line) for line in value.splitlines())
    return f'<pre tabindex="0"><code>{lines}</code></pre>'


def table(
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    marked: Collection[int] = (),
    fixed: bool = False,
) -> str:
    """A table whose first column names the rows; numbers are to the right, `marked` rows stand out.

    A reader can sort it, unless its order is `fixed`.
    """
    rows = list(rows)
    names = [MAY_BREAK.sub(r"\1<wbr>", text(column)) for column in columns]
    right = [bool(rows) and all(is_number(row[i]) for row in rows) for i in range(len(columns))]
    head = "".join(
        f'<th scope="col"{NUMBERS if numeric else ""}>{name}</th>'
        for name, numeric in zip(names, right, strict=True)
    )
    kinds = ["ranked"] * bool(marked) + ["sortable"] * (len(rows) >= SORTED and not fixed)
    best, ranked = ["", ' class="best"'], f' class="{" ".join(kinds)}"' if kinds else ""
    body = "".join(
        f"<tr{best[i in marked]}>{row_head(row[0])}{''.join(map(cell, row[1:], right[1:]))}</tr>\n"
        for i, row in enumerate(rows)
    )
    # Wide tables scroll within their frame, which the keyboard has to reach.
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{text(caption)}"><table{ranked}>'
        f"<caption><span>{text(caption)}</span></caption>"
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def is_number(value: Cell) -> bool:
    """Whether a cell is set to the right."""
    return value is None or isinstance(value, int | float)


def row_head(value: Cell) -> str:
    """The first cell of a row."""
    return f'<th scope="row">{shown(value)}</th>'


def cell(value: Cell, of_numbers: bool) -> str:
    """Any other cell, in a column of numbers or another."""
    if isinstance(value, Drawing):
        return f'<td data-value="{value.value:g}">{value.markup}</td>'
    kind = NUMBERS if of_numbers or isinstance(value, int | float) else ""
    return f"<td{kind}>{shown(value)}</td>"


def shown(value: Cell) -> str:
    """Text, or a number in four digits."""
    if isinstance(value, Drawing):
        return value.markup
    return text(value if isinstance(value, str) else number(value))


def folded(title: str, content: str) -> str:
    """Markup that is shown on a click."""
    return f"<details><summary>{text(title)}</summary>{content}</details>"


def figure(kind: str, runs: Sequence[Results]) -> str:
    """A picture of runs."""
    return drawn_figure(lambda theme: picture(kind, runs, theme))


def drawn_figure(draw: Callable[[Theme], Picture]) -> str:
    """A picture for light and for dark pages, with its words for those who cannot see it."""
    with drawing(LIGHT):
        drawn = draw(LIGHT)
        light = rendered(drawn.figure, "svg")
    dark = recoloured(light, LIGHT, DARK)
    if dark is None:
        with drawing(DARK):
            dark = rendered(draw(DARK).figure, "svg")
    sources = [data_uri("image/svg+xml", each) for each in (light, dark)]
    width, height = (round(96 * each) for each in drawn.figure.get_size_inches())
    return (
        f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{sources[1]}">'
        f'<img src="{sources[0]}" width="{width}" height="{height}" alt="{text(drawn.words)}">'
        "</picture></figure>"
    )


def data_uri(kind: str, content: bytes) -> str:
    """The content of a file where its address would stand."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"

"""The parts a page is made of. Whatever comes from outside goes through `text`.

Functions that return markup say so in their names' place: they are put together, never escaped.
"""

import base64
import html
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from mlptrain.messages import printable
from mlptrain.report.console import number
from mlptrain.report.plots.canvas import DARK, LIGHT, drawing, rendered
from mlptrain.report.plots.kinds import picture
from mlptrain.report.results import Results

MAY_BREAK = re.compile(r"([_.])")
"""Behind what the name of a column may go on on the next line."""
Cell = str | float | int | None


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
) -> str:
    """A table whose first column names the rows; numbers are to the right, `marked` rows stand out."""
    names = [MAY_BREAK.sub(r"\1<wbr>", text(column)) for column in columns]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    best, ranked = ["", ' class="best"'], ' class="ranked"' if marked else ""
    body = "".join(
        f"<tr{best[i in marked]}>{row_head(row[0])}{''.join(map(cell, row[1:]))}</tr>\n"
        for i, row in enumerate(rows)
    )
    # Wide tables scroll within their frame, which the keyboard has to reach.
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{text(caption)}"><table{ranked}>'
        f"<caption>{text(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def row_head(value: Cell) -> str:
    """The first cell of a row."""
    return f'<th scope="row">{shown(value)}</th>'


def cell(value: Cell) -> str:
    """Any other cell."""
    kind = "" if isinstance(value, str) else ' class="n"'
    return f"<td{kind}>{shown(value)}</td>"


def shown(value: Cell) -> str:
    """Text, or a number in four digits."""
    return text(value if isinstance(value, str) else number(value))


def folded(title: str, content: str) -> str:
    """Markup that is shown on a click."""
    return f"<details><summary>{text(title)}</summary>{content}</details>"


def figure(kind: str, runs: Sequence[Results]) -> str:
    """A picture of runs, for light and for dark pages, with its words for those who cannot see it."""
    sources = []
    for theme in (LIGHT, DARK):
        with drawing(theme):
            drawn = picture(kind, runs, theme)
            sources.append(data_uri("image/svg+xml", rendered(drawn.figure, "svg")))
            words, inches = drawn.words, drawn.figure.get_size_inches()
    light, dark = sources
    width, height = (round(96 * each) for each in inches)
    return (
        f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" width="{width}" height="{height}" alt="{text(words)}"></picture></figure>'
    )


def data_uri(kind: str, content: bytes) -> str:
    """The content of a file where its address would stand."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"

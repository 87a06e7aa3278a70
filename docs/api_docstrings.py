"""For the API pages: examples and drawings of a docstring as blocks of code.

A docstring is Markdown but for these: in Markdown, `>>>` is a quotation within a quotation.
"""

import re
from typing import Any

import griffe

DRAWN = re.compile(r"[├└│]|^\S.*\n {4,}\S|\S {3,}\S", re.MULTILINE)
"""A tree, a hanging indent, or columns."""


def fenced(docstring: str) -> str:
    """Each paragraph that is an example, or is aligned by blanks, within a fence."""
    paragraphs = re.split(r"\n{2,}", docstring)
    return "\n\n".join(_fenced(each) for each in paragraphs)


def _fenced(paragraph: str) -> str:
    lines = paragraph.splitlines()
    for number, line in enumerate(lines):
        if line.lstrip().startswith(">>> "):
            before = "\n".join(lines[:number])
            return "\n\n".join(filter(None, [before, _block("pycon", lines[number:])]))
    if DRAWN.search(paragraph):
        return _block("text", lines)
    return paragraph


def _block(language: str, lines: list[str]) -> str:
    indent = min(len(line) - len(line.lstrip()) for line in lines)
    return "\n".join([f"```{language}", *(line[indent:] for line in lines), "```"])


class Blocks(griffe.Extension):
    """Applies `fenced` to every docstring."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """As soon as an object is read."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)

"""Write each page of docs/lesson as a notebook beside it.

    python docs/make_notebooks.py

A notebook is JSON (nbformat 4): its code cells are the examples of the page, with the outputs that the
page shows, and everything else is text.
"""

import doctest
import json
import re
from pathlib import Path

LESSON = Path(__file__).resolve().parent / "lesson"
BLOCK = re.compile(r"```pycon\n(.*?)```\n", re.DOTALL)


def pages() -> list[Path]:
    """The pages of the lesson, in their order."""
    return sorted(LESSON.glob("*.md"))


def notebook(page: Path) -> str:
    """The text of the notebook of a page."""
    cells: list[dict[str, object]] = []
    for number, part in enumerate(BLOCK.split(page.read_text(encoding="utf-8"))):
        if number % 2 == 0 and part.strip():
            cells.append({"cell_type": "markdown", "metadata": {}, "source": part.strip()})
        elif number % 2:
            cells += code_cells(part)
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    document = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def code_cells(block: str) -> list[dict[str, object]]:
    """A cell for all lines up to one that shows something."""
    cells: list[dict[str, object]] = []
    source = ""
    for example in doctest.DocTestParser().get_examples(block):
        source += example.source
        if example.want:
            cells.append(code_cell(source, example.want))
            source = ""
    return cells + ([code_cell(source, "")] if source else [])


def code_cell(source: str, shown: str) -> dict[str, object]:
    """Code, and the value of its last line."""
    value = {"text/plain": shown.rstrip("\n")}
    output = {"output_type": "execute_result", "execution_count": None, "metadata": {}, "data": value}
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "source": source.rstrip("\n"),
        "outputs": [output] if shown else [],
    }


def main() -> None:
    """Write them all."""
    for page in pages():
        page.with_suffix(".ipynb").write_text(notebook(page), encoding="utf-8")


if __name__ == "__main__":
    main()

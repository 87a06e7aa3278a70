"""Small files, short functions. Split by concept, never by count."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "mlptrain").rglob("*.py"))
}
LONGEST_FILE = 300
LONGEST_FUNCTION = 40


def test_a_file_fits_into_300_lines():
    lengths = {name: len(text.splitlines()) for name, text in SOURCES.items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_a_function_fits_into_40_lines():
    lengths = {
        f"{name}: {each.name}": (each.end_lineno or 0) - each.lineno + 1
        for name, text in SOURCES.items()
        for each in ast.walk(ast.parse(text))
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}

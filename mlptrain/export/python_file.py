"""A model as one Python file that needs NumPy alone."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from mlptrain.errors import ConfigError
from mlptrain.export.description import Document, as_json, describe
from mlptrain.export.probe import Agreement, agreement_of_python
from mlptrain.export.standalone.program import unpacked
from mlptrain.inference.model import Model
from mlptrain.messages import some

PARTS = ("notations", "reading", "network", "program")
ARRAY = "Array = np.ndarray[Any, Any]\n"
LONGEST = 100
HEAD = '''"""{title}

From Python:   from {module} import predict, predict_proba
Command line:  python {module}.py new.csv [--proba]{decide}

It needs Python 3.11 and NumPy, and nothing else. `predict` takes a dict of columns, a list of rows as
dicts, or an array (N, {width}) in the order of training. What is refused is a ValueError.

{policies}
"""
'''


def python_file(model: Model, out: Path) -> tuple[bytes, Agreement]:
    """The file, and how its functions agree with our predictions."""
    if not out.stem.isidentifier():
        raise ConfigError(f"-o {out}: Python imports no file of this name; use letters, digits and _")
    document = describe(model)
    kept = unpacked(json.loads(as_json(document)))
    return text_of(document, out.stem).encode(), agreement_of_python(model, kept)


def text_of(document: Document, module: str) -> str:
    """The text of the file."""
    title = f"Predicts {some(document['names'])}: a model trained by mlptrain {document['mlptrain']}."
    policies = "\n".join(_plain(each) for each in document["policies"])
    decide = "" if document["threshold"] is None else " [--decide]"
    head = HEAD.format(
        title=_plain(title),
        module=module,
        decide=decide,
        width=len(document["columns"]),
        policies=policies,
    )
    imports, bodies = list[str](), list[str]()
    for part in PARTS:
        lines, body = _parts(Path(__file__).with_name("standalone") / f"{part}.py")
        imports += lines
        bodies.append(body)
    text = "\n\n".join(bodies)
    first, _, rest = text.partition(ARRAY)
    text = first + ARRAY + rest.replace(ARRAY, "")
    text = text.replace('MODEL = "{}"\n', "")
    called = 'if __name__ == "__main__":\n    sys.exit(main(sys.argv))\n'
    model = f"MODEL = (\n{''.join(_quoted(as_json(document)))})\n"
    return f"{head}\n{_sorted(imports)}\n\n{text.strip()}\n\n\n{model}\n{called}"


def _plain(text: str) -> str:
    """Fit for a docstring: names of columns may hold anything."""
    plain = " ".join(text.split()).encode("ascii", "replace").decode()
    return plain.replace('"', "'").replace("\\", "/")


def _parts(path: Path) -> tuple[list[str], str]:
    """The imports of a file, but for ours, and what stands behind them."""
    source = path.read_text(encoding="utf-8")
    lines, found, end = source.splitlines(keepends=True), list[str](), 0
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            if not (getattr(node, "module", None) or "").startswith("mlptrain"):
                found.append(ast.unparse(node))
            end = node.end_lineno or 0
    return found, "".join(lines[end:]).strip() + "\n"


def _sorted(imports: list[str]) -> str:
    """Each import once, NumPy at the end."""
    standard = sorted({line for line in imports if "numpy" not in line})
    standard.sort(key=lambda line: line.startswith("from"))
    return "\n".join(standard) + "\n\nimport numpy as np\n"


def _quoted(text: str) -> Iterator[str]:
    """A long text as lines of adjacent literals."""
    for start in range(0, len(text), LONGEST):
        yield f"    {text[start : start + LONGEST]!r}\n"

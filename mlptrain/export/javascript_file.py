"""A model as one ES module, for browsers and Node, and as a page that holds it."""

import html
import math
import re
from pathlib import Path
from typing import Any

from mlptrain.export.description import as_json, describe
from mlptrain.export.probe import Agreement, expected, given, probe_of, units_of
from mlptrain.inference.model import Model

TESTED = 20
"""So many rows stand in a file, for its self-test."""
PROTO = re.compile(r'(?<!\\)"__proto__":')
"""The one key of JSON that is no key in JavaScript: it sets the prototype, but not within brackets."""


def javascript_file(model: Model, out: Path) -> tuple[bytes, Agreement | None]:
    """The file. It is compared by its own self-test: nothing here runs JavaScript."""
    return module_of(model).encode(), None


def page_file(model: Model, out: Path) -> tuple[bytes, Agreement | None]:
    """A page with the module, its self-test, and a row to change; it needs no server and no network."""
    module = module_of(model).replace("</", r"<\/").replace("<!--", r"<\!--")  # both end a script
    page = Path(__file__).with_name("standalone") / "page.html"
    before, after = page.read_text(encoding="utf-8").split("{module}")
    return (before.replace("{title}", html.escape(out.stem)) + module + after).encode(), None


def module_of(model: Model) -> str:
    """The text of the module, with rows to test itself."""
    document = describe(model)
    columns = probe_of(model.preprocessing)
    _, found = expected(model, columns)
    kinds = {field["name"]: field["kind"] for field in document["columns"]}
    others = given(model.preprocessing, columns)
    plain = {name: values[:TESTED].tolist() for name, values in others.items()}
    rows = [
        {name: _plain(values[row], kinds[name]) for name, values in plain.items()}
        for row in range(TESTED)
    ]
    units = units_of(model, found)
    tested = {"rows": rows, "found": found[:TESTED].tolist(), "units": units[:TESTED].tolist()}
    source = Path(__file__).with_name("standalone") / "model.mjs"
    text = source.read_text(encoding="utf-8")
    data = PROTO.sub('["__proto__"]:', as_json({**document, "self_test": tested}))
    text = text.replace("const MODEL = {};", f"const MODEL = {data};", 1)
    policies = "".join(f"// {' '.join(each.split())}\n" for each in document["policies"])
    return policies + text


def _plain(value: Any, kind: str) -> Any:
    """JSON has no NaN; a date is its milliseconds."""
    if isinstance(value, float) and math.isnan(value):
        return None
    return round(value * 86_400_000) if kind == "date" else value

"""Columns and categories may be called anything: the exported files predict all the same."""

import json
import shutil
import subprocess

import pytest

import mlptrain
from mlptrain.export.c_names import identifiers
from mlptrain.export.export import export

COLUMNS = (
    *("*\\ #error", "*/ #error", "/*", "a??/", "int", "bool", "asm", "NAN", "M_PI", "linux"),
    *("__LINE__", "_Bool", "PETS_H", "MODEL_row", "pets_row", "", "é", "ü", "__proto__"),
    *('x"__proto__', "constructor", "toString", "</script>", "<!--", "${1}", "class", "None"),
    *("new", "operator", "private", "and", "requires", "char8_t"),
)
"""What ends a comment, words of C and C++, of headers and of ours, keys of objects in JavaScript."""
LEVELS = ("MODEL_place", "pets_place", "__proto__", "@place", "*/", "??/", '"', "constructor")


@pytest.fixture(scope="module")
def pets(tmp_path_factory):
    """A run on a column of each name; the class depends on the category alone."""
    rows = range(len(LEVELS) * 10)
    table = {name: [float((i * 7 + j) % 5) for i in rows] for j, name in enumerate(COLUMNS) if name}
    table["where"] = [LEVELS[i % len(LEVELS)] for i in rows]
    y = ["__proto__" if i % len(LEVELS) % 2 else "MODEL_x" for i in rows]
    out = tmp_path_factory.mktemp("pets") / "run"
    return mlptrain.fit(table, y, preset="fast", out=out), out


@pytest.mark.slow
@pytest.mark.parametrize("standard", ["c99", "gnu17", "c++17", "c++20"])
def test_the_c_header_has_a_field_for_a_column_of_any_name(pets, tmp_path, standard):
    language = "c++" if "++" in standard else "c"
    compiler = shutil.which("c++" if language == "c++" else "cc") or pytest.skip("no compiler")
    out = tmp_path / "pets.h"
    export(pets[1], out)
    strict = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-DPETS_SELF_TEST"]
    words = [compiler, f"-std={standard}", *strict, "-x", language, out, "-o", tmp_path / "test", "-lm"]
    subprocess.run(words, check=True, timeout=60)
    subprocess.run([tmp_path / "test"], check=True, timeout=60)


@pytest.mark.slow
def test_the_javascript_module_reads_a_column_of_any_name(pets, tmp_path):
    node = shutil.which("node") or pytest.skip("no node")
    model, run = pets
    out = tmp_path / "pets.mjs"
    export(run, out)
    subprocess.run([node, out], check=True, timeout=60)
    row = {name: 1.0 for name in COLUMNS if name} | {"where": "__proto__"}
    gone = {name: value for name, value in row.items() if name not in ("constructor", "__proto__")}
    script = (
        f"import {{predictProba}} from {json.dumps(out.as_uri())};"
        f"const rows = JSON.parse({json.dumps(json.dumps([row, gone]))});"
        "console.log(JSON.stringify(predictProba(rows)))"
    )
    asked = [node, "--input-type=module", "-e", script]
    ran = subprocess.run(asked, check=True, timeout=60, capture_output=True, text=True)
    ours = model.predict_proba([row, gone | {"constructor": None, "__proto__": None}])
    assert json.loads(ran.stdout) == [pytest.approx(each, abs=1e-5) for each in ours.tolist()]


def test_no_two_fields_are_alike_and_none_is_a_word_of_c():
    fields = identifiers(list(COLUMNS), {"PETS_H"})
    assert len(set(fields)) == len(COLUMNS)
    assert not {
        "int",
        "bool",
        "asm",
        "class",
        "new",
        "requires",
        "NAN",
        "M_PI",
        "linux",
        "__LINE__",
        "_Bool",
        "PETS_H",
    } & set(fields)

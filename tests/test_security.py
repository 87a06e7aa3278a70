"""SECURITY.md and the code: every promise has a test, and what it rules out is not in the sources."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "mlptrain").rglob("*.py"))
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ATTACKS = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", TEXT + ATTACKS)))

FORBIDDEN_IMPORTS = {
    *(
        "pickle",
        "marshal",
        "shelve",
        "dill",
        "joblib",
        "socket",
        "ssl",
        "subprocess",
        "multiprocessing",
    ),
    *("urllib", "http", "ftplib", "smtplib", "asyncio", "requests", "runpy", "code", "ctypes"),
}
HOMES = {
    ("mlptrain/data/readers/tables/column_files.py", "subprocess"),
    ("mlptrain/system/fork_server.py", "socket"),
    ("mlptrain/system/fork_server.py", "subprocess"),
    ("mlptrain/runs/launch.py", "subprocess"),
    ("mlptrain/report/live/server.py", "http.server"),
    ("mlptrain/tools/exercise/judge.py", "runpy"),
}
"""Python for a file that may take its parser down, and for folds, trials and ranks side by side, with a
pair of sockets that has no name; the page of `watch`, for this machine alone; what a student wrote."""
KINDS = (ast.Import, ast.ImportFrom, ast.Call, ast.keyword, ast.Attribute)
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "system", "popen"}


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_exists(file, name):
    assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")


def test_every_promise_names_a_test():
    rows = re.findall(r"^\| (.+) \| (.+) \|$", TEXT, re.MULTILINE)[1:]

    assert len(rows) >= 10
    assert all("::test_" in tests for _, tests in rows)


def test_no_attack_succeeds_and_each_can_be_repeated():
    rows = re.findall(r"^\| [^|]+ \| [\d,]+ \| [\d,-]+ \| (.+) \| (.+) \|$", ATTACKS, re.MULTILINE)
    assert len(rows) >= 18
    assert {now for now, _ in rows} == {"0"}
    assert all("::test_" in tests or "make " in tests for _, tests in rows)


@cache
def every_node():
    """Every node of the sources that stands on a line, and where it is."""
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno}", node)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, KINDS)
    ]


def nodes(kind):
    """Those of a kind."""
    return [(place, node) for place, node in every_node() if isinstance(node, kind)]


def test_nothing_that_executes_or_connects_is_imported():
    names = [(place, each.name) for place, node in nodes(ast.Import) for each in node.names]
    names += [(place, node.module or "") for place, node in nodes(ast.ImportFrom)]
    found = [
        (place, name)
        for place, name in names
        if name.partition(".")[0] in FORBIDDEN_IMPORTS and (place.partition(":")[0], name) not in HOMES
    ]

    assert found == []


def test_nothing_is_evaluated():
    found = []
    for place, node in nodes(ast.Call):
        function = node.func
        plain = isinstance(function, ast.Name) and function.id in FORBIDDEN_CALLS
        of_os = ast.unparse(function).startswith(("os.system", "os.popen", "os.exec", "os.spawn"))
        if plain or of_os:
            found.append(place)

    assert found == []


def test_pickles_are_never_allowed():
    found = [
        place
        for place, node in nodes(ast.keyword)
        if node.arg == "allow_pickle"
        and not (isinstance(node.value, ast.Constant) and not node.value.value)
    ]

    assert found == []


def test_the_environment_is_read_for_threads_places_and_colours_only():
    """No setting of a config is filled in from it."""
    found = {
        place.partition(":")[0]
        for place, node in nodes(ast.Attribute)
        if node.attr in ("environ", "getenv", "expandvars")
    }

    assert {Path(each).name for each in found} <= {
        "threads.py",
        "fork_server.py",
        "__main__.py",
        "cache.py",
        "own_directory.py",
        "console.py",
        "standard_streams.py",
        "ranks.py",  # whether a launcher has started this process as one of several
    }

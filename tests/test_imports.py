"""The import rule, one home for each dependency, and what stands nowhere: read from the sources."""

import ast
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mlptrain"
SOURCES = sorted(PACKAGE.rglob("*.py"))

LAYERS = (
    "version messages errors arrays bounds streams",
    "graph metrics storage system",
    "data nn optim",
    "config",
    "training",
    "inference",
    "runs tools export",
    "sweeps sklearn program",
    "report",
    "cli",
    "__main__",
)
"""Lowest first, the same table as in docs/architecture.md: a folder imports what is below it. Only the
files of the lowest layer may import each other."""

LAYER = {unit: layer for layer, units in enumerate(LAYERS) for unit in units.split()}

HOMES = {
    "annotated_types": (
        "bounds.py",
        "metrics/calibration.py",
        "metrics/decision.py",
        "data/cache/description.py",
        "optim/schedules.py",
        "data/readers/toy.py",
        "config/",
    ),
    "backports": ("data/readers/packings.py",),
    "compression": ("data/readers/packings.py",),
    "click": ("cli/",),
    "matplotlib": ("report/plots/",),
    "mpi4py": ("system/ranks.py",),
    "numpy": ("",),
    "onnx": ("export/onnx_graph.py",),
    "onnxruntime": ("export/onnx_graph.py",),
    "optuna": ("sweeps/journal.py",),
    "polars": (
        *(f"data/readers/tables/{name}.py" for name in ("frames", "notations", "series")),
        "report/parquet.py",
    ),
    "pydantic": (
        *("config/", "data/cache/description.py", "data/preprocessing/stored.py"),
        "training/checkpoint_schema.py",
    ),
    "pydantic_core": ("config/",),
    "python_calamine": ("data/readers/tables/workbooks.py",),
    "rich": ("report/",),
    "sklearn": ("sklearn/__init__.py",),
    "tensorboardX": ("runs/tensorboard.py",),
    "threadpoolctl": ("system/threads.py", "system/environment.py"),
    "tqdm": ("report/",),
    "yaml": ("config/",),
}
"""Each dependency and where it may be imported; numpy anywhere."""

LATE = {
    ("runs/tensorboard.py", "tensorboardX"): "an extra, and only for who asks for it",
    ("data/readers/sources.py", "mlptrain.data.readers.tables"): "polars is slower than a small fit",
    ("system/ranks.py", "mpi4py"): "an extra; importing it starts MPI",
    ("sweeps/journal.py", "optuna"): "an extra, and only for who sweeps",
    ("export/onnx_graph.py", "onnx"): "an extra, and only for who exports to it",
    ("export/onnx_graph.py", "onnxruntime"): "the same",
    ("data/readers/packings.py", "backports"): "an extra, and only for who has such a file",
    ("data/readers/packings.py", "compression"): "the same from Python 3.14 on, which has it",
    ("data/readers/tables/workbooks.py", "python_calamine"): "an extra",
    ("cli/trace.py", "mlptrain.tools.trace.of_config"): "an expression needs neither pydantic nor YAML",
    ("cli/completion.py", "mlptrain.config.completion"): "only for a shell that asks",
    ("cli/completion.py", "mlptrain.data.readers.sources"): "the same",
    ("cli/misuse.py", "mlptrain.config.keys"): "--help and other answers need no pydantic",
    ("report/plots/canvas.py", "matplotlib"): "an extra, and slow to import",
}
"""Imports inside a function: file, module or package, and the reason."""

LAZY = {
    "__init__.py": "import mlptrain costs nothing",
    "cli/__init__.py": "mlptrain --help needs no NumPy",
    "system/fork_server.py": "imports what its processes need, before they begin",
}
"""Files that import modules of ours by a name that they are given, or have in a table."""

FORBIDDEN_CALLS = {"print", "eval", "exec", "compile", "__import__", "input", "breakpoint"}
FORBIDDEN_MODULES = {
    *("pickle", "marshal", "shelve", "dill", "cloudpickle"),
    *("subprocess", "socket", "urllib", "http", "ctypes"),
}
ALLOWED = {
    (
        "data/readers/tables/column_files.py",
        "subprocess",
    ): "runs Python: a file may break its parser",
    ("report/live/server.py", "http"): "serves the page of `watch`, on 127.0.0.1 alone",
    ("runs/launch.py", "subprocess"): "the ranks of a run on this machine",
    ("system/fork_server.py", "subprocess"): "runs Python: folds and trials side by side",
    ("system/fork_server.py", "socket"): "a pair of its own, through which descriptors are handed on",
}
"""Forbidden modules that one file may have: file, module, and the reason."""
FORBIDDEN_ARGUMENTS = {"allow_pickle", "shell"}
"""Keyword arguments that must never be true."""


STREAMS = {
    "report/console.py": "results and notes",
    "report/progress.py": "the bar and the lines above it",
    "report/standard_streams.py": "makes them fit to be written to",
    "data/readers/tables/column_files.py": "the program of a process of its own",
    "export/standalone/program.py": "becomes a program of its own",
}
"""Files that may name sys.stdout or sys.stderr, and what they do with it."""


class Import(NamedTuple):
    file: str
    line: int
    target: str
    inside_function: bool
    for_types_only: bool


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


class Found(NamedTuple):
    """What one file has: imports, lines of forbidden calls, and whether it names a stream."""

    file: str
    imports: tuple[Import, ...]
    forbidden: tuple[int, ...]
    streams: bool


@cache
def sources() -> list[Found]:
    """Every file, read and parsed once, and only where a test asks."""
    found = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        nodes, name = list(ast.walk(tree)), relative(path)
        forbidden = tuple(each.lineno for each in nodes if is_forbidden(each))
        streams = any(map(names_a_stream, nodes))
        found.append(Found(name, tuple(imports(name, tree)), forbidden, streams))
    return found


def names_a_stream(node: ast.AST) -> bool:
    """sys.stdout or sys.stderr."""
    return (
        isinstance(node, ast.Attribute)
        and node.attr in ("stdout", "stderr")
        and isinstance(node.value, ast.Name)
        and node.value.id == "sys"
    )


def imports(file: str, tree: ast.Module) -> Iterator[Import]:
    """Every import of a file; `from mlptrain import nn` counts as mlptrain.nn."""

    def walk(node: ast.AST, inside: bool, types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            for target in targets(child):
                yield Import(file, child.lineno, target, inside, types)
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            guard = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            yield from walk(child, inside or function, types or guard)

    yield from walk(tree, False, False)


def targets(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        names = [f"{node.module}.{alias.name}" for alias in node.names]
        return [name if is_module(name) else str(node.module) for name in names]
    return []


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def unit(name: str) -> str:
    """The file or folder directly under mlptrain/ that a file or a module belongs to."""
    if name.startswith("mlptrain"):
        return name.split(".")[1] if "." in name else ""
    return name.removesuffix(".py").partition("/")[0]


def every_import() -> list[Import]:
    return [each for found in sources() for each in found.imports]


def ours() -> list[Import]:
    """Those of our own modules."""
    return [each for each in every_import() if each.target.partition(".")[0] == "mlptrain"]


def others() -> list[Import]:
    """Those of dependencies."""
    known = {"mlptrain", *sys.stdlib_module_names}
    return [each for each in every_import() if each.target.partition(".")[0] not in known]


ROOMS = ("cache", "readers", "preprocessing")
"""Folders of `data`: each may import those before it in this list, and the files beside them ..."""
SHARED = (
    "row_set",
    "source",
    "matrix",
    "inputs",
    "settings",
    "objects",
    "notation",
    "durations",
    "recognition",
    "date_forms",
    "written",
)
"""... that are below all of them; the other files of `data` are above."""


def test_gitignore_hides_no_source():
    # What it names is left out of the wheel, and ruff does not look at it.
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    anywhere = [line.rstrip("/") for line in lines if "/" not in line.rstrip("/")]
    parts = {part for path in SOURCES for part in path.relative_to(ROOT).parts}
    assert [part for part in parts if any(fnmatch(part, each) for each in anywhere)] == []


def test_the_standard_streams_have_their_homes():
    assert {found.file for found in sources() if found.streams} == set(STREAMS)


def place(each: Import) -> str:
    return f"mlptrain/{each.file}:{each.line} imports {each.target}"


def room(name: str) -> str:
    """The folder or file directly under mlptrain/data/."""
    return name.removesuffix(".py").replace("/", ".").removeprefix("mlptrain.").split(".")[1]


def test_a_room_of_data_needs_only_what_is_below_it():
    wrong = []
    for each in ours():
        if unit(each.file) == unit(each.target) == "data" and room(each.file) in ROOMS:
            above, below = room(each.file), room(each.target)
            allowed = {*ROOMS[: ROOMS.index(above) + 1], *SHARED}
            if above == "preprocessing":
                allowed.remove("readers")  # rows are the same wherever they come from
            wrong += [] if below in allowed else [place(each)]
    assert wrong == []


def test_every_file_and_folder_has_a_layer():
    units = {unit(relative(path)) for path in SOURCES} - {"__init__"}
    assert units == set(LAYER), "add new ones to LAYERS and to docs/architecture.md"


def test_an_import_points_to_a_lower_layer_or_into_the_same_folder():
    wrong = []
    for each in ours():
        above, below = unit(each.file), unit(each.target)
        if each.file != "__init__.py" and above != below and LAYER[below] >= (LAYER[above] or 1):
            wrong.append(place(each))
    assert wrong == []


def test_files_of_one_folder_do_not_import_each_other_in_a_circle():
    edges = {}
    for each in ours():
        if not each.for_types_only and unit(each.file) == unit(each.target):
            edges.setdefault(module_of(each.file), set()).add(each.target)
    while free := {name for name in edges if not edges[name] & set(edges) - {name}}:
        edges = {name: targets for name, targets in edges.items() if name not in free}
    assert edges == {}


def module_of(file: str) -> str:
    return "mlptrain." + file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_architecture_md_shows_the_same_layers():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", text, re.MULTILINE)
    assert {unit: int(layer) for layer, cell in rows for unit in re.findall(r"`(\w+)`", cell)} == LAYER


def test_an_import_inside_a_function_has_a_reason():
    late = [each for each in every_import() if each.inside_function]
    excused = [each for each in late if any(is_in(each, *excuse) for excuse in LATE)]
    assert [place(each) for each in late if each not in excused] == []


def is_in(each: Import, file: str, module: str) -> bool:
    return each.file == file and f"{each.target}.".startswith(f"{module}.")


def test_imports_for_type_checkers_only_stand_in_the_package_itself():
    assert {each.file for each in every_import() if each.for_types_only} <= {"__init__.py"}


def test_modules_are_imported_by_name_in_few_places():
    found = {each.file for each in every_import() if each.target == "importlib"}
    assert found == set(LAZY)


@pytest.mark.parametrize("dependency", sorted(HOMES))
def test_a_dependency_has_one_home(dependency):
    strays = [
        place(each)
        for each in others()
        if each.target.partition(".")[0] == dependency and not each.file.startswith(HOMES[dependency])
    ]
    assert strays == []


def test_there_is_no_dependency_without_a_home():
    assert {each.target.partition(".")[0] for each in others()} <= set(HOMES)


def test_the_command_line_does_no_arithmetic():
    assert [
        place(each) for each in others() if each.file.startswith("cli/") and "numpy" in each.target
    ] == []


def test_no_file_prints_evaluates_or_unpickles():
    wrong = [f"mlptrain/{found.file}:{line}" for found in sources() for line in found.forbidden]
    for each in every_import():
        module = each.target.partition(".")[0]
        if module in FORBIDDEN_MODULES and (each.file, module) not in ALLOWED:
            wrong.append(place(each))
    assert wrong == []


def is_forbidden(node: ast.AST) -> bool:
    """A call that runs text as code, prints or asks; or an argument such as allow_pickle=True."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if isinstance(node.func, ast.Attribute) and ast.unparse(node.func) in ("os.system", "os.popen"):
        return True
    given = [keyword for keyword in node.keywords if keyword.arg in FORBIDDEN_ARGUMENTS]
    return name in FORBIDDEN_CALLS or any(ast.unparse(each.value) != "False" for each in given)


@pytest.mark.parametrize(
    "text",
    ["print(1)", "eval(x)", "np.load(f, allow_pickle=True)", "run(c, shell=True)", "os.system(c)"],
)
def test_the_search_finds_what_it_looks_for(text):
    assert any(is_forbidden(node) for node in ast.walk(ast.parse(text)))

"""The documentation names what there is, and what it names is there."""

import ast
import json
import re
import runpy
import shlex
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

import mlptrain
from mlptrain import errors
from mlptrain.cli import COMMANDS, cli
from mlptrain.config import json_schema
from mlptrain.data.readers.toy import TOYS
from mlptrain.graph.gates import GATES
from mlptrain.metrics import CLASSIFICATION_METRICS, REGRESSION_METRICS
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.initializers import INITIALIZERS
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.regularizers import REGULARIZERS
from mlptrain.optim import OPTIMIZERS
from mlptrain.optim.schedules import SCHEDULES
from mlptrain.runs.signals import STOPPING

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted(DOCS.glob("*.md")),
    *sorted((DOCS / "lesson").glob("*.md")),
    *sorted((DOCS / "tutorials").glob("*.md")),
]
LECTURE = DOCS / "from-lecture-to-code.md"
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))

IN_CONFIG_MD = {
    name
    for table in (
        *(TOYS, INITIALIZERS, LOSSES, ACTIVATIONS, OPTIMIZERS, REGULARIZERS, SCHEDULES),
        *(CLASSIFICATION_METRICS, REGRESSION_METRICS),
    )
    for name in table
}


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(value: object) -> str:
    return value.relative_to(ROOT).as_posix() if isinstance(value, Path) else str(value)


def between(page: Path, mark: str) -> str:
    """The code block between <!-- mark --> and <!-- /mark -->."""
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```\n<!-- /{mark} -->", text_of(page), re.DOTALL)
    assert found, f"no {mark} in {page}"
    return found[1]


def commands(page: Path) -> list[str]:
    """Every command line of ours in a page: in backticks, or after a $."""
    text = text_of(page).replace("\\\n", "")  # a command over two lines
    spans = re.findall(r"`(mlptrain [^`]+)`", text)
    prompts = re.findall(r"^\$ (mlptrain .+)$", text, re.MULTILINE)
    return [line.replace("\\|", "|") for line in spans + prompts]


COMMAND_LINES = sorted({line for page in PAGES for line in commands(page)})
OF_THE_LECTURE = {
    line
    for page in (LECTURE, *(DOCS / "lesson").glob("*.md"))
    for line in commands(page)
    if not any(word in line for word in ("runs/", "exercise start", "exercise check"))  # need a file
}
TRACES = sorted(
    {line for line in OF_THE_LECTURE if line.startswith("mlptrain trace") and "4096" not in line}
)


def keys_of(node: object) -> set[str]:
    """Every key that the schema of the config has, at any depth."""
    if isinstance(node, list):
        return {key for item in node for key in keys_of(item)}
    if not isinstance(node, dict):
        return set()
    own = set(node.get("properties", {}))
    return own | {key for item in node.values() for key in keys_of(item)}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command):
    assert f"`mlptrain {command}" in text_of(ROOT / "README.md")
    assert f"## `mlptrain {command}`" in text_of(DOCS / "cli.md")
    assert f"`mlptrain {command}`" in text_of(ROOT / "CHANGELOG.md")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(command):
    shown = CliRunner().invoke(cli, [command, "--help"]).output
    assert f"mlptrain {command}" in shown.partition("Example:")[2]


@pytest.mark.parametrize("name", sorted(IN_CONFIG_MD))
def test_every_name_of_a_registry_is_documented(name):
    assert f"`{name}`" in text_of(DOCS / "config.md")


@pytest.mark.parametrize("name", sorted({**GATES, **ACTIVATIONS}))
def test_every_gate_is_documented(name):
    assert re.search(rf"`{name}[`(]|[ `]{name}\(", text_of(DOCS / "trace.md"))


@pytest.mark.parametrize("key", sorted(keys_of(json_schema())))
def test_every_key_of_the_config_is_documented(key):
    assert re.search(rf"`{key}`|\{{.*\b{key}\b.*\}}", text_of(DOCS / "config.md"))


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_a_command_that_is_shown_exists_with_its_options(line):
    words = shlex.split(line)[1:]
    if words[0].startswith("-"):
        return
    command = cli.get_command(cli.make_context("mlptrain", [], resilient_parsing=True), words[0])
    assert command is not None, words[0]
    options = {option for each in command.params for option in each.opts} | {"--help"}
    assert {word.strip("[]") for word in words if word.startswith("--")} <= options
    for word in words:
        if word.startswith("configs/"):
            assert (ROOT / word).is_file(), word


@pytest.mark.parametrize("line", TRACES)
def test_a_trace_of_the_lecture_runs(line, monkeypatch):
    monkeypatch.chdir(ROOT)
    ended = CliRunner().invoke(cli, shlex.split(line)[1:])
    assert ended.exit_code == 0, ended.output


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_relative_link_leads_somewhere(page):
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", prose)
    targets = [link.partition("#")[0] for link in links if "://" not in link]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "data" / "README.md"], ids=name_of)
def test_a_link_to_the_web_is_whole_and_secure(page):
    for link in re.findall(r"https?://[^\s)>\"'`|]+", text_of(page)):
        parts = urlsplit(link)
        assert parts.scheme == "https" or parts.hostname in ("127.0.0.1", "localhost"), link
        assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}|127\.0\.0\.1", parts.hostname or ""), link
        assert not link.endswith((".", ",", ";")), link


def test_the_readme_is_short():
    assert len(text_of(ROOT / "README.md").splitlines()) <= 150


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=name_of)
def test_the_first_page_leads_to_every_page(page):
    assert page.name == "index.md" or f"({page.name})" in text_of(DOCS / "index.md")


def test_the_site_leads_to_every_page():
    menu = text_of(ROOT / "mkdocs.yml").partition("\nnav:\n")[2]
    pages = {path.relative_to(DOCS).as_posix() for path in PAGES if path.is_relative_to(DOCS)}
    assert set(re.findall(r"[\w/-]+\.md", menu)) == pages


TERMS, _, PAGE_BY_PAGE = text_of(LECTURE).partition("## Page by page")
BY_PAGE = re.findall(r"^\| (\d+)(?:-(\d+))? \| (.+?) \| (.+) \|$", PAGE_BY_PAGE, re.MULTILINE)


def test_every_page_of_the_lecture_is_in_the_table_once():
    pages = [page for first, last, *_ in BY_PAGE for page in range(int(first), int(last or first) + 1)]
    assert pages == list(range(1, 148))


def test_a_page_has_a_counterpart_or_is_an_illustration():
    for first, _, _, counterpart in BY_PAGE:
        shows = "`mlptrain " in counterpart or "](" in counterpart
        assert shows != (counterpart == "illustration only"), first
    assert [first for first, _, _, counterpart in BY_PAGE if "only" in counterpart] == [
        *("1", "11", "42", "53", "147")
    ]


def test_a_section_of_the_gallery_that_is_named_exists():
    titles = re.findall(r"^#+ (.+)$", text_of(DOCS / "gallery.md"), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\(gallery\.md#(\S+)\)", text_of(LECTURE))) <= anchors


@pytest.mark.slow
@pytest.mark.parametrize("line", sorted(OF_THE_LECTURE - set(TRACES)))
def test_a_command_of_the_lecture_runs(line, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    words = shlex.split(line)[1:]
    short = ["--set", "train.epochs=1", "--out", str(tmp_path / "run")] if words[0] == "fit" else []
    ended = CliRunner().invoke(cli, [*words, *short])
    assert ended.exit_code == 0, ended.output


def lecture_rows() -> list[tuple[str, str, str]]:
    """Term, file and names of each row of from-lecture-to-code.md."""
    rows = re.findall(r"^\| (.+?) \| `([\w/]+\.py)` \| (.+?) \| .+ \|$", TERMS, re.MULTILINE)
    return [
        (term, file, name) for term, file, names in rows for name in re.findall(r"`([^`]+)`", names)
    ]


def test_the_page_of_the_lecture_has_a_file_and_a_name_in_every_row():
    lines = [line for line in TERMS.splitlines() if line.startswith("| ")]
    terms = [line for line in lines if not line.startswith("| term |")]
    assert len(terms) == len({(term, file) for term, file, _ in lecture_rows()}) > 50


@pytest.mark.parametrize(("term", "file", "name"), lecture_rows())
def test_the_name_of_a_term_is_in_its_file(term, file, name):
    body: list[ast.stmt] = ast.parse(text_of(ROOT / "mlptrain" / file)).body
    for part in name.split("."):
        found = [node for node in body if part in names_of(node)]
        assert found, f"no {name} in {file}"
        body = getattr(found[0], "body", [])


def names_of(node: ast.stmt) -> list[str]:
    """What a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def test_every_path_that_architecture_md_names_exists():
    rows = re.findall(r"^\| \d+ \| (`.+?) \| (.+) \|$", text_of(DOCS / "architecture.md"), re.MULTILINE)
    places = [(re.findall(r"`(\w+)`", folders), cell) for folders, cell in rows]
    named = [
        (folders[0], path)
        for folders, cell in places
        for path in re.findall(r"`([\w/]+(?:\.py|/))`", cell)
    ]
    assert len(named) > 40
    missing = [
        f"{folder}/{path}" for folder, path in named if not (ROOT / "mlptrain" / folder / path).exists()
    ]
    assert missing == []


def convention_rows() -> list[tuple[str, str]]:
    rows = re.findall(r"^\| (.+?) \| .+ \| (.+) \|$", text_of(DOCS / "conventions.md"), re.MULTILINE)
    return [row for row in rows if row[0] != "concept" and "---" not in row[0]]


@pytest.mark.parametrize(("concept", "tests"), convention_rows())
def test_a_convention_names_the_tests_that_hold_it(concept, tests):
    named = re.findall(r"`(\w+\.py)::(\w+)`", tests)
    assert named, concept
    for file, test in named:
        assert f"def {test}(" in text_of(ROOT / "tests" / file)


def test_the_conventions_table_is_read_whole():
    assert len(convention_rows()) == text_of(DOCS / "conventions.md").count("\n| ") - 1 > 40


@pytest.mark.parametrize("config", CONFIGS, ids=name_of)
def test_every_config_has_a_row_with_its_command(config):
    file = f"configs/{config.name}"
    row = rf"^\| \[{re.escape(config.stem)}\]\(../{re.escape(file)}\) .*`mlptrain fit {file}` \|$"
    assert re.search(row, text_of(DOCS / "examples.md"), re.MULTILINE)
    assert file in [row[0] for row in RESULTS]


RESULTS = re.findall(
    r"^\| \[.+\]\(../(configs/.+\.yaml)\) \| .+ \| (test )?(\w+) ([\d.]+).* \|$",
    text_of(DOCS / "examples.md"),
    re.MULTILINE,
)


QUICK = ("spiral", "rings")
"""Configs that train in a fraction of a second; all of them would take half a minute of each check."""


def slow(name: str) -> list[pytest.MarkDecorator]:
    """The mark of any other config."""
    return [] if Path(name).stem.startswith(QUICK) else [pytest.mark.slow]


@pytest.mark.parametrize(
    ("config", "split", "what", "number"),
    [pytest.param(*row, id=row[0], marks=slow(row[0])) for row in RESULTS],
)
def test_a_config_gives_the_result_that_the_page_prints(
    config, split, what, number, tmp_path, monkeypatch
):
    monkeypatch.chdir(ROOT)
    summary = mlptrain.fit(config, out=tmp_path / "run").summary
    found = summary["test"] if split else summary["metrics"]
    key = what.lower() if split else f"train_{what.lower()}"
    assert found[key] == pytest.approx(float(number), rel=0.02)  # machines differ in the last bits


def test_every_dependency_has_its_reason():
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    needed = {re.match(r"[\w-]+", each)[0] for each in project["dependencies"]}  # type: ignore[index]
    section = text_of(ROOT / "README.md").partition("## Dependencies")[2].partition("## ")[0]
    assert set(re.findall(r"^\| ([a-z-]+) \|", section, re.MULTILINE)) - {"package"} == needed


EXTRAS = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]["optional-dependencies"]


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_extra_lists_its_packages_and_extras(extra):
    row = re.search(rf"^\| `{extra}` \| (.+) \|$", text_of(DOCS / "install.md"), re.MULTILINE)
    assert row
    for each in EXTRAS[extra]:
        package, extras = re.match(r"([\w-]+)(?:\[(.+)\])?", each).groups()  # type: ignore[union-attr]
        named = [f"`{name}`" for name in extras.split(",")] if package == "mlptrain" else [package]
        assert [name for name in named if name not in row[1]] == []


def test_every_exit_code_is_in_the_table():
    section = text_of(DOCS / "night-runs.md").partition("## Exit codes")[2].partition("## ")[0]
    said = [row.split(", ") for row in re.findall(r"^\| ([\d, ]+) \|", section, re.MULTILINE)]
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    faults = {kind.exit_code for kind in kinds if kind is not errors.Interrupted}
    stopped = {128 + number for number in STOPPING}
    assert {int(code) for row in said for code in row} == {0, *faults, *stopped}


@pytest.mark.slow
def test_the_python_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    block = text_of(ROOT / "README.md").partition("## From Python")[2]
    code = block.partition("```python\n")[2].partition("```")[0]
    for folder in ("configs", "data"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "readme.py").write_text(code, encoding="utf-8")
    runpy.run_path("readme.py")
    assert "Adelie" in capsys.readouterr().out


def test_the_config_of_the_examples_is_valid(tmp_path, monkeypatch):
    config = text_of(DOCS / "examples.md").partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "cars.yaml").write_text(config, encoding="utf-8")
    monkeypatch.chdir(ROOT)
    ended = CliRunner().invoke(cli, ["fit", str(tmp_path / "cars.yaml"), "--dry-run"])
    assert ended.exit_code == 0, ended.output


@pytest.mark.parametrize("mark", ["install-and-train", "install-and-test"])
def test_the_readme_has_one_command_for_a_newcomer(mark):
    line = between(ROOT / "README.md", mark)
    assert line.count("\n") == 1
    assert f"run_command {mark}\n" in text_of(ROOT / ".ci" / "run")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_make_target_that_is_named_exists(page):
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`", text_of(page))) <= targets


def test_the_hooks_of_a_commit_are_the_first_steps_of_make_check():
    hooks = re.findall(
        r"^ +entry: python -m (.+)$", text_of(ROOT / ".pre-commit-config.yaml"), re.MULTILINE
    )
    steps = re.findall(r"^\t\$\(PYTHON\) -m (.+)$", text_of(ROOT / "Makefile"), re.MULTILINE)
    assert hooks == [re.sub(r"( --check)? \.$", "", step) for step in steps[:3]]


def test_every_make_target_says_what_it_does():
    targets = re.findall(r"^([a-z]+):(.*)$", text_of(ROOT / "Makefile"), re.MULTILINE)
    assert [name for name, rest in targets if "## " not in rest] == []


def test_the_schema_command_prints_what_editors_need():
    shown = CliRunner().invoke(cli, ["schema"]).output
    assert json.loads(shown)["$schema"].startswith("https://json-schema.org/")

"""The recipes of CONTRIBUTING.md, word for word on a copy of the repository: they end green.

A recipe is a section "How to add ..."; its blocks stand between <!-- path --> and <!-- /path -->. A
new recipe is one more row of `RECIPES`.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"<!-- (\S+) -->\n```(\w+)\n(.*?)```\n<!-- /\1 -->", re.DOTALL)
COPIED = (
    *("mlptrain", "tests", "docs", "configs", "data", "benchmarks", "fuzz"),
    *(
        ".ci",
        ".gitignore",
        ".pre-commit-config.yaml",
        "conftest.py",
        "*.md",
        "*.toml",
        "mkdocs.yml",
        "Makefile",
        "LICENSE",
    ),
)

RECIPES: dict[str, Sequence[str]] = {
    "an optimizer": (
        "mlptrain/optim",
        "tests/test_optimizers.py",
        "tests/test_reproducible.py::test_same_seed_same_bits_with_every_optimizer",
    ),
    "a loss": (
        "mlptrain/nn/losses",
        "tests/test_losses.py",
        "tests/test_lecture.py::test_changing_the_loss_is_one_word_and_training_lowers_each",
    ),
    "an activation": (
        "mlptrain/nn/activations",
        "tests/test_activations.py",
        "tests/test_lecture.py::test_every_activation_gets_more_of_the_moons_than_a_linear_classifier",
    ),
    "a kind of column": ("tests/test_columns.py", "tests/test_inputs.py", "tests/test_preprocess.py"),
}
"""For each recipe the Examples and the tests that look at its table alone."""

EVERYWHERE = (
    *("tests/test_golden.py", "tests/test_gradcheck.py", "tests/test_graph.py"),
    *("tests/test_network.py", "tests/test_knobs.py", "tests/test_examples.py"),
    *("tests/test_config_load.py", "tests/test_config_faults.py", "tests/test_config_reference.py"),
    *("tests/test_docs.py", "tests/test_imports.py", "tests/test_sizes.py", "tests/test_flat_code.py"),
)
"""What looks at every table. It takes a minute or two, so it looks at all recipes at once."""

TOO_LONG = "tests/test_docs.py::test_a_config_gives_the_result_that_the_readme_prints"
"""It trains every config of the README, which no recipe changes."""


def sections() -> dict[str, str]:
    """The text of each recipe."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.findall(r"^## How to add (.+)\n((?:(?!## ).*\n)*)", text, re.MULTILINE)
    return {name: body for name, body in found}


def apply(recipe: str, root: Path) -> None:
    """Do in `root` what a recipe says."""
    for name, language, code in BLOCK.findall(recipe):
        path = root / name
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = patched(before, code) if language == "diff" else before + code
        path.write_text(after, encoding="utf-8")


def patched(text: str, diff: str) -> str:
    """`text` with the hunks of a diff in it, which must each fit one place.

    A hunk ends at a line @@. Lines with a blank or a minus are there already, to their end or to a …
    """
    for hunk in re.split(r"^@@\n", diff, flags=re.MULTILINE):
        marked = [(line[0], line[1:]) for line in hunk.splitlines()]
        there = [re.escape(line).replace("…", ".*") for mark, line in marked if mark != "+"]
        places = list(re.finditer("^" + "".join(f"({line}\n)" for line in there), text, re.MULTILINE))
        assert len(places) == 1, f"{len(places)} places for\n{hunk}"
        old, new = iter(places[0].groups()), ""
        for mark, line in marked:
            kept = f"{line}\n" if mark == "+" else next(old)
            new += "" if mark == "-" else kept
        text = text[: places[0].start()] + new + text[places[0].end() :]
    return text


def copy_of_the_repository(folder: Path) -> Path:
    for path in (path for pattern in COPIED for path in ROOT.glob(pattern)):
        if path.is_dir():
            shutil.copytree(path, folder / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, folder)
    return folder


def run(root: Path, *arguments: str) -> None:
    """A module of Python in the copy, which it imports instead of what is installed."""
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    ended = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=root, env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout[-5000:] + ended.stderr[-5000:]


def test_every_recipe_is_tried_here():
    assert set(sections()) == set(RECIPES)


def test_a_hunk_adds_and_removes_lines_where_it_fits():
    text = "a\nb = 1\nc\nb = 2\n"

    assert patched(text, " a\n+new\n b = …\n@@\n-c\n+d\n") == "a\nnew\nb = 1\nd\nb = 2\n"


@pytest.mark.parametrize("hunk", [" b = …\n+new\n", " nowhere\n+new\n"])
def test_a_hunk_that_fits_nowhere_or_twice_is_refused(hunk):
    with pytest.raises(AssertionError, match="places for"):
        patched("a\nb = 1\nc\nb = 2\n", hunk)


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_alone_passes_the_tests_of_its_table(name, tmp_path):
    root = copy_of_the_repository(tmp_path)

    apply(sections()[name], root)

    run(root, "pytest", *RECIPES[name], "tests/test_golden.py")


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="ruff and mypy are in dev")
def test_all_recipes_together_pass_the_linters_and_what_looks_at_every_table(tmp_path):
    root = copy_of_the_repository(tmp_path)

    for recipe in sections().values():
        apply(recipe, root)
    run(root, "cogapp", "-r", "README.md", "docs/config.md", "docs/cli.md", "docs/quality.md")

    run(root, "ruff", "format", "--check", ".")
    run(root, "ruff", "check", ".")
    run(root, "mypy")
    run(root, "pytest", "--deselect", TOO_LONG, *EVERYWHERE)

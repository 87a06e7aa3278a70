"""docs/lesson: the code of its pages gives what they show, and the notebooks are those of the pages."""

import ast
import doctest
import importlib.util
import json
import math
import re
import runpy
import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from helpers import CONFIGS, trained

from mlptrain.cli import cli
from mlptrain.config import load_config
from mlptrain.graph.apply import apply
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.optim import OPTIMIZERS
from mlptrain.optim.schedules import SCHEDULES
from mlptrain.tools.exercise import EXERCISES
from mlptrain.training.build import build

ROOT = Path(__file__).parent.parent
LESSON = ROOT / "docs" / "lesson"
PAGES = sorted(LESSON.glob("*.md"))
TEXTS = {page.name: page.read_text(encoding="utf-8") for page in PAGES}
SHOWN = sorted(
    {
        (line, output)
        for text in TEXTS.values()
        for line, output in re.findall(r"```console\n\$ (mlptrain trace .+)\n((?:.+\n|\n)*?)```", text)
        if output
    }
)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_notebooks", ROOT / "docs" / "make_notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", TEXTS)
def test_the_code_of_a_page_gives_what_the_page_shows(name):
    blocks = "\n".join(re.findall(r"```pycon\n(.*?)```", TEXTS[name], re.DOTALL))
    examples = doctest.DocTestParser().get_doctest(blocks, {}, name, name, 0)
    said = []

    failed, tried = doctest.DocTestRunner(verbose=False).run(examples, out=said.append)

    assert (failed, "".join(said)) == (0, "")
    assert tried >= 3


@pytest.mark.parametrize(("line", "output"), SHOWN, ids=[line for line, _ in SHOWN])
def test_a_command_of_the_lesson_prints_what_the_page_shows(line, output):
    ended = CliRunner().invoke(cli, shlex.split(line)[1:], env={"COLUMNS": "80"})

    assert ended.exit_code == 0
    assert [text.rstrip() for text in ended.stdout.splitlines()] == output.splitlines()


def formulas(page, heading):
    """The names and the formulas of a table of a page."""
    table = TEXTS[page].partition(f"| {heading} |\n")[2].partition("\n\n")[0]
    return re.findall(r"^\| ([\w +]+) \| `(.+)` \|$", table, re.MULTILINE)


RULES = {"SGD": "sgd", "SGD + Momentum": "momentum", "RMSProp": "rmsprop", "Adam": "adam"}


def test_the_rules_of_the_page_are_those_of_the_optimizers():
    found = dict(formulas("2-finding-w.md", "one step"))

    assert found.keys() == RULES.keys()
    for name, code in found.items():
        w, rule = np.array([1.0, -2.0]), OPTIMIZERS[RULES[name]]()
        names = {"sqrt": np.sqrt, "w": w.copy(), "lr": 0.1, "v": 0.0, "s": 0.0, "m": 0.0}
        rule.attach(w)
        for t in range(1, 6):
            g = w * [1.0, 3.0] - 0.3
            exec(code, names | {"g": g, "t": t}, names)  # noqa: S102
            rule.step(w, g, 0.1)
            assert names["w"] == pytest.approx(w, rel=1e-10), name


def test_the_schedules_of_the_page_are_ours():
    found = dict(formulas("2-finding-w.md", "the rate at epoch t"))

    assert found.keys() == {"step", "cosine", "linear", "inverse_sqrt"}
    for name, code in found.items():
        for t in (0, 1, 29, 30, 45, 90, 99):
            rate = eval(code, {**vars(math), "a0": 0.5, "t": t, "T": 100})  # noqa: S307
            assert rate == pytest.approx(0.5 * SCHEDULES[name](t * 4, 400, 4), rel=1e-12), name


@pytest.mark.parametrize("x", [-2.5, -0.1, 0.3, 4.0])
def test_the_activations_of_the_page_are_ours(x):
    found = dict(formulas("3-networks.md", "f(x)"))

    assert len(found) == 8
    for name, code in found.items():
        # x @ w1 + b1 and x @ w2 + b2 are what the node is given
        scores = [[x, -x / 2]] if name == "maxout" else [[x]]
        names = {"x @ w1 + b1": "x", "x @ w2 + b2": "-x / 2"}
        for long, short in names.items():
            code = code.replace(long, short)
        value = eval(code, {**vars(math), "max": max, "x": x})  # noqa: S307
        assert value == pytest.approx(apply(ACTIVATIONS[name](), np.array(scores), dtype=float)[0, 0])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_notebook_is_the_one_of_its_page(page, maker):
    assert page.with_suffix(".ipynb").read_text(encoding="utf-8") == maker.notebook(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_cells_of_a_notebook_give_their_outputs(page):
    document = json.loads(page.with_suffix(".ipynb").read_text(encoding="utf-8"))
    names, ran = {}, 0
    for cell in document["cells"]:
        if cell["cell_type"] != "code":
            continue
        *before, last = ast.parse(cell["source"]).body
        exec(compile(ast.Module(before, []), "cell", "exec"), names)  # noqa: S102
        shown = isinstance(last, ast.Expr) and cell["outputs"]
        made = ast.Expression(last.value) if shown else ast.Module([last], [])
        value = eval(compile(made, "cell", "eval" if shown else "exec"), names)  # noqa: S307 - ours
        if shown:
            assert repr(value) == cell["outputs"][0]["data"]["text/plain"], cell["source"]
            ran += 1

    assert document["nbformat"] == 4
    assert ran >= 1


def test_the_lesson_opens_with_three_lines_and_leads_to_every_page():
    opening = TEXTS["README.md"]

    assert opening.index(">>> f = (x + y) * z") < opening.index("1. [Scores")
    assert all(f"({name})" in opening for name in TEXTS if name != "README.md")


def test_every_page_has_something_to_try_and_exercises_that_exist():
    named = set()
    for name, text in TEXTS.items():
        if name == "README.md":
            continue
        assert "> **Try:**" in text
        line = text[text.rindex("Exercises:") :]
        spans = re.findall(r"(\d+) to (\d+)", line)
        named |= {int(number) for number in re.findall(r"\d+", line)}
        named |= {number for low, high in spans for number in range(int(low), int(high) + 1)}

    assert named == {task.number for task in EXERCISES}


def test_a_term_that_stands_beside_the_twenty_lines_is_one_of_them():
    text = TEXTS["7-twenty-lines.md"]
    lines = {line.strip() for line in (LESSON / "twenty_lines.py").read_text("utf-8").splitlines()}
    cells = re.findall(r"^\| `([^`]+)` \| ", text, re.MULTILINE)

    assert len(cells) == 11
    for cell in cells:
        expected = cell.replace("randn(N, D_in)", "randn((N, D_in))").replace(
            "randn(N, D_out)", "randn((N, D_out))"
        )
        expected = expected.replace("randn(D_in, H)", "randn((D_in, H))").replace(
            "randn(H, D_out)", "randn((H, D_out))"
        )
        assert expected in lines


@pytest.mark.slow
def test_the_twenty_lines_end_where_our_engine_ends(capsys, monkeypatch):
    # the file draws its own numbers: it gets those of the config instead, one after the other
    experiment = build(load_config(CONFIGS / "twenty-lines.yaml"))
    rows = experiment.data.train
    weights = [weight.value.copy() for weight in experiment.network.parameters.weights()]
    numbers = iter([rows.inputs.numbers[:].copy(), rows.y.copy(), *weights])

    class Given:
        def standard_normal(self, shape):
            array = next(numbers)
            assert array.shape == shape
            return array

    monkeypatch.setattr(np.random, "default_rng", lambda seed: Given())
    found = runpy.run_path(str(LESSON / "twenty_lines.py"))
    monkeypatch.undo()
    ours, record = trained(CONFIGS / "twenty-lines.yaml")

    assert record["step"] == 2000
    for name, weight in zip(("w1", "w2"), ours.network.parameters.weights(), strict=True):
        np.testing.assert_allclose(weight.value, found[name], rtol=1e-7, atol=1e-10)
    assert capsys.readouterr().out.startswith("0 ")

"""The exercises: the stub fails, the solution passes, and a wrong solution is told what is wrong."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlptrain.cli import cli
from mlptrain.tools.exercise import EXERCISES

ROOT = Path(__file__).parent.parent
SOLUTIONS = ROOT / "docs" / "lesson" / "solutions"


def checked(task, text, folder):
    """What `exercise check` says of a file with this text."""
    file = folder / task.file
    file.write_text(text, encoding="utf-8")
    return CliRunner().invoke(cli, ["exercise", "check", str(task.number), str(file)])


def solution(task):
    return (SOLUTIONS / f"{task.name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("task", EXERCISES, ids=lambda task: task.name)
def test_the_stub_is_not_written_yet(task, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    begun = CliRunner().invoke(cli, ["exercise", "start", str(task.number)])
    ended = CliRunner().invoke(cli, ["exercise", "check", str(task.number)])

    assert begun.exit_code == 0
    assert f"mlptrain exercise check {task.number} {task.file}" in begun.stdout
    assert ended.exit_code == 1
    assert re.fullmatch(
        rf"error: exercise {task.number}: (forward|step): not written yet\n", ended.stderr
    )


@pytest.mark.parametrize("task", EXERCISES, ids=lambda task: task.name)
def test_the_solution_passes(task, tmp_path):
    ended = checked(task, solution(task), tmp_path)

    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout.endswith(f"exercise {task.number}, {task.title}: done\n")
    assert ended.stdout.count("agrees with finite differences") == len(task.names)


def test_every_solution_is_of_an_exercise():
    assert {path.stem for path in SOLUTIONS.glob("*.py")} == {task.name for task in EXERCISES}


def gradient(name, units=""):
    """What is said of a gradient that is wrong."""
    return rf"backward: d{name}\[[\d,]+\] is \S+, and by finite differences \S+{units}"


def value(what):
    """What is said of a value that is wrong."""
    return rf"{what}(\[[\d,]+\])? is \S+, it should be \S+"


BOTH = "upstream * y, upstream * x"
ROUTED = "upstream * (x >= y), upstream * (x < y)"
SLOPE = "upstream * forward(x) * (1 - forward(x))"
SHIFTED = "np.exp(s - s.max(axis=1, keepdims=True))"
JACOBIAN = "p * (upstream - (upstream * p).sum(axis=1, keepdims=True))"
WRONG = [
    # the exercise, what stands in the solution, what is written in its place, what is said of it
    ("multiply", BOTH, "upstream * x, upstream * y", gradient("x")),
    ("multiply", BOTH, "y, x", gradient("x") + ", units .+; it is the same for every upstream"),
    ("multiply", BOTH, "upstream * y", "backward: it must return dx, dy, that is 2, got 1"),
    ("max", "upstream * (x < y)", "upstream * (x >= y)", gradient("y")),
    ("max", ROUTED, "upstream, upstream", gradient("x")),
    ("max", "np.maximum(x, y)", "np.max(x)", r"forward has the shape \(\); it must be \(3, 4\)"),
    ("sigmoid", "np.exp(-x)", "np.exp(x)", value("forward")),
    ("sigmoid", SLOPE, "upstream * x * (1 - x)", gradient("x")),
    ("sigmoid", SLOPE, "forward(x) * (1 - forward(x))", gradient("x")),
    ("relu", "upstream * (x > 0)", "upstream * (upstream > 0)", gradient("x")),
    ("relu", "upstream * (x > 0)", "upstream * x", gradient("x")),
    ("relu", "np.maximum(x, 0)", "np.abs(x)", value("forward")),
    (
        "linear",
        "upstream.sum(axis=0)",
        "upstream.mean(axis=0)",
        gradient("b", r", units \[0, 1, 2, 3\]"),
    ),
    ("linear", "upstream.sum(axis=0)", "upstream", r"backward: db has the shape \(5, 4\); it must be"),
    ("linear", "X.T @ upstream", "(X.T @ upstream) / len(X)", gradient("W")),
    ("softmax", SHIFTED, "np.exp(s)", "forward: scores of 1000 make it inf or nan"),
    ("softmax", "e.sum(axis=1, keepdims=True)", "e.sum()", value("forward")),
    ("softmax", JACOBIAN, "upstream * p * (1 - p)", gradient("s")),
    ("softmax_loss", "upstream * ds / len(y)", "upstream * ds", gradient("s")),
    ("softmax_loss", "-= 1", "-= 0", gradient("s")),
    ("softmax_loss", ".mean()", ".sum()", value("forward")),
    ("hinge_loss", "    margins[rows, y] = 0\n", "", value("forward")),
    ("hinge_loss", "-ds.sum(axis=1)", "-1", gradient("s")),
    ("hinge_loss", "ds[rows, y] = -ds.sum(axis=1)", "pass", gradient("s")),
    ("momentum", "+ dw", "- dw", value("step 1: w")),
    ("momentum", "0.9 * state", "0.0 * state", value("step 2: w")),
    ("momentum", "return w -", "w -", "step: nothing comes back; end with a return"),
    ("adam", "(m / (1 - 0.9**t))", "m", value("step 1: w")),
    ("adam", "dw**2", "dw", value("step 1: w")),
    ("adam", 'state.get("t", 0) + 1', "1", value("step 2: w")),
]


def assert_told(name, right, wrong, said, tmp_path):
    """The solution with `wrong` in the place of `right` fails, and this is said of it."""
    (task,) = (task for task in EXERCISES if task.name == name)
    text = solution(task)
    assert right in text

    ended = checked(task, text.replace(right, wrong), tmp_path)

    assert ended.exit_code == 1
    assert re.match(rf"error: exercise {task.number}: {said}", ended.stderr), ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("name", "right", "wrong", "said"), WRONG)
def test_a_wrong_solution_is_told_what_is_wrong(name, right, wrong, said, tmp_path):
    assert_told(name, right, wrong, said, tmp_path)


def test_there_are_three_typical_mistakes_for_each_exercise():
    assert {task.name: sum(name == task.name for name, *_ in WRONG) for task in EXERCISES} == {
        task.name: 3 for task in EXERCISES
    }


STABLE = "p = forward(s)"
NAIVE = "p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)"
OVERFLOWN = "backward: scores of 1000 make it inf or nan; subtract the largest score of each row first"
SUBTLE = [
    # right in every value that is easily looked at, or wrong in a way that a number does not tell
    ("softmax", STABLE, NAIVE, OVERFLOWN),
    ("softmax_loss", "e = np.exp(s - s.max(axis=1, keepdims=True))", "e = np.exp(s)", OVERFLOWN),
    ("softmax_loss", "return -log_p", "log_p = np.log(np.exp(log_p) + 1e-12)\n    return -log_p",
     value("scores of 1000: forward")),
    ("softmax_loss", "upstream * ds", "ds", gradient("s") + ".+; it is the same for every upstream"),
    ("adam", "(np.sqrt(v / (1 - 0.999**t)) + 1e-8)", "np.sqrt(v / (1 - 0.999**t))", value("step 1: w")),
    ("adam", "np.sqrt(v / (1 - 0.999**t)) + 1e-8", "np.sqrt(v / (1 - 0.999**t) + 1e-8)",
     r"step 1: w\[3\] is \S+, it should be \S+ where dw is 1e-07"),
    ("momentum", "def step(w, dw, state, lr):", "state = {}\ndef step(w, dw, _, lr):",
     "a second w, with a new state, goes wrong: keep all in state"),
    ("linear", "X.T @ upstream", "upstream.T @ X", r"backward: dW .+ must be \(3, 4\), that of W"),
    ("linear", "X @ W + b", "(X @ W + b).T", r"forward has the shape \(4, 5\); it must be \(5, 4\)\n"),
    ("max", "upstream * (x >= y)", "upstream * 0", gradient("x") + r", units \[[\d, ]+\] are wrong\n"),
    ("hinge_loss", "margins.sum() / len(y)", "margins.sum(axis=1)", "forward .+ must be one number"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "right", "wrong", "said"), SUBTLE)
def test_a_subtle_mistake_is_found_and_told(name, right, wrong, said, tmp_path):
    assert_told(name, right, wrong, said, tmp_path)


def test_what_is_right_is_said_where_backward_is_not_written_yet(tmp_path):
    ended = checked(EXERCISES[0], solution(EXERCISES[0]).replace(f"return {BOTH}", STUB), tmp_path)

    assert ended.stdout == "right: forward: the right values\n"
    assert ended.stderr == "error: exercise 1: backward: not written yet\n"


STUB = 'raise NotImplementedError("backward")'


def test_gradients_may_come_back_as_a_list(tmp_path):
    ended = checked(EXERCISES[0], solution(EXERCISES[0]).replace(BOTH, f"[{BOTH}]"), tmp_path)

    assert (ended.exit_code, ended.stderr) == (0, "")


KEPT = """
import numpy as np
kept = {}
def forward(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    kept["p"] = e / e.sum(axis=1, keepdims=True)
    return kept["p"]
def backward(upstream, s):
    return kept["p"] * (upstream - (upstream * kept["p"]).sum(axis=1, keepdims=True))
"""


def test_backward_may_use_what_forward_has_kept(tmp_path):
    (task,) = (task for task in EXERCISES if task.name == "softmax")

    ended = checked(task, KEPT, tmp_path)

    assert (ended.exit_code, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise SystemExit(0)", r"exercise_01_multiply.py:1: SystemExit: 0"),
        ("def forward(x, y)\n    return x", r"exercise_01_multiply.py:1: expected ':'"),
        (
            "def forward(x, y):\n    return x * z",
            "exercise_01_multiply.py: there is no function backward",
        ),
        (
            "def forward(x, y):\n    return x * z\ndef backward(upstream, x, y):\n    return x, y",
            r"exercise_01_multiply.py:2: NameError: name 'z' is not defined",
        ),
        (
            "def forward(x, y):\n    return 'a'\nbackward = forward",
            "forward must be an array of numbers",
        ),
        ("1 / 0", r"exercise_01_multiply.py:1: ZeroDivisionError: division by zero"),
    ],
)
def test_code_that_does_not_run_is_told_its_line(text, said, tmp_path):
    ended = checked(EXERCISES[0], text, tmp_path)

    assert ended.exit_code == 1
    assert ended.stderr.startswith(f"error: exercise 1: {said}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "11"], "exercise 11: there are exercises 1 to 10"),
        (
            ["check", "1"],
            "exercise_01_multiply.py: no such file; begin with: mlptrain exercise start 1",
        ),
        (["start", "0"], "exercise 0: there are exercises 1 to 10"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(cli, ["exercise", *words])

    assert (ended.exit_code, ended.stderr) == (2, f"error: {said}\n")


def test_a_file_that_was_begun_is_not_written_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("exercise_01_multiply.py").write_text("mine", encoding="utf-8")

    ended = CliRunner().invoke(cli, ["exercise", "start", "1"])

    assert ended.exit_code == 2
    assert Path("exercise_01_multiply.py").read_text(encoding="utf-8") == "mine"


def test_the_list_names_every_exercise():
    shown = CliRunner().invoke(cli, ["exercise", "list"], env={"COLUMNS": "120"}).stdout

    assert all(task.title in shown and task.file in shown for task in EXERCISES)

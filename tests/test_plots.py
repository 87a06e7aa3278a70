"""Pictures of runs: each kind is drawn, and what it states is what `eval` says."""

import itertools
import json
import sys

import numpy as np
import pytest
from runs import ROOT, invoke, records, write_config

from mlptrain.report.plots import applicable, picture
from mlptrain.report.plots.canvas import (
    DARK,
    LIGHT,
    MARKERS,
    drawing,
    rgb,
)
from mlptrain.report.plots.weights import mosaic
from mlptrain.report.results import Results
from mlptrain.system.installation import install_command

pytest.importorskip("matplotlib")

BASE = {"seed": 1, "train": {"epochs": 4, "batch_size": 16}, "optimizer": {"name": "adam"}}
CONFIGS = {
    "moons": {"data": {"train": {"name": "moons", "points_per_class": 40}}, "model": {"hidden": [4]}},
    "wider": {"data": {"train": {"name": "moons", "points_per_class": 40}}, "model": {"hidden": [9]}},
    "spiral": {  # its panels are almost as high as wide, which is hard on the layout
        "seed": 0,
        "data": {
            "train": {"name": "spiral", "classes": 2, "points_per_class": 60, "noise": 0.4},
            **{"val": 0, "test": 0},
        },
    },
    "hinge": {"data": {"train": {"name": "moons", "points_per_class": 40}}, "loss": "hinge"},
    "digits": {
        "data": {"train": str(ROOT / "data" / "digits.csv"), "target": "digit", "image_shape": [8, 8]},
        "model": {"hidden": [5]},
    },
    "members": {  # without a hidden layer: the first one has a matrix for each
        "data": {"train": {"name": "moons", "points_per_class": 40}},
        "model": {"hidden": [], "ensemble": 3},
    },
    "templates": {
        "data": {"train": str(ROOT / "data" / "digits.csv"), "target": "digit", "image_shape": [8, 8]},
        "model": {"hidden": [], "ensemble": 2},
    },
    "flags": {"data": {"train": {"name": "moons", "points_per_class": 40}}, "loss": "sigmoid"},
    "linear": {
        "data": {"train": {"name": "random", "rows": 60, "features": 3, "outputs": 2}},
        "loss": "mse",
    },
}
BEGINNINGS = {"png": b"\x89PNG", "pdf": b"%PDF-", "svg": b"<?xml"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One short run of each kind, by name."""
    folder = tmp_path_factory.mktemp("runs")
    made = {}
    for name, config in CONFIGS.items():
        file = write_config(folder / f"{name}.yaml", {**BASE, **config})
        made[name] = folder / name
        assert invoke("fit", file, "--out", made[name], "--quiet").exit_code == 0
    return made


def drawn(kind, *paths):
    """The figure of some runs, and its words."""
    with drawing(LIGHT):
        return picture(kind, [Results(path) for path in paths], LIGHT)


def evaluated(path):
    """What `eval` says."""
    return json.loads(invoke("eval", path, "--json").stdout)


KINDS = {
    "moons": ["curves", "weights", "boundary", "confusion", "decisions", "reliability"],
    "hinge": ["curves", "weights", "boundary", "confusion", "decisions"],
    "digits": ["curves", "weights", "confusion", "decisions", "reliability"],
    "members": ["curves", "weights", "boundary", "confusion", "decisions", "reliability"],
    "templates": ["curves", "weights", "confusion", "decisions", "reliability"],
    "linear": ["curves", "weights", "predictions", "residuals"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_a_run_has_the_kinds_that_make_sense_for_it(runs, name):
    assert [kind for kind in applicable(Results(runs[name])) if kind != "histograms"] == KINDS[name]


THEMES = [pytest.param(LIGHT, id="light"), pytest.param(DARK, id="dark", marks=pytest.mark.slow)]
"""The same layout in other colours."""


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name in KINDS for kind in KINDS[name]])
def test_every_kind_is_drawn_with_nothing_cut_off(runs, name, kind, theme):
    with drawing(theme):
        figure, words = picture(kind, [Results(runs[name])], theme)
        assert_nothing_is_cut_off(figure)
    assert words.endswith(".")


def assert_nothing_is_cut_off(figure):
    """Whatever belongs to the axes lies within the picture."""
    figure.draw_without_rendering()
    inside = figure.bbox.padded(1)
    for box in [axes.get_tightbbox() for axes in figure.axes if axes.get_visible()]:
        assert inside.x0 <= box.x0 < box.x1 <= inside.x1
        assert inside.y0 <= box.y0 < box.y1 <= inside.y1


@pytest.mark.slow
@pytest.mark.parametrize("number", [2, 3, 4])
@pytest.mark.parametrize("kind", ["curves", "boundary"])
@pytest.mark.parametrize("name", ["moons", "spiral"])
def test_several_runs_are_drawn_with_nothing_cut_off(runs, name, kind, number):
    with drawing(LIGHT):
        figure, _ = picture(kind, [Results(runs[name])] * number, LIGHT)
        assert_nothing_is_cut_off(figure)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", BEGINNINGS)
def test_the_suffix_decides_the_format(runs, tmp_path, suffix):
    file = tmp_path / f"picture.{suffix}"
    result = invoke("plot", runs["moons"], "-o", file)
    assert (result.exit_code, result.stdout) == (0, f"{file}\n")
    assert file.read_bytes().startswith(BEGINNINGS[suffix])


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes(runs, tmp_path):
    files = [tmp_path / "a.svg", tmp_path / "b.svg"]
    for file in files:
        invoke("plot", runs["moons"], "-o", file)
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.slow
def test_a_picture_goes_into_the_run_directory(runs):
    invoke("plot", runs["digits"], "--kind", "weights")
    assert (runs["digits"] / "weights.png").read_bytes().startswith(b"\x89PNG")


def test_the_confusion_picture_shows_the_matrix_of_eval(runs):
    figure, words = drawn("confusion", runs["digits"])
    expected = evaluated(runs["digits"])
    found = np.zeros((10, 10))
    for text in figure.axes[0].texts:
        column, row = text.get_position()
        found[round(row), round(column)] = float(text.get_text())
    assert found.tolist() == expected["confusion_matrix"]
    assert figure.axes[0].get_title("left").endswith(f"accuracy {expected['accuracy']:.4g}")
    assert f"{found.trace():g} of {found.sum():g} are right" in words


def test_the_curves_are_the_lines_of_the_file(runs):
    figure, _ = drawn("curves", runs["moons"])
    curves = {line.get_label(): line for line in figure.axes[0].get_lines()}
    for label, key in (("train", "data_loss"), ("validation", "val_loss")):
        assert curves[label].get_xdata().tolist() == [1, 2, 3, 4]
        assert curves[label].get_ydata().tolist() == [each[key] for each in records(runs["moons"])]


@pytest.mark.slow
def test_epochs_are_whole_numbers(runs):
    figure, _ = drawn("curves", runs["moons"])
    figure.draw_without_rendering()
    assert [tick for tick in figure.axes[2].get_xticks() if tick % 1] == []


def test_units_are_counted_as_gradcheck_counts_them(runs):
    figure, _ = drawn("weights", runs["moons"])
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["0", "1", "2", "3"]


def test_units_of_all_members_are_shown_and_none_is_called_a_class(runs):
    figure, words = drawn("weights", runs["members"])
    assert "the 6 units" in words
    assert figure.axes[0].get_xlabel().startswith("unit of the first layer")
    _, words = drawn("weights", runs["templates"])
    assert "the 20 units" in words


def test_curves_of_a_classifier_and_a_regression_name_both_metrics(runs):
    figure, _ = drawn("curves", runs["moons"], runs["linear"])
    assert figure.axes[1].get_ylabel() == "accuracy, rmse"


def test_the_best_epoch_is_marked(runs):
    figure, words = drawn("curves", runs["moons"])
    losses = [each["val_loss"] for each in records(runs["moons"])]
    epoch = 1 + int(np.argmin(losses))
    (mark,) = [line for line in figure.axes[0].get_lines() if line.get_label() == "best"]
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (epoch, min(losses))
    assert f"best val_loss {min(losses):.4g} at epoch {epoch}" in words


def test_the_reliability_diagram_states_the_metric_of_eval(runs):
    figure, _ = drawn("reliability", runs["moons"])
    expected = evaluated(runs["moons"])["calibration_error"]
    assert f"calibration_error {expected:.4g}" in figure.get_suptitle()


def test_the_reliability_diagram_has_a_panel_for_each_digit(runs):
    figure, _ = drawn("reliability", runs["digits"])
    titles = [axes.get_title("left") for axes in figure.axes if axes.get_visible()]
    assert titles == [f"P({digit})" for digit in range(10)]


def test_the_points_of_a_regression_are_truth_and_prediction(runs):
    figure, _ = drawn("predictions", runs["linear"])
    points = figure.axes[0].get_lines()[-1]
    errors = points.get_ydata() - points.get_xdata()
    both = figure.axes[1].get_lines()[-1]
    others = both.get_ydata() - both.get_xdata()
    mae = np.mean([np.abs(errors).mean(), np.abs(others).mean()])
    assert mae == pytest.approx(evaluated(runs["linear"])["mae"], rel=1e-5)


def test_a_boundary_shows_every_training_point_in_its_class_and_unit(runs):
    figure, _ = drawn("boundary", runs["moons"])
    rows = Results(runs["moons"]).own_units.train
    groups = [each for each in figure.axes[0].collections if each.get_zorder() == 3]  # not the lines
    shown = np.concatenate([each.get_offsets() for each in groups])
    both = [
        np.unique(np.asarray(points, np.float64).round(5), axis=0)
        for points in (shown, rows.inputs.numbers)
    ]
    assert both[0].tolist() == both[1].tolist()


def test_boundaries_of_several_runs_say_what_differs(runs, tmp_path):
    figure, words = drawn("boundary", runs["moons"], runs["wider"])
    titles = [axes.get_title("left").splitlines()[0] for axes in figure.axes if axes.get_visible()]
    assert titles == ["hidden [4]", "hidden [9]"]
    assert "hidden [9]: train accuracy" in words


@pytest.mark.slow
def test_the_titles_of_panels_stay_above_their_panels(runs, monkeypatch):
    long = ["transform polar, learning_rate 0.03", "initializer kaiming, momentum 0.95", "a_name_" * 3]
    monkeypatch.setattr("mlptrain.report.plots.boundary.titles", lambda runs: long)
    with drawing(LIGHT):
        figure, _ = picture("boundary", [Results(runs["moons"])] * 3, LIGHT)
        figure.draw_without_rendering()
        boxes = [axes._left_title.get_window_extent() for axes in figure.axes]
    edges = [*(axes.get_tightbbox().x0 for axes in figure.axes[1:]), figure.bbox.x1]
    for box, edge in zip(boxes, edges, strict=True):
        assert box.x1 < edge - 0.1 * figure.dpi


def test_curves_of_several_runs_are_one_picture(runs):
    figure, _ = drawn("curves", runs["moons"], runs["wider"])
    labels = [line.get_label() for line in figure.axes[2].get_lines()]
    assert labels == ["hidden [4]", "hidden [9]"]


def test_tiles_stand_side_by_side_a_pixel_apart():
    made = mosaic(np.arange(3.0).repeat(4).reshape(3, 2, 2), 2, fill=np.nan)
    assert made.shape == (5, 5)
    assert made[0, 0] == 0
    assert made[1, 4] == 1
    assert made[3, 1] == 2
    assert np.isnan(made[2]).all()
    assert np.isnan(made[:2, 2]).all()


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("digits", "boundary", "it has 64 features, but a decision boundary is drawn for two"),
        ("hinge", "reliability", "its loss (hinge) gives no probabilities"),
        ("linear", "confusion", "its target is a number, not a class"),
        ("linear", "reliability", "its target is a number, not a class"),
        ("moons", "predictions", "its target is a class, not a number"),
        ("flags", "predictions", "its target is yes or no, not a number"),
        ("flags", "reliability", "its target is yes or no, not a class"),
    ],
)
def test_a_kind_that_does_not_apply_is_refused_with_the_reason(runs, name, kind, reason):
    result = invoke("plot", runs[name], "--kind", kind)
    assert result.exit_code == 2
    assert reason in result.stderr
    assert "possible for this run: curves, weights" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--kind", "confusion", "-o", "x.png"], "--kind confusion shows one run, got 2"),
        (["--kind", "boundary"], "name the file with -o FILE"),
        (["-o", "x.gif"], "choose one of these suffixes"),
    ],
)
def test_several_runs_need_a_file_and_a_kind_for_several(runs, arguments, reason):
    result = invoke("plot", runs["moons"], runs["wider"], *arguments)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_a_directory_without_a_run_is_refused(tmp_path):
    result = invoke("plot", tmp_path)
    assert result.exit_code == 2
    assert "holds no run" in result.stderr


def test_without_matplotlib_the_command_to_install_it_is_told(runs, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = invoke("plot", runs["moons"])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert install_command("plot") in result.stderr


@pytest.mark.slow
def test_dollars_and_control_characters_in_names_are_drawn_as_they_are(tmp_path):
    table = tmp_path / "rows.csv"
    names = ["$\\frac{1$", "<b>\x1b[31m", "学習"]
    lines = [f"{i % 7},{i % 5},{names[i % 3]}" for i in range(60)]
    table.write_text("a,b,c\n" + "\n".join(lines) + "\n", encoding="utf-8")
    config = {**BASE, "data": {"train": str(table), "target": "c"}, "model": {"hidden": [3]}}
    run = tmp_path / "run"
    assert invoke("fit", write_config(tmp_path / "c.yaml", config), "--out", run).exit_code == 0
    for kind in ("confusion", "boundary"):
        result = invoke("plot", run, "--kind", kind)
        assert result.exit_code == 0, result.stderr


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_classes_differ_in_colour_and_in_marker(theme):
    assert len(set(theme.palette)) == len(theme.palette)
    assert len({*MARKERS}) == len(MARKERS)


def linear(colour):
    """Red, green and blue as amounts of light (sRGB, IEC 61966-2-1)."""
    c = np.array(rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(light):
    """CIE 1976 L*a*b* under D65, in which equal distances look about equally far apart."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = to_xyz @ light / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


SEEN_WITH = {
    "all cones": np.eye(3),
    "no red ones": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green ones": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue ones": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
"""What is seen of linear light. Source: Machado, Oliveira and Fernandes (IEEE TVCG 15, 2009)."""


@pytest.mark.parametrize("eyes", SEEN_WITH)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_can_be_told_apart_by_everyone(theme, eyes):
    """A distance of 2.3 is just noticeable; this asks for five times as much."""
    seen = [lab(np.clip(SEEN_WITH[eyes] @ linear(each), 0, 1)) for each in theme.palette]
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) > 12


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_stands_out_from_the_paper(theme):
    """WCAG 2.2: at least 7 to 1 for the best level."""

    def light(colour):
        return linear(colour) @ [0.2126, 0.7152, 0.0722]

    low, high = sorted([light(theme.ink), light(theme.paper)])
    assert (high + 0.05) / (low + 0.05) > 7


@pytest.mark.parametrize("command", ["plot", "report"])
def test_records_without_a_metric_are_one_line(command, tmp_path):
    config = {
        "data": {"train": {"name": "moons", "points_per_class": 9}, "val": 0.2, "test": 0},
        "model": {"hidden": [2]},
        "train": {"epochs": 1},
    }
    run = tmp_path / "run"
    invoke("fit", write_config(tmp_path / "c.yaml", config), "--out", run, "--quiet")
    (run / "metrics.jsonl").write_text('{"epoch": 1, "step": 1, "train_loss": 0.5}\n')
    told = invoke(command, run)
    assert told.exit_code == 5, told.output
    assert "metrics.jsonl:1: no metric; put the file back" in told.stderr

"""What the captions of docs/gallery.md say of the pictures of the lecture, computed again."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from helpers import CONFIGS, trained

from mlptrain.graph.plan import Value

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "gallery.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def pictures():
    pytest.importorskip("matplotlib", reason="the pictures are drawn with it")
    spec = importlib.util.spec_from_file_location("lecture_pictures", DOCS / "lecture_pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_picture_is_on_the_page(pictures):
    assert {name for name in pictures.PICTURES if f"lecture_pictures.py {name} " in PAGE} == {
        *pictures.PICTURES
    }


def test_the_path_leads_from_a_high_loss_to_the_lowest_part_of_the_plane(pictures):
    (a, b), losses, path = pictures.landscape(size=21)
    at = [losses[np.abs(b - y).argmin(), np.abs(a - x).argmin()] for x, y in (path[0], path[-1])]

    assert len(path) == 80
    assert at[0] > 1.2
    assert at[1] < np.quantile(losses, 0.15)


def test_eight_times_as_many_rows_cut_the_noise_of_the_gradient_to_about_a_third(pictures):
    small, large, full = (pictures.noise(batch).mean() for batch in pictures.BATCHES)

    assert large / small == pytest.approx(1 / np.sqrt(8), abs=0.06)  # drawn without replacement
    assert full < 1e-6


def test_sgd_creeps_momentum_swings_rmsprop_ends_nearest_adam_comes_back(pictures):
    paths = {name: pictures.trajectory(name) for name in pictures.RATES}
    ends = {name: pictures.valley(*path[-1]) for name, path in paths.items()}

    assert max(ends, key=ends.get) == "sgd"
    assert min(ends, key=ends.get) == "rmsprop"
    assert abs(paths["sgd"][3:, 1]).max() < 0.01  # at the bottom after three steps
    turns = {name: int((np.diff(np.sign(path[:, 1])) != 0).sum()) for name, path in paths.items()}
    assert turns["momentum"] >= 5 > turns["adam"] >= 1 > turns["rmsprop"] - 1
    assert paths["adam"][:, 0].max() > 0 > paths["adam"][0, 0]
    x, y = abs(np.diff(paths["rmsprop"], axis=0))[0]
    assert x == pytest.approx(y, rel=1e-6)  # the same stride in both directions


def test_the_boundary_of_the_rings_is_a_line_in_r_and_nearly_upright(pictures):
    _, features, y, experiment = pictures.polar()
    W = experiment.network.parameters.weights()[0].value
    across = (W[:, 0] - W[:, 1]) / features.std(axis=0)  # in the units of r and theta

    assert W.shape == (2, 2)  # linear: no hidden layer
    assert abs(across[0]) > 20 * abs(across[1])
    scores = experiment.network.scores(experiment.data.train.inputs.arrays)
    assert (scores.argmax(axis=1) == y).all()


@pytest.mark.parametrize(
    ("name", "at", "value", "slope"),
    [("relu", 2, 2, 1), ("relu", -2, 0, 0), ("sigmoid", 0, 0.5, 0.25), ("tanh", 0, 0, 1),
     ("maxout", -2, 1, -0.5), ("maxout", 3, 3, 1), ("elu", -np.log(2), -0.5, 0.5)],
)  # fmt: skip
def test_an_activation_is_drawn_with_its_derivative(pictures, name, at, value, slope):
    found = pictures.activation(name, np.array([float(at)]))

    assert [float(each[0]) for each in found] == pytest.approx([value, slope], abs=1e-12)


def test_the_slope_of_the_sigmoid_is_never_above_a_quarter(pictures):
    assert pictures.activation("sigmoid", np.linspace(-4, 4, 801))[1].max() == 0.25


@pytest.mark.slow
def test_most_hidden_units_vote_for_several_digits(pictures):
    W, W1, W2 = pictures.templates()

    assert (W.shape, W1.shape, W2.shape) == ((784, 10), (784, 100), (100, 10))
    assert (pictures.shared(W2) >= 2).mean() > 0.5


def test_units_wired_at_random_have_the_gradient_of_the_differences(pictures):
    wiring = pictures.random_wiring()
    assert all(source < unit for unit, sources in enumerate(wiring) for source in sources)
    starts = np.linspace(-1.5, 1.5, len(wiring))

    def output(shift):
        units = []
        for unit, sources in enumerate(wiring):
            value = Value(starts[unit] + shift * (unit == 0))
            for source in sources:
                value = value + units[source] * (0.3 + 0.1 * unit)
            units.append(1 / (1 + (-value).exp()) if sources else value)
        total = units[-1]
        for each in units[3:-1]:
            total = total + each
        return units[0], total

    first, total = output(0.0)
    total.backward()
    numerical = (float(output(1e-6)[1].value) - float(output(-1e-6)[1].value)) / 2e-6

    assert float(first.gradient) == pytest.approx(numerical, rel=1e-6)
    assert float(first.gradient) != 0


# P40 and P41: five seeds


def accuracies(name, seed):
    experiment, _ = trained(CONFIGS / f"{name}.yaml", [f"seed={seed}"])
    data = experiment.data
    return [
        float((experiment.network.scores(rows.inputs.arrays).argmax(axis=1) == rows.y).mean())
        for rows in (data.train, data.test)
        if rows is not None
    ]


SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3, 4))]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stronger_penalty_gets_fewer_of_the_training_points_and_more_of_the_others(seed):
    weak, middle, strong = (
        accuracies(f"penalty-{strength}", seed) for strength in ("0.001", "0.01", "0.1")
    )

    assert weak[0] >= 0.96
    assert weak[0] > middle[0] >= strong[0] - 0.04
    assert middle[1] > weak[1] + 0.015
    assert strong[1] > weak[1] + 0.01
    printed = [f"{train:.2f} / {test:.3f}" for train, test in (weak, middle, strong)]
    for strength, cell in zip(("0.001", "0.01", "0.1"), printed, strict=True):
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {strength} |")]
        assert row.split(" | ")[1 + seed].removesuffix(" |") == cell


@pytest.mark.parametrize("seed", SEEDS)
def test_more_neurons_get_visibly_more_of_the_spiral_and_none_is_stuck(seed):
    three, six, twenty = (accuracies(f"capacity-{units}", seed)[0] for units in (3, 6, 20))

    assert 0.6 < three < 0.66
    assert 0.88 <= six < 0.935
    assert 0.94 <= twenty < 0.98

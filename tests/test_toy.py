"""Toy sets: shapes, balance, geometry without noise, and what a linear classifier makes of them."""

import inspect
import math

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from sklearn.datasets import make_moons
from sklearn.linear_model import LogisticRegression

from mlptrain.data.readers.toy import (
    TOYS,
    gaussians,
    moons,
    random_regression,
    rings,
    spiral,
    xor,
)

CLASSIFICATION = [name for name in TOYS if name != "random"]
OTHER_VALUE = {
    "classes": 4,
    "points_per_class": 50,
    "noise": 0.05,
    "radius": 2.0,
    "rows": 63,
    "features": 9,
    "outputs": 3,
}
OPTIONS = [
    (name, option)
    for name, toy in TOYS.items()
    for option, parameter in inspect.signature(toy).parameters.items()
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY
]


def make(name, seed=0, **options):
    return TOYS[name](np.random.default_rng(seed), **options)


def linear_accuracy(X, y):
    return LogisticRegression().fit(X, y).score(X, y)


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_classification_sets_are_points_in_the_plane_with_int64_labels(name):
    X, y = make(name)
    assert (X.ndim, X.shape[1], X.dtype) == (2, 2, np.float64)
    assert (y.shape, y.dtype) == ((len(X),), np.int64)


@pytest.mark.parametrize("name", CLASSIFICATION)
@pytest.mark.parametrize("points", [1, 7, 50])
def test_every_class_has_the_asked_number_of_points(name, points):
    _, y = make(name, points_per_class=points)
    assert set(np.bincount(y)) == {points}


@pytest.mark.parametrize("name", ["spiral", "rings", "gaussians"])
def test_as_many_classes_as_asked_for(name):
    _, y = make(name, classes=5)
    assert set(y) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("name", TOYS)
def test_the_same_generator_state_gives_the_same_bits(name):
    for first, again in zip(make(name), make(name), strict=True):
        assert first.tobytes() == again.tobytes()


@pytest.mark.parametrize("name", TOYS)
def test_another_seed_gives_other_points(name):
    assert not np.array_equal(make(name, seed=0)[0], make(name, seed=1)[0])


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_every_option_changes_the_result(name, option):
    changed = make(name, **{option: OTHER_VALUE[option]})
    assert any(
        not np.array_equal(default, other) for default, other in zip(make(name), changed, strict=True)
    )


@pytest.mark.parametrize(("name", "option"), OPTIONS)
@pytest.mark.parametrize("nonsense", [-1, "many", None, math.nan])
def test_the_bounds_refuse_nonsense(name, option, nonsense):
    annotation = inspect.get_annotations(TOYS[name])[option]
    with pytest.raises(ValidationError):
        TypeAdapter(annotation).validate_python(nonsense)


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_the_bounds_accept_the_default(name, option):
    parameter = inspect.signature(TOYS[name]).parameters[option]
    assert TypeAdapter(parameter.annotation).validate_python(parameter.default) is not None


@pytest.mark.parametrize("name", ["spiral", "rings", "gaussians"])
def test_one_class_is_refused(name):
    annotation = inspect.get_annotations(TOYS[name])["classes"]
    with pytest.raises(ValidationError, match="greater than or equal to 2"):
        TypeAdapter(annotation).validate_python(1)


def test_a_twelfth_spiral_arm_is_refused():
    annotation = inspect.get_annotations(spiral)["classes"]
    with pytest.raises(ValidationError, match="less than or equal to 11"):
        TypeAdapter(annotation).validate_python(12)


class TestSpiral:
    def test_the_radius_grows_evenly_from_0_to_1_whatever_the_noise(self):
        X, y = make("spiral", points_per_class=5)
        for c in range(3):
            assert np.hypot(*X[y == c].T) == pytest.approx([0, 0.25, 0.5, 0.75, 1])

    def test_without_noise_the_arms_end_at_4_8_and_12_radians(self):
        X, _ = make("spiral", points_per_class=2, noise=0)
        ends = [[math.sin(angle), math.cos(angle)] for angle in (4, 8, 12)]
        assert X[1::2] == pytest.approx(np.array(ends))

    def test_a_linear_classifier_gets_about_half(self):
        assert 0.4 < linear_accuracy(*make("spiral")) < 0.6

    def test_eleven_arms_stay_apart_without_noise(self):
        X, y = make("spiral", classes=11, points_per_class=101, noise=0)
        ends = X[100::101]
        distances = np.hypot(*(ends[:, None] - ends[None]).T) + 9 * np.eye(11)
        assert distances.min() > 0.5
        assert y.max() == 10


class TestRings:
    def test_without_noise_ring_c_has_radius_c_plus_1(self):
        X, y = make("rings", classes=3, noise=0)
        assert np.hypot(*X.T) == pytest.approx(y + 1)

    def test_four_points_stand_at_the_four_winds(self):
        X, _ = make("rings", points_per_class=4, noise=0)
        expected = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])
        assert X[:4] == pytest.approx(expected)
        assert X[4:] == pytest.approx(2 * expected)

    @pytest.mark.parametrize("seed", range(5))
    def test_a_linear_classifier_stays_near_chance(self, seed):
        assert linear_accuracy(*make("rings", seed)) < 0.58

    @pytest.mark.parametrize("seed", range(5))
    def test_a_threshold_on_the_radius_separates_them(self, seed):
        X, y = make("rings", seed)
        assert ((np.hypot(*X.T) > 1.5) == y).mean() >= 0.99


class TestMoons:
    def test_without_noise_they_are_the_moons_of_sklearn(self):
        points, y = make("moons", noise=0)
        theirs, labels = make_moons(200, shuffle=False)
        assert points == pytest.approx(theirs)
        assert (y == labels).all()

    def test_a_line_gets_most_but_not_all(self):
        assert 0.8 < linear_accuracy(*make("moons")) < 0.95


class TestXor:
    def test_without_noise_opposite_corners_share_a_class(self):
        X, y = make("xor", points_per_class=4, noise=0)
        corners = {0: {(1, 1), (-1, -1)}, 1: {(1, -1), (-1, 1)}}
        for c in (0, 1):
            assert {tuple(point) for point in X[y == c]} == corners[c]

    def test_the_corners_of_a_class_have_equal_shares(self):
        X, y = make("xor", points_per_class=10, noise=0)
        assert (X[y == 0, 0] == 1).sum() == 5

    def test_a_linear_classifier_fails(self):
        assert linear_accuracy(*make("xor")) < 0.7


class TestGaussians:
    def test_without_noise_the_points_are_the_centres_on_the_circle(self):
        points, _ = make("gaussians", classes=4, points_per_class=1, noise=0)
        assert points == pytest.approx(np.array([[3, 0], [0, 3], [-3, 0], [0, -3]]))

    def test_the_spread_is_the_noise(self):
        X, y = make("gaussians", points_per_class=4000, noise=0.5)
        assert X[y == 1].std(axis=0) == pytest.approx([0.5, 0.5], rel=0.05)

    def test_a_linear_classifier_solves_it(self):
        assert linear_accuracy(*make("gaussians")) > 0.95


class TestRandomRegression:
    def test_the_defaults_are_the_data_of_the_lecture(self):
        X, y = make("random")
        assert (X.shape, y.shape) == ((64, 1000), (64, 10))

    def test_the_targets_are_real_numbers(self):
        assert make("random")[1].dtype == np.float64

    def test_features_and_targets_are_standard_normal(self):
        X, y = make("random", rows=2000, features=20, outputs=20)
        for values in (X, y):
            assert values.mean() == pytest.approx(0, abs=0.02)
            assert values.std() == pytest.approx(1, abs=0.02)


def test_the_registry_lists_every_set_under_its_name():
    assert list(TOYS.values()) == [spiral, rings, moons, xor, gaussians, random_regression]

"""`explain`: which columns matter, how, and what each adds; on tables whose truth is known."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runs import faults, invoke, write_config
from sklearn.datasets import load_diabetes, load_wine
from sklearn.inspection import permutation_importance
from tables import write

import mlptrain
from mlptrain.inference.explain.association import association, groups
from mlptrain.inference.explain.explanation import Explanation, explained_row
from mlptrain.inference.explain.importance import Importance, Interval, dominant
from mlptrain.inference.explain.of_run import Explained, explain, explain_row, held_out_rows
from mlptrain.inference.model import Model
from mlptrain.report.explanation import show
from mlptrain.report.plots import explanation as pictures
from mlptrain.report.plots.canvas import LIGHT, drawing
from mlptrain.sklearn import MLPTrainClassifier, MLPTrainRegressor

FAST = {
    "optimizer": {"name": "adam", "learning_rate": 0.05},
    "train": {"epochs": 8, "batch_size": 64},
    "seed": 1,
}


def fitted(folder: Path, header: list[str], rows: Any, **settings: Any) -> Path:
    """A run on a table whose last column is the target."""
    table = write(folder / "rows.csv", header, rows)
    data = {
        "train": str(table),
        "target": header[-1],
        "val": 0.2,
        "test": 0.4,
        **settings.pop("data", {}),
    }
    config = write_config(folder / "config.yaml", {**FAST, "data": data, **settings})
    out = folder / "run"
    result = invoke("fit", config, "--out", out, "--quiet")
    assert result.exit_code == 0, result.stderr
    return out


def linear(n: int, seed: int) -> tuple[list[str], np.ndarray]:
    """y = 3 a + b + e, twin a copy of a, noise nothing; all normal, so Var y = 11."""
    a, b, noise, e = np.random.default_rng(seed).standard_normal((4, n))
    return ["a", "b", "twin", "noise", "y"], np.column_stack([a, b, a, noise, 3 * a + b + e])


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fitted(tmp_path_factory.mktemp("line"), *linear(900, 7), model={"hidden": []}, loss="mse")


@pytest.fixture(scope="module")
def found(line: Path) -> Explanation:
    said = explain(line, metric="r2").said
    assert isinstance(said, Explanation)
    return said


KINDS = ["plain", "many", "flag", "when", "gap", "kind"]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of every kind of column: bins, embeddings, booleans, dates, blanks, one-hot."""
    rng = np.random.default_rng(3)
    rows = []
    for i in range(300):
        x, level, flag = round(rng.normal(), 3), f"c{rng.integers(12)}", bool(rng.integers(2))
        gap = "" if i % 7 == 0 else round(rng.normal(), 3)
        good = x + flag + (level in ("c1", "c2")) > 0.7
        day = f"2024-01-{i % 28 + 1:02d}"
        rows.append([x, level, str(flag).lower(), day, gap, "pqr"[i % 3], "yes" if good else "no"])
    data = {
        "numeric": {"encode": "piecewise"},
        "categorical": {"encode": "embedding"},
        "missing": {"policy": "mean", "indicator": True},
        "dates": "number",
    }
    model = {"hidden": [8], "activation": "relu"}
    return fitted(tmp_path_factory.mktemp("mixed"), [*KINDS, "good"], rows, data=data, model=model)


def by_name(said: Explanation) -> dict[str, Any]:
    return {each.name: each for each in (*said.columns, *said.groups)}


def test_a_linear_table_is_seen_as_it_is(found):
    # R^2 falls by 2 Var(beta x) / Var(y): 18/11 for a and its twin together, 2/11 for b.
    seen = by_name(found)
    assert [each.columns for each in found.groups] == [("a", "twin")]
    for name, truth in (("a + twin", 18 / 11), ("b", 2 / 11), ("noise", 0.0)):
        assert seen[name].metric.low <= truth <= seen[name].metric.high, name
    assert not seen["noise"].matters
    assert found.columns[-1].name == "noise"


def test_twins_share_what_one_of_them_would_have(found):
    # Of beta = 3 each has about half, so shuffled alone it loses about a quarter of 18/11.
    seen = by_name(found)
    assert seen["a"].matters
    assert seen["twin"].matters
    together = seen["a + twin"].metric.mean
    assert max(seen["a"].metric.mean, seen["twin"].metric.mean) < 0.6 * together


def test_the_effects_of_a_line_are_its_slope(line, found):
    model = Model.load(line)
    moved, still = ({"a": [v], "b": [0.0], "twin": [0.0], "noise": [0.0]} for v in (1.0, 0.0))
    slope = float(model.predict(Frame(moved))[0] - model.predict(Frame(still))[0])
    effect = next(each for each in found.effects if each.column == "a")
    assert np.diff(effect.partial["y"]) == pytest.approx(slope * np.diff(effect.at), rel=1e-3)
    assert np.diff(effect.local["y"]) == pytest.approx(slope * np.diff(effect.at), rel=1e-3)
    assert effect.rows.sum() == found.rows


class Frame(dict[str, Any]):
    """As much of a data frame as is needed."""

    @property
    def columns(self) -> list[str]:
        return list(self)

    def __len__(self) -> int:
        return len(next(iter(self.values())))


def test_a_shuffled_column_is_encoded_as_if_it_stood_so_in_the_file(mixed, tmp_path):
    # All that became of it goes with it: bins, indicator, vectors.
    subject = held_out_rows(Model.load(mixed)).subject
    order = np.random.default_rng(0).permutation(len(subject))
    for name in KINDS:
        columns = {each: subject.values(each) for each in KINDS}
        columns[name] = columns[name][order]
        rows = zip(*(texts(each, column) for each, column in columns.items()), strict=True)
        source = write(tmp_path / "shuffled.csv", [*KINDS, "good"], [[*row, "yes"] for row in rows])
        result = invoke("predict", mixed, source, "--proba")
        assert result.exit_code == 0, result.stderr
        expected = [float(line.split(",")[-1]) for line in result.stdout.splitlines()[1:]]
        predicted = subject.predictions(subject.scores({name: columns[name]}))
        assert predicted[:, 1] == pytest.approx(expected, abs=1e-5), name


def texts(name: str, column: np.ndarray) -> list[str]:
    if name == "when":
        return [str(np.datetime64(int(day), "D")) for day in column]
    if name == "flag" and column.dtype.kind != "U":
        return ["true" if value else "false" for value in column]
    return ["" if value != value else str(value) for value in column.tolist()]


def test_contributions_add_up_to_the_difference(mixed):
    for number in (1, 8, 17, 100):
        (found,) = explain_row(mixed, number).said.outputs
        assert found.of == "log-odds of yes"
        assert abs(found.residual) <= 0.01 * abs(found.value - found.baseline)
        assert set(found.columns) == set(KINDS)


def test_the_log_odds_of_a_row_are_those_of_its_probability(mixed):
    said = explain_row(mixed, 17).said
    p = said.predicted["P(yes)"]
    assert said.outputs[0].value == pytest.approx(np.log(p / (1 - p)), abs=1e-4)


def test_contributions_of_a_line_are_weight_times_distance_from_the_mean(line):
    held_out = held_out_rows(Model.load(line))
    (found,) = explain_row(line, 5).said.outputs
    assert sum(found.columns.values()) == pytest.approx(found.value - found.baseline, rel=1e-6)
    model, source = Model.load(line), held_out.subject.parts[0].source
    rows = held_out.subject.parts[0].rows
    for name in ("a", "b"):
        moved, still = (
            {each: [v if each == name else 0.0] for each in ("a", "b", "twin", "noise")}
            for v in (1.0, 0.0)
        )
        slope = float(model.predict(Frame(moved))[0] - model.predict(Frame(still))[0])
        values = source.numbers(name)
        assert found.columns[name] == pytest.approx(slope * (values[4] - values[rows].mean()), rel=1e-3)


def test_random_weights_give_other_contributions(mixed):
    # Adebayo et al., "Sanity checks for saliency maps" (2018).
    shares = []
    for seed in (None, 0):
        subject = held_out_rows(Model.load(mixed)).subject
        if seed is not None:
            values = subject.network.parameters.values
            values[...] = np.random.default_rng(seed).normal(0, values.std(), values.shape)
        (said,) = explained_row(subject, subject.parts[0], 16, positive=1, seed=0).outputs
        each = np.array([said.columns[name] for name in KINDS])
        shares.append(each / np.abs(each).sum())
    assert np.abs(shares[0] - shares[1]).sum() > 0.5


def test_columns_go_together_by_ranks_and_by_labels():
    rng = np.random.default_rng(0)
    x, other = rng.normal(size=(2, 400))
    label = np.where(x > 0, "high", "low")
    rare = np.array([f"u{i}" for i in range(400)])  # labels of one row each tell nothing
    similar = association([x, np.exp(x), other, label, np.char.upper(label), rare])
    assert groups(similar) == [[0, 1, 3, 4]] or groups(similar) == [[0, 1], [3, 4]]
    assert similar[2].tolist()[2] == 1
    assert np.delete(similar[2], 2).max() < 0.2
    assert np.delete(similar[5], 5).max() < 0.2


def test_the_document_has_the_most_important_column_first(mixed):
    result = invoke("explain", mixed, "--json", "--metric", "roc_auc", "--rows", 100)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    gains = [each["loss"]["mean"] for each in document["columns"]]
    assert gains == sorted(gains, reverse=True)
    assert {each["column"] for each in document["columns"]} == set(KINDS)
    assert document["columns"][0]["column"] in ("plain", "flag", "many")
    assert document["metric"]["name"] == "roc_auc"
    assert (document["split"], document["rows"]) == ("test", 100)


@pytest.mark.slow
def test_python_and_the_command_line_say_the_same(line, found):
    subject = held_out_rows(Model.load(line)).subject
    X = np.column_stack([subject.values(name) for name in subject.columns])
    said = mlptrain.load(line).explain(X, subject.truth.truth[:, 0], metric="r2")
    assert [each.document() for each in said.columns] == [each.document() for each in found.columns]
    one = mlptrain.load(line).contributions(X)[3].outputs[0]
    assert one.value == pytest.approx(float(mlptrain.load(line).predict(X)[3]), rel=1e-5)


def test_the_tables_fit_into_eighty_columns(line, found, mixed, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    show(Explained(str(line), found, ()), None, as_json=False)
    show(explain_row(mixed, 17), None, as_json=False)
    printed = capsys.readouterr().out.splitlines()
    assert any(each.startswith("a + twin ") for each in printed)
    assert any("chance" in each for each in printed if each.startswith("noise"))
    assert max(map(len, printed)) <= 80


def test_a_column_that_gives_nearly_all_is_named():
    def one(*names: str, gain: float) -> Importance:
        return Importance(names, Interval(gain, gain - 0.1, gain + 0.1), None)

    single = [one("paid", gain=9.5), one("x", gain=0.3), one("z", gain=-0.2)]
    assert dominant(single, []) == (single[0], pytest.approx(9.5 / 9.8))
    together = [one("paid", "x", gain=9.7)]  # counted once, as a group
    assert dominant(single, together) == (together[0], 1.0)
    assert dominant([one("a", gain=5.0), one("b", gain=1.0)], []) is None
    assert dominant(single[:1], []) is None  # nothing to compare it with


def test_folds_are_explained_on_the_rows_that_each_held_out(tmp_path):
    header, rows = linear(200, 3)
    table = write(tmp_path / "rows.csv", header, rows)
    data = {"train": str(table), "target": "y", "val": None, "test": None}
    config = write_config(
        tmp_path / "c.yaml", {**FAST, "data": data, "model": {"hidden": []}, "loss": "mse"}
    )
    assert invoke("fit", config, "--folds", 3, "--out", tmp_path / "run", "--quiet").exit_code == 0
    held_out = held_out_rows(Model.load(tmp_path / "run"))
    subject = held_out.subject
    assert (held_out.split, len(subject)) == ("out of fold", 200)
    measured = json.loads(invoke("eval", tmp_path / "run", "--json").stdout)
    assert subject.evaluation(subject.scores()).data_loss() == pytest.approx(measured["loss"], rel=1e-6)
    (found,) = explain_row(tmp_path / "run", 17).said.outputs
    assert abs(found.residual) <= 0.01 * abs(found.value - found.baseline)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--row", 901], "--row 901: {table} has the rows 1 to 900"),
        (["--metric", "maee"], "--metric maee: no such metric of this model; did you mean 'mae'?"),
        (["--row", 3, "--rows", 5], "--row explains one prediction: leave out --rows and --metric"),
        (
            ["--plot", "x.txt"],
            "-o x.txt: pictures are written as .png, .svg or .pdf; choose one of these suffixes",
        ),
    ],
)
def test_a_mistake_is_answered(line, arguments, message):
    result = invoke("explain", line, *arguments)
    assert result.exit_code == 2
    assert faults(result) == [message.format(table=line.parent / "rows.csv")]


def test_pictures_show_each_column(found, mixed):
    pytest.importorskip("matplotlib")
    with drawing(LIGHT):
        upper, lower = pictures.columns(found, LIGHT).subfigs
        assert {text.get_text() for text in upper.axes[0].get_yticklabels()} == set(by_name(found))
        assert [axes.get_title("left") for axes in lower.axes] == [
            each.column for each in found.effects
        ]
        figure = pictures.row(explain_row(mixed, 17).said, LIGHT)
    names = [text.get_text().partition(" = ")[0] for text in figure.axes[0].get_yticklabels()]
    assert set(names) == set(KINDS)


@pytest.mark.slow
def test_the_intervals_cover_the_truth(tmp_path):
    # 30 tables, 3 truths each: of 90 intervals at 95 % fewer than 80 cover in 1 of 100 such tests.
    hits = 0
    for seed in range(30):
        (folder := tmp_path / str(seed)).mkdir()
        out = fitted(folder, *linear(900, 100 + seed), model={"hidden": []}, loss="mse")
        seen = by_name(explain(out, metric="r2").said)
        for name, truth in (("a + twin", 18 / 11), ("b", 2 / 11), ("noise", 0.0)):
            hits += seen[name].metric.low <= truth <= seen[name].metric.high
    assert hits >= 80


@pytest.mark.slow
def test_an_interaction_is_seen_though_no_column_matters_alone(tmp_path):
    # y = a b: shuffling either leaves a product with nothing to do with y, R^2 from 1 to -1.
    a, b, noise = np.random.default_rng(0).standard_normal((3, 3000))
    rows = np.column_stack([a, b, noise, a * b])
    train = {"epochs": 60, "batch_size": 64}
    out = fitted(
        tmp_path, ["a", "b", "noise", "y"], rows, model={"hidden": [32]}, loss="mse", train=train
    )
    said = explain(out, metric="r2").said
    seen = by_name(said)
    assert {each.name for each in said.columns[:2]} == {"a", "b"}
    assert not said.groups
    for name in "ab":
        assert seen[name].metric.low <= 2.0 <= seen[name].metric.high
    assert seen["noise"].metric.high < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("estimator", [MLPTrainClassifier, MLPTrainRegressor])
def test_scikit_learn_agrees(estimator):
    classifies = estimator is MLPTrainClassifier
    X, y = (load_wine if classifies else load_diabetes)(return_X_y=True)
    fit, test = np.arange(len(y)) % 2 == 0, np.arange(len(y)) % 2 == 1
    model = estimator(epochs=30, random_state=0).fit(X[fit], y[fit])
    scoring, metric = ("neg_log_loss", "log_loss") if classifies else ("r2", "r2")
    theirs = permutation_importance(
        model, X[test], y[test], n_repeats=20, scoring=scoring, random_state=0
    ).importances_mean
    said = model.model_.explain(X[test], y[test], metric=metric)
    ours = [by_name(said)[f"x{j}"].metric for j in range(X.shape[1])]
    assert all(each.low <= mean <= each.high for each, mean in zip(ours, theirs, strict=True))
    assert np.argmax(theirs) == np.argmax([each.mean for each in ours])

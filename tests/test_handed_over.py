"""What a program hands over to a model: data frames by name, targets of every type and number."""

import copy
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import numpy as np
import polars
import pytest
from runs import invoke
from tables import write

import mlptrain
from mlptrain.data.readers.tables import pieces
from mlptrain.errors import DataError
from mlptrain.inference.classes import typed

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 60))
SIDE = np.where(A > 0, "left", "right")


class Frame:
    """A data frame reduced to what is asked of one: names, columns, a length."""

    def __init__(self, **columns):
        self._columns = {name: np.asarray(values) for name, values in columns.items()}
        self.columns = list(columns)

    def __getitem__(self, name):
        return self._columns[name]

    def __len__(self):
        return len(next(iter(self._columns.values())))


def arrow(**columns):
    """A table as Arrow has it: `columns` are the values, the names stand elsewhere."""
    table = Frame(**columns)
    table.column_names, table.columns = table.columns, [table[name] for name in columns]
    return table


@pytest.fixture
def trained(tmp_path):
    """A model of columns a and b, each row's target as it is written in the file."""

    def trained(targets, loss="softmax", target=("y",), more=()):
        columns = {"a": A, "b": B, **dict(more), **dict(zip(target, targets, strict=True))}
        rows = list(zip(*columns.values(), strict=True))
        data = {"train": str(write(tmp_path / "rows.csv", list(columns), rows)), "target": list(target)}
        config = {"data": data, "loss": loss, "train": {"epochs": 20}}
        config["optimizer"] = {"name": "adam", "learning_rate": 0.02}
        run = mlptrain.fit(config, out=tmp_path / "run", force=True)
        return mlptrain.load(run.best)

    return trained


@pytest.mark.parametrize("frame", [Frame, lambda **columns: polars.DataFrame(columns), arrow])
def test_columns_of_a_data_frame_are_found_by_name(trained, frame):
    model = trained([SIDE])
    expected = model.scores(np.stack([A, B], axis=1))

    for columns in ({"a": A, "b": B}, {"b": B, "a": A}, {"id": SIDE, "b": B, "more": A, "a": A}):
        np.testing.assert_array_equal(model.scores(frame(**columns)), expected)


def test_a_data_frame_with_other_names_is_never_taken_by_position(trained):
    with pytest.raises(DataError) as caught:
        trained([SIDE]).predict(Frame(A=A, b=B))
    assert caught.value.faults == ("X: no column 'a', did you mean 'A'? (it has A, b)",)


def test_names_that_are_numbers_are_names(trained):
    frame = SimpleNamespace(columns=[0, 1], __getitem__=None)
    with pytest.raises(DataError, match=r"X: no column 'a'.* \(it has 0, 1\)"):
        trained([SIDE]).predict(frame)


def test_two_columns_of_one_name_are_refused(trained):
    frame = Frame(a=A, b=B)
    frame.columns = ["a", "b", "a"]
    with pytest.raises(DataError, match="two columns are called 'a'"):
        trained([SIDE]).predict(frame)


def test_text_columns_of_a_data_frame_are_categories(trained):
    """The network can tell the classes by the text column alone."""
    model = trained([SIDE], more={"colour": np.where(A > 0, "red", "blue")})
    frame = Frame(a=np.zeros(2), b=np.zeros(2), colour=np.array(["red", "blue"], object))

    assert model.predict(frame).tolist() == ["left", "right"]


def test_a_column_of_objects_is_what_its_values_are(trained):
    model = trained([SIDE])
    objects = Frame(a=A.astype(object), b=B.astype(object))
    texts = Frame(a=[repr(float(each)) for each in A], b=B)
    for frame in (objects, texts):
        np.testing.assert_array_equal(model.scores(frame), model.scores(Frame(a=A, b=B)))

    with pytest.raises(DataError, match="X: row 3: a: 'much' is not a number"):
        model.predict(Frame(a=np.array([1, 2, "much"], object), b=B[:3]))
    with pytest.raises(DataError, match=r"X: a holds \{1: 2\}: numbers or text are needed"):
        model.predict(Frame(a=np.array([{1: 2}], object), b=B[:1]))


@pytest.mark.parametrize(
    ("written", "classes"),
    [
        (["0", "1"], (0, 1)),
        (["-1", "1"], (-1, 1)),
        (["0.5", "1.5"], (0.5, 1.5)),
        (["false", "true"], (False, True)),
        (["left", "right"], ("left", "right")),
    ],
)
def test_classes_come_back_as_what_they_are(trained, written, classes):
    model = trained([np.where(A > 0, written[1], written[0])])
    X, y = np.stack([A, B], axis=1), np.where(A > 0, classes[1], classes[0])

    assert model.classes == classes
    assert [type(each) for each in model.classes] == [type(each) for each in classes]
    predicted = model.predict(X)
    assert predicted.dtype.kind == y.dtype.kind
    accuracy = model.evaluate(X, y)["accuracy"]
    assert (predicted == y).mean() == pytest.approx(accuracy)
    assert accuracy > 0.9


@pytest.mark.parametrize("positive", [1, 1.0, True, "1", np.int8(1), np.float32(1)])
def test_a_class_may_be_given_as_any_type_that_means_it(trained, positive):
    model = trained([(A > 0).astype(int)])
    X, negative = np.stack([A, B], axis=1), type(positive)(0)
    expected = model.evaluate(X, (A > 0).astype(int))

    y = [positive if each else negative for each in A > 0]
    assert model.evaluate(X, y) == expected
    assert model.evaluate(X, np.array(y, object)) == expected
    assert model.evaluate(X, Frame(y=y, more=y)) == expected


def test_zeros_and_ones_mean_false_and_true(trained):
    model = trained([np.where(A > 0, "true", "false")])
    X = np.stack([A, B], axis=1)

    assert model.evaluate(X, (A > 0).astype(int)) == model.evaluate(X, A > 0)


@pytest.mark.parametrize(
    ("value", "what"), [(7, "'7' is a class of no training row"), (None, "'' is a missing value")]
)
def test_a_class_that_the_model_does_not_know_is_named_with_its_row(trained, value, what):
    model = trained([SIDE])
    y = np.array(SIDE, object)
    y[4] = value
    with pytest.raises(DataError) as caught:
        model.evaluate(np.stack([A, B], axis=1), y)
    assert caught.value.faults[0].startswith(f"X: row 5: y: {what}")


def test_several_targets_are_evaluated_in_the_order_of_training(trained):
    """The R2 of each column by hand, averaged as `mlptrain eval` does."""
    up, down = 3 * A + 10, 1e3 * B
    model = trained([up, down], "mse", ("up", "down"))
    X, Y = np.stack([A, B], axis=1), np.stack([up, down], axis=1)
    found = model.evaluate(X, Y)

    error = ((model.predict(X) - Y) ** 2).mean(axis=0)
    assert found["r2"] == pytest.approx(np.mean(1 - error / Y.var(axis=0)), rel=1e-6)
    assert found == model.evaluate(X, Y.astype(object)) == model.evaluate(X, Y.tolist())
    assert found == model.evaluate(X, Frame(down=down, up=up))
    with pytest.raises(DataError, match=r"y has shape \(60,\): \(N, 2\) is needed, for up, down"):
        model.evaluate(X, up)
    with pytest.raises(DataError, match="y has 59 rows, X has 60"):
        model.evaluate(X, Y[:59])
    with pytest.raises(DataError, match="y: up holds text"):
        model.evaluate(X, np.array([["a", "b"]] * 60))


def test_columns_of_true_and_false_may_be_handed_over_as_numbers(trained):
    flag = np.where(A > 0, "true", "false")
    model = trained([SIDE], more={"flag": flag})
    expected = model.scores(Frame(a=A, b=B, flag=A > 0))

    np.testing.assert_array_equal(model.scores(np.stack([A, B, A > 0], axis=1)), expected)
    np.testing.assert_array_equal(model.scores(Frame(a=A, b=B, flag=(A > 0) * 1)), expected)
    np.testing.assert_array_equal(model.scores(Frame(a=A, b=B, flag=flag)), expected)
    with pytest.raises(
        DataError, match=r"X: row 1: flag: 0.1257.* is not 1 or 0, and training had true and"
    ):
        model.scores(Frame(a=A, b=B, flag=A))


def test_no_rows_have_no_predictions(trained):
    model = trained([SIDE])

    for X in ([], np.empty((0, 2)), Frame(a=[], b=[])):
        assert model.predict(X).shape == (0,)
        assert model.predict_proba(X).shape == (0, 2)
    with pytest.raises(DataError, match="nothing to evaluate"):
        model.evaluate([], [])
    with pytest.raises(DataError, match=r"X has shape \(0, 3\)"):
        model.predict(np.empty((0, 3)))


def test_classes_of_one_value_written_in_two_ways_stay_text():
    assert typed(("1", "1.0")) == ("1", "1.0")
    assert typed(("True", "true")) == ("True", "true")


def test_a_model_says_what_it_is_on_one_line(trained):
    model = trained([SIDE])
    path = model.checkpoint.path

    figures = ", ".join(f"{name} {value:.6g}" for name, value in model.figures.items())
    start = f"<Model {path}: a, b -> y (2 classes: left, right); network 2-100-2; "
    start += f"epoch {model.checkpoint.progress().best_epoch}: "
    assert repr(model) == f"{start}{figures}>"
    assert "<td>2-100-2</td>" in model._repr_html_()
    assert repr(copy.deepcopy(model)) == repr(model)


@pytest.fixture(scope="module")
def dated(tmp_path_factory):
    """A model of a date in parts, and one of the same dates in another form; the file of each."""
    times = [datetime(2023, 1, 1) + timedelta(hours=37 * i) for i in range(60)]
    found = {}
    for form in ("%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M"):
        folder = tmp_path_factory.mktemp("dated")
        rows = [[format(time, form), a, time.hour] for time, a in zip(times, A, strict=True)]
        rows[7][0] = ""
        path = write(folder / "rows.csv", ["when", "a", "y"], rows)
        data = {"train": str(path), "target": "y", "dates": "parts", "missing": "mean"}
        data["columns"] = {"when": {"date": form}} if form.startswith("%d") else {}
        config = {"data": data, "loss": "mse", "model": {"hidden": [4]}, "train": {"epochs": 3}}
        found[form] = mlptrain.load(mlptrain.fit(config, out=folder / "run").best), path
    return {"times": times, **found}


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M"])
@pytest.mark.parametrize("kind", ["text", "datetime64", "objects", "zoned"])
def test_dates_of_a_data_frame_are_those_of_the_file(dated, form, kind, monkeypatch):
    (model, path), times = dated[form], dated["times"]
    monkeypatch.setattr(pieces, "PIECE", 256)
    expected = invoke("predict", model.path.parent, path).stdout.splitlines()[1:]
    east = timezone(timedelta(hours=2))
    values = {
        "text": np.array([format(time, form) for time in times]),
        "datetime64": np.array(times, "datetime64[us]"),
        "objects": np.array(times, object),
        "zoned": np.array([time.replace(tzinfo=UTC).astimezone(east) for time in times], object),
    }[kind]
    values[7] = "NaT" if kind == "datetime64" else "" if kind == "text" else None
    assert np.ravel(model.predict(Frame(when=values, a=A))).tolist() == [*map(float, expected)]


def test_what_is_no_date_or_no_place_for_one_is_said(dated):
    model, _ = dated["%Y-%m-%d %H:%M"]
    with pytest.raises(DataError, match="X: row 2: when: 'soon' is not a date"):
        model.predict(Frame(when=["2024-01-01", "soon"], a=[1.0, 2.0]))
    with pytest.raises(DataError, match="X: column 'a' holds dates, training had numbers"):
        model.predict(Frame(when=["2024-01-01"], a=np.array(["2024-01-01"], "datetime64[D]")))

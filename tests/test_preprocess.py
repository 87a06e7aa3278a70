"""Preprocessing: what is fitted, that it is applied alike everywhere, and that it survives JSON."""

import json
from calendar import monthrange
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from helpers import load_data
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from mlptrain.data.dataset import Dataset
from mlptrain.data.load import load_rows
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.preprocessing.targets import balanced, class_masses
from mlptrain.errors import CheckpointError, DataError


def fit(path: Path, content: str, **settings: Any) -> Dataset:
    path.write_text(content)
    return load_data(str(path), **settings)


def apply(data: Dataset, path: Path, content: str) -> np.ndarray:
    path.write_text(content)
    return load_rows(str(path), data.preprocessing, target_needed=False, dtype=np.float64)[
        0
    ].inputs.numbers


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "t.csv"


NORMAL = np.random.default_rng(0).normal(5, [3, 0.01], size=(200, 2))
NORMAL_CSV = "a,b,y\n" + "".join(f"{a!r},{b!r},{i % 2}\n" for i, (a, b) in enumerate(NORMAL.tolist()))


@pytest.mark.parametrize(
    ("scale", "scaler"), [("standard", StandardScaler()), ("minmax", MinMaxScaler())]
)
def test_scaling_equals_scikit_learns(csv: Path, scale: str, scaler: Any) -> None:
    X = fit(csv, NORMAL_CSV, scale=scale).train.inputs.numbers
    assert np.allclose(X, scaler.fit_transform(NORMAL), rtol=1e-11, atol=1e-11)


def test_robust_scaling_is_scikit_learns_with_a_smooth_clip(csv: Path) -> None:
    z = RobustScaler().fit_transform(NORMAL)
    X = fit(csv, NORMAL_CSV, scale="smooth_clip").train.inputs.numbers
    assert np.allclose(X, z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-11, atol=1e-11)


def test_robust_scaling_of_equal_quartiles_uses_half_the_range(csv: Path) -> None:
    X = fit(csv, "a,y\n" + "0,p\n0,q\n" * 5 + "8,p\n", scale="smooth_clip").train.inputs.numbers
    assert X[-1, 0] == pytest.approx(2 / np.sqrt(1 + (2 / 3) ** 2))


def test_statistics_come_from_the_training_rows_only(csv: Path) -> None:
    data = fit(csv, NORMAL_CSV, val=0.25, test=0.25)
    assert data.val is not None
    assert np.allclose(data.train.inputs.numbers.mean(axis=0), 0, atol=1e-12)
    assert abs(data.val.inputs.numbers.mean()) > 1e-3


@pytest.mark.parametrize("scale", ["standard", "minmax", "smooth_clip"])
def test_a_constant_column_becomes_zero_with_a_note(csv: Path, scale: str) -> None:
    data = fit(csv, "a,b,y\n0.1,1,p\n0.1,2,q\n0.1,4,p\n", scale=scale)
    assert data.train.inputs.numbers[:, 0].tolist() == [0, 0, 0]
    assert data.notes == ("a is 0.1 in every training row, so it is ignored",)
    assert apply(data, csv, "a,b\n7,1\n")[0, 0] == 0


def test_many_constant_columns_are_one_note(csv: Path) -> None:
    names = ",".join(f"c{i}" for i in range(9))
    data = fit(csv, f"{names},a,y\n" + "".join(f"{'5,' * 9}{i},{'pq'[i % 2]}\n" for i in range(4)))
    expected = (
        "9 columns are constant in training, so they are ignored: c0, c1, c2, c3, c4, c5 and 3 more"
    )
    assert data.notes == (expected,)


def test_a_filled_value_is_that_of_the_training_rows(csv: Path) -> None:
    data = fit(csv, "a,y\n1,p\n2,q\n6,p\n,q\n", missing="median", scale="none")
    assert data.train.inputs.numbers.ravel().tolist() == [1, 2, 6, 2]
    assert apply(data, csv, "a\n100\n?\n").ravel().tolist() == [100, 2]


def test_an_indicator_column_says_where_a_value_was_missing(csv: Path) -> None:
    content = "a,b,y\n1,5,p\n,6,q\n3,7,p\n"
    data = fit(csv, content, missing={"policy": "mean", "indicator": True}, scale="none")
    assert data.features == ("a", "a missing", "b")
    assert data.train.inputs.numbers.tolist() == [[1, 0, 5], [2, 1, 6], [3, 0, 7]]


def test_drop_takes_rows_in_fit_and_refuses_them_in_predict(csv: Path) -> None:
    data = fit(csv, "a,c,y\n1,u,p\n,u,q\n3,,p\n4,v,q\n", missing="drop", scale="none")
    assert data.train.inputs.numbers.tolist() == [[1, 1, 0], [4, 0, 1]]
    with pytest.raises(DataError, match="which gives no prediction for them: fill them in"):
        apply(data, csv, "a,c\n,u\n")


def test_categories_become_one_column_each(csv: Path) -> None:
    data = fit(csv, "c,a,y\nred,1,p\nblue,2,q\nred,3,p\n", scale="none")
    assert data.features == ("c=blue", "c=red", "a")
    assert data.train.inputs.numbers.tolist() == [[0, 1, 1], [1, 0, 2], [0, 1, 3]]


def test_an_unseen_category_is_named_with_its_row(csv: Path) -> None:
    data = fit(csv, "c,y\nred,p\nblue,q\nred,p\n")
    with pytest.raises(DataError, match=r":3: c: 'green' is not among the categories .*\(blue, red\)"):
        apply(data, csv, "c\nred\ngreen\n")


def test_unseen_and_missing_categories_are_zeros_where_asked(csv: Path) -> None:
    zeros = {"encode": "one_hot", "unseen": "zeros", "missing": "zeros"}
    data = fit(csv, "c,y\nred,p\nblue,q\nred,p\n", categorical=zeros)
    csv.write_text("c\nblue\ngreen\nNA\n")
    rows, notes = load_rows(str(csv), data.preprocessing, target_needed=False, dtype=np.float64)
    assert rows.inputs.numbers.tolist() == [[1, 0], [0, 0], [0, 0]]
    assert notes == (
        f"{csv}: 1 missing value of c treated as none",
        f"{csv}: 1 unseen value of c treated as none: 'green' (1)",
    )


def test_whole_numbers_can_be_categories(csv: Path) -> None:
    settings = {"categorical": {"columns": ["c"]}}
    data = fit(csv, "c,y\n10,p\n9,q\n10,p\n", **settings)
    assert (data.features, data.train.inputs.numbers.tolist()) == (
        ("c=9", "c=10"),
        [[0, 1], [1, 0], [0, 1]],
    )


def test_a_category_is_the_same_when_a_new_file_holds_only_its_numbers(csv: Path) -> None:
    data = fit(csv, "c,y\n12,p\nA,q\nB,q\n12,p\nC,q\n")
    assert apply(data, csv, "c\n12\n12\n").tolist() == [[1, 0, 0, 0]] * 2


@pytest.mark.parametrize("scale", ["standard", "minmax", "smooth_clip"])
def test_a_column_that_differs_by_rounding_only_is_constant(csv: Path, scale: str) -> None:
    """0.1 + 0.2 is 0.30000000000000004; scikit-learn makes such a column 0 as well (PR 19788)."""
    values = ["0.3" if i % 3 else "0.30000000000000004" for i in range(60)]
    rows = "".join(f"{value},{i},{'pq'[i % 2]}\n" for i, value in enumerate(values))
    data = fit(csv, "a,b,y\n" + rows, scale=scale)
    assert data.notes == ("a is 0.3 in every training row, so it is ignored",)
    assert apply(data, csv, "a,b\n0.31,1\n-1e9,1\n")[:, 0].tolist() == [0, 0]


def test_a_column_of_large_numbers_that_differ_by_one_is_not_constant(csv: Path) -> None:
    rows = "".join(f"{10**12 + i % 2},{'pq'[i % 2]}\n" for i in range(60))
    assert fit(csv, "a,y\n" + rows).train.inputs.numbers[:2, 0].tolist() == [-1, 1]


@pytest.mark.parametrize("scale", ["standard", "minmax", "smooth_clip", "none"])
def test_booleans_are_not_scaled(csv: Path, scale: str) -> None:
    X = fit(csv, "a,y\ntrue,p\nfalse,q\ntrue,p\n", scale=scale).train.inputs.numbers
    assert X.ravel().tolist() == [1, 0, 1]


def test_dates_become_days_or_are_left_out(csv: Path) -> None:
    content = "d,a,y\n1970-01-03,1,p\n1970-01-01,2,q\n1970-01-02,3,p\n"
    assert fit(csv, content, dates="number", scale="none").train.inputs.numbers[:, 0].tolist() == [
        2,
        0,
        1,
    ]
    left_out = fit(csv, content, dates="ignore")
    assert (left_out.features, left_out.notes) == (("a",), ("d holds dates and is ignored",))


def test_a_date_in_parts_is_a_number_and_points_on_the_circles_of_year_week_and_day(csv: Path) -> None:
    times = ["2024-02-29 06:00", "2023-12-31 23:45", "", "2021-07-04 00:00"]
    content = "d,y\n" + "".join(f"{time},{y}\n" for time, y in zip(times, "pqpq", strict=True))
    how = {"scale": "none", "missing": {"policy": "mean", "indicator": True}}
    data = fit(csv, content, dates="parts", **how)
    waves = [f"d {part} {wave}" for part in ("month", "weekday", "hour") for wave in ("sine", "cosine")]
    assert data.features == ("d", "d missing", *waves)
    X = data.train.inputs.numbers
    assert X[2, 1:].tolist() == [1, 0, 0, 0, 0, 0, 0]
    for row, text in enumerate(times):
        if text:
            time = datetime.fromisoformat(text)
            length = monthrange(time.year, time.month)[1]
            month = (time.month - 1 + (time.day - 1) / length) / 12
            turns = [month, time.weekday() / 7, (time.hour + time.minute / 60) / 24]
            points = [wave(2 * np.pi * turn) for turn in turns for wave in (np.sin, np.cos)]
            np.testing.assert_allclose(X[row, 2:], points, rtol=0, atol=1e-9)
    days = fit(csv, content, dates="number", **how).train.inputs.numbers
    assert X[:, :2].tobytes() == days.tobytes()


def test_parts_that_are_the_same_in_all_training_rows_are_left_out(csv: Path) -> None:
    content = "d,e,y\n2024-01-01,2024-01-05,p\n2024-02-05,2024-01-06,q\n2024-03-04,2024-01-07,p\n"
    columns = {"e": {"dates": "number"}}
    assert fit(csv, content, dates="parts", columns=columns).features == (
        *("d", "d month sine", "d month cosine"),
        "e",
    )


def test_the_polar_transform_comes_before_scaling(csv: Path) -> None:
    content = "a,b,y\n3,4,p\n0,-2,q\n-1,0,p\n"
    data = fit(csv, content, transform="polar", scale="none")
    assert data.features == ("r", "theta")
    expected = [[5, np.arctan2(4, 3)], [2, -np.pi / 2], [1, np.pi]]
    assert np.allclose(data.train.inputs.numbers, expected, rtol=1e-15)
    scaled = fit(csv, content, transform="polar", scale="minmax")
    assert scaled.train.inputs.numbers[:, 0].tolist() == [1, 0.25, 0]


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ("10 9 9 10", ("9", "10")),
        ("10 9 9.0 10 9 9.0", ("9", "9.0", "10")),
        ("b a b a", ("a", "b")),
        ("True False True False", ("False", "True")),
        ("01 02 3 01 02 3", ("01", "02", "3")),
        ("12E4 12E5 12E4 12E5", ("12E4", "12E5")),
        (
            "12345678901234567890 12345678901234567891 12345678901234567890",
            ("12345678901234567890", "12345678901234567891"),
        ),
        ("10 x 9 x", ("10", "9", "x")),
    ],
)
def test_classes_are_in_numeric_order_else_sorted(
    csv: Path, values: str, classes: tuple[str, ...]
) -> None:
    rows = "".join(f"{i},{value}\n" for i, value in enumerate(values.split()))
    assert fit(csv, "a,y\n" + rows).classes == classes


@pytest.mark.parametrize(
    ("known", "written", "place"),
    [
        ("11 12 11", "11.0", 0),
        ("011 012 011", "12", 1),
        ("True False True", "true", 1),
        ("yes no yes", " yes ", 1),
        ("120000 5 120000", "12E4", 1),
    ],
)
def test_another_spelling_of_one_class_is_that_class(
    csv: Path, known: str, written: str, place: int
) -> None:
    rows = [f"{i},{value}\n" for i, value in enumerate(known.split())]
    data = fit(csv, "a,y\n" + "".join(rows))
    csv.write_text(f"a,y\n1,{written}\n")
    new, _ = load_rows(str(csv), data.preprocessing, target_needed=True, dtype=np.float64)
    assert new.y.tolist() == [place]


def test_a_spelling_that_could_be_two_classes_is_none_of_them(csv: Path) -> None:
    data = fit(csv, "a,y\n1,7\n2,07\n3,7\n4,07\n")
    csv.write_text("a,y\n1,7.0\n")
    with pytest.raises(DataError, match=r"y: '7.0' is a class of no training row \(07, 7\)"):
        load_rows(str(csv), data.preprocessing, target_needed=True, dtype=np.float64)


def test_a_parquet_file_meets_the_classes_of_a_csv(csv: Path) -> None:
    data = fit(csv, "a,y\n1,True\n2,False\n3,True\n")
    file = csv.with_suffix(".parquet")
    pl.DataFrame({"a": [1.0, 2.0], "y": [True, False]}).write_parquet(file)
    new, _ = load_rows(str(file), data.preprocessing, target_needed=True, dtype=np.float64)
    assert (data.classes, new.y.tolist()) == (("False", "True"), [1, 0])


def test_a_class_of_no_training_row_is_an_error(csv: Path, tmp_path: Path) -> None:
    (tmp_path / "val.csv").write_text("a,y\n1,p\n2,fish\n")
    with pytest.raises(
        DataError, match=r"val\.csv:3: y: 'fish' is a class of no training row \(p, q\)"
    ):
        fit(csv, "a,y\n1,p\n2,q\n3,p\n", val=str(tmp_path / "val.csv"))


def test_a_regression_target_is_scaled_and_comes_back_in_its_own_unit(csv: Path) -> None:
    data = fit(csv, "a,y,z\n1,10,5\n2,30,7\n", target=["y", "z"], classify=False)
    assert (data.targets, data.classes, data.train.y.tolist()) == (("y", "z"), None, [[-1, -1], [1, 1]])
    assert data.preprocessing.inverse_target(np.array([[2.0, 0.0]])).tolist() == [[40, 6]]


def test_an_unscaled_target_stays_as_it_is(csv: Path) -> None:
    data = fit(csv, "a,y\n1,10\n2,30\n", classify=False, scale_target="none")
    assert data.train.y.tolist() == [[10], [30]]


def test_row_weights_are_carried_along(csv: Path) -> None:
    data = fit(csv, "a,w,y\n1,0,p\n2,0.5,q\n3,2,p\n", weight="w")
    assert data.features == ("a",)
    assert data.train.weights is not None
    assert data.train.weights.tolist() == [0, 0.5, 2]


def test_columns_are_found_by_name_in_any_order(csv: Path) -> None:
    data = fit(csv, "a,b,c,y\n1,20,u,p\n2,30,v,q\n3,50,u,p\n")
    straight = apply(data, csv, "a,b,c\n5,6,u\n7,8,v\n")
    shuffled = apply(data, csv, "extra,c,b,a\nx,u,6,5\nx,v,8,7\n")
    assert straight.tobytes() == shuffled.tobytes()


def test_an_absent_column_is_an_error_with_the_nearest_name(csv: Path) -> None:
    data = fit(csv, "price,y\n1,p\n2,q\n3,p\n")
    with pytest.raises(DataError, match="no column 'price', did you mean 'prize'"):
        apply(data, csv, "prize\n5\n")


def test_unused_columns_are_noted(csv: Path) -> None:
    data = fit(csv, "a,y\n1,p\n2,q\n3,p\n")
    csv.write_text("id,a,more\n5,1,x\n")
    _, notes = load_rows(str(csv), data.preprocessing, target_needed=False, dtype=np.float64)
    assert notes == (f"{csv}: 2 columns not used: id, more",)


def test_a_column_of_another_kind_is_an_error(csv: Path) -> None:
    data = fit(csv, "a,y\n1,p\n2,q\n3,p\n")
    with pytest.raises(DataError, match="column 'a' holds true and false, training had numbers"):
        apply(data, csv, "a\ntrue\n")


def test_X_is_contiguous_in_the_dtype_of_the_network(csv: Path) -> None:
    X = fit(csv, NORMAL_CSV, dtype=np.float32).train.inputs.numbers
    assert (X.dtype, X.flags.c_contiguous) == (np.float32, True)


MIXED = (
    "n,c,t,d,y\n1.5,u,true,2024-01-01,p\n,v,false,2024-01-02,q\n"
    "2.5,u,,2024-02-01,p\n9,w,true,2024-03-01,q\n"
)
MIXED_SETTINGS = {
    "missing": {"policy": "mean", "indicator": True},
    "dates": "parts",
    "scale": "smooth_clip",
}


def test_json_keeps_every_bit(csv: Path) -> None:
    data = fit(csv, MIXED, **MIXED_SETTINGS)
    document = json.loads(json.dumps(data.preprocessing.to_json(), allow_nan=False))
    again = Preprocessing.from_json(document)
    assert again == data.preprocessing
    rows, _ = load_rows(str(csv), again, target_needed=True, dtype=np.float64)
    assert rows.inputs.numbers.tobytes() == data.train.inputs.numbers.tobytes()
    assert rows.y.tolist() == data.train.y.tolist()


def damaged(document: Any) -> list[Any]:
    """Every document in which one value is replaced by one of another type, or left out."""
    found = []
    if isinstance(document, dict | list):
        keys = list(document) if isinstance(document, dict) else range(len(document))
        for key in keys:
            for other in [{}, 1e999, "nonsense", *damaged(document[key])]:
                changed = document.copy()
                changed[key] = other
                found.append(changed)
    return found


def test_a_damaged_document_is_a_checkpoint_error_or_still_whole(csv: Path) -> None:
    document = fit(csv, MIXED, **MIXED_SETTINGS).preprocessing.to_json()
    refused = 0
    for changed in [None, [], {}, 1, *damaged(document)]:
        try:
            Preprocessing.from_json(changed).to_json()
        except CheckpointError as error:
            refused += "\n" not in str(error)
    assert refused > 100


def grades(rows: int = 40) -> pl.DataFrame:
    """A class and a number, columns that are them in other words, and some that are not."""
    i = np.arange(rows)
    number = 20 + (i * 7 % rows) / 3  # all different
    return pl.DataFrame(
        {
            "grade": [("low", "middle", "high")[k % 3] for k in i],
            "code": (3 - i % 3) * 10,
            "letter": [("l", None, "h")[k % 3] for k in i],  # a blank is a value as well
            "coarse": i % 3 // 2,  # what tells less than everything is no code
            "finer": i % 6,
            "celsius": number,
            "fahrenheit": number * 1.8 + 32,
            "minus_log": -np.log(number),
            "noise": np.random.default_rng(0).normal(size=rows),  # all different too, in no order
        }
    )


@pytest.mark.parametrize(
    ("target", "classify", "found"),
    [("grade", True, "code, letter"), ("celsius", False, "fahrenheit, minus_log")],
)
def test_a_column_that_is_the_target_in_other_words_is_named(
    tmp_path: Path, target: str, classify: bool, found: str
) -> None:
    settings = {"target": target, "classify": classify, "categorical": {"missing": "zeros"}}
    notes = fit(tmp_path / "t.csv", grades().write_csv(), **settings).notes

    said = [note for note in notes if "one to one" in note]
    assert len(said) == 1
    assert f"{found} and the target {target} tell each other" in said[0]
    assert said[0].endswith(f"data.ignore: [{found}]")


def test_a_curve_through_one_column_is_no_giveaway_but_a_copy_is(tmp_path: Path) -> None:
    curve = "x,y\n" + "".join(f"{i},{i * i}\n" for i in range(30))
    copy = "x,y\n" + "".join(f"{i},{i}\n" for i in range(30))
    few = "x,y\n" + "".join(f"{i},{i}\n" for i in range(10))

    said = [fit(tmp_path / "t.csv", text, classify=False).notes for text in (curve, copy, few)]
    assert ["one to one" in " ".join(notes) for notes in said] == [False, True, False]


def test_balanced_weights_are_scikit_learns() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    y = np.array([0, 0, 0, 1, 2, 2])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=y)
    assert np.allclose(balanced(class_masses(y, 3), ["a", "b", "c"]), expected)


def test_balanced_counts_a_row_of_weight_2_as_two_rows() -> None:
    """scikit-learn#30056: the class weights are those of the rows written out."""
    y, w = np.array([0, 0, 1, 1, 1]), np.array([9.0, 3.0, 1.0, 0.0, 2.0])
    repeated = np.repeat(y, w.astype(int))
    found = balanced(class_masses(y, 2, w), ["p", "n"])
    assert np.array_equal(found, balanced(class_masses(repeated, 2), ["p", "n"]))
    assert np.allclose(found, [15 / (2 * 12), 15 / (2 * 3)])


def test_a_class_whose_rows_weigh_nothing_cannot_be_balanced() -> None:
    masses = class_masses(np.array([0, 1, 1]), 2, np.array([1.0, 0.0, 0.0]))
    with pytest.raises(DataError, match="no training row of yes has a weight above 0"):
        balanced(masses, ["no", "yes"])


COLUMNS = st.permutations(["n", "c", "t", "d", "y"])


@pytest.mark.slow
@settings(max_examples=30)  # of 120
@given(COLUMNS)
def test_no_order_of_columns_changes_the_matrix(
    tmp_path_factory: pytest.TempPathFactory, order: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("t")
    data = fit(folder / "t.csv", MIXED, **MIXED_SETTINGS)
    shuffled = pl.read_csv(folder / "t.csv", infer_schema=False).select(order)
    shuffled.write_csv(folder / "s.csv")
    rows, _ = load_rows(str(folder / "s.csv"), data.preprocessing, target_needed=True, dtype=np.float64)
    assert rows.inputs.numbers.tobytes() == data.train.inputs.numbers.tobytes()

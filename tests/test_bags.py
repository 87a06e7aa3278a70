"""The directory of folds as one model: the average of what its members predict."""

import copy
import json
import re
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from runs import faults, invoke, write_config
from sklearn import metrics
from tables import read, write

import mlptrain
from mlptrain.storage.archive import read_archive, write_archive

ROWS = [
    [(i * 37 % 11) / 10, "abcd"[i % 4] if i else "rare", "xyz"[i % 3], i / 4 - 3] for i in range(48)
]
HEADER = ["u", "letter", "kind", "size"]


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("bags") / "rows.csv", HEADER, ROWS)


def trained(table: Path, target: str, loss: str, **data) -> Path:
    """Three folds that validate on the rows they held out."""
    other = ({"kind", "size"} - {target}).pop()
    settings = {
        "data": {"train": str(table), "target": target, "ignore": [other], "val": 0, "test": 0, **data},
        "loss": loss, "model": {"hidden": [5]}, "train": {"epochs": 3, "folds": 3},
    }  # fmt: skip
    config = write_config(table.parent / f"{target}-{loss}.yaml", settings)
    out = table.parent / f"{target}-{loss}"
    result = invoke("fit", config, "--out", out, "--quiet")
    assert result.exit_code == 0, result.stderr
    return out


@pytest.fixture(scope="module")
def bag(table) -> Path:
    return trained(table, "kind", "softmax")


@pytest.fixture(scope="module")
def numbers(table) -> Path:
    return trained(table, "size", "mae")


X = pl.DataFrame({"u": [0.3, 0.9, 0.1], "letter": ["a", "b", "rare"]})


def test_probabilities_of_the_members_are_averaged(bag):
    members = [mlptrain.load(bag / f"fold-{number}") for number in (1, 2, 3)]
    expected = np.mean([member.predict_proba(X) for member in members], axis=0)
    model = mlptrain.load(bag)
    assert np.abs(model.predict_proba(X) - expected).max() < 1e-15
    assert model.predict(X).tolist() == [model.classes[c] for c in expected.argmax(axis=1)]
    assert (copy.deepcopy(model).scores(X) == model.scores(X)).all()


def test_predictions_of_a_regression_are_averaged_in_its_own_unit(numbers):
    members = [mlptrain.load(numbers / f"fold-{number}") for number in (1, 2, 3)]
    assert len({member.preprocessing.target.mean for member in members}) == 3
    expected = np.mean([member.predict(X) for member in members], axis=0)
    assert mlptrain.load(numbers).predict(X) == pytest.approx(expected, rel=1e-12)


def test_predict_and_eval_of_a_file_are_those_of_the_average(bag, table):
    result = invoke("predict", bag, table, "--proba")
    lines = [line.split(",") for line in result.stdout.splitlines()]
    assert lines[0] == ["kind", "proba_x", "proba_y", "proba_z"]
    p, y = np.array([line[1:] for line in lines[1:]], float), [row[2] for row in ROWS]
    found = json.loads(invoke("eval", bag, "--data", table, "--json").stdout)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(y, p), rel=1e-9)
    winners = [line[0] for line in lines[1:]]
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(y, winners))
    model = mlptrain.load(bag)
    again = model.evaluate(pl.DataFrame([row[:2] for row in ROWS], HEADER[:2], orient="row"), y)
    assert again["log_loss"] == pytest.approx(found["log_loss"], rel=1e-12)


def test_figures_out_of_fold_are_those_of_the_member_that_did_not_see_a_row(bag):
    found = json.loads(invoke("eval", bag, "--json").stdout)
    _, rows = read(bag / "out_of_fold.csv")
    assert (found["split"], found["rows"]) == ("out of fold", len(ROWS))
    p = np.array([row[4:] for row in rows], float)
    assert found["log_loss"] == pytest.approx(metrics.log_loss([row[2] for row in rows], p), rel=1e-9)
    summary = json.loads((bag / "folds.json").read_text())
    assert summary["out_of_fold"] == {name: found[name] for name in summary["out_of_fold"]}


def test_where_no_rows_validate_the_fold_does(bag):
    record = json.loads((bag / "fold-2" / "metrics.jsonl").read_text().splitlines()[-1])
    assert record["val_loss"] is not None
    found = json.loads(invoke("eval", bag / "fold-2", "--json").stdout)
    assert (found["split"], found["rows"]) == ("val", 16)


def test_a_rare_category_is_known_to_the_average_and_a_new_one_to_nobody(bag, tmp_path):
    """`rare` stands in one row, which some member never saw; `unseen: error` is the default."""
    seen = ["rare" in str(mlptrain.load(bag / f"fold-{n}").preprocessing.columns) for n in (1, 2, 3)]
    assert set(seen) == {True, False}
    new = write(tmp_path / "new.csv", HEADER[:2], [[0.5, "rare"]])
    assert invoke("predict", bag, new).exit_code == 0
    write(new, HEADER[:2], [[0.5, "nowhere"]])
    result = invoke("predict", bag, new)
    assert result.exit_code == 3
    assert "'nowhere' is not among the categories" in faults(result)[0]


@pytest.mark.slow
def test_pages_and_pictures_are_of_all_folds(bag, numbers):
    pytest.importorskip("matplotlib")
    for run, kind in ((bag, "confusion"), (numbers, "predictions")):
        assert invoke("plot", run, "--kind", kind).exit_code == 0
        assert invoke("report", run).exit_code == 0
        text = (run / "report.html").read_text()
        assert "48 rows, each predicted by the member that did not see it" in text
        assert "fold-3" in text


def test_show_has_the_best_epoch_of_each_member_and_a_config_that_repeats_them(bag, tmp_path):
    lines = invoke("show", bag).stdout
    assert all(f"fold {number}" in lines for number in (1, 2, 3))
    config = tmp_path / "again.yaml"
    config.write_text(invoke("show", bag, "--config").stdout)
    assert invoke("fit", config, "--out", tmp_path / "again", "--quiet").exit_code == 0
    again = (tmp_path / "again" / "out_of_fold.csv").read_bytes()
    assert again == (bag / "out_of_fold.csv").read_bytes()


def test_an_average_of_some_of_the_folds_is_refused(bag, tmp_path):
    shutil.copytree(bag, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "fold-3")
    result = invoke("predict", tmp_path / "run", "rows.csv")
    assert result.exit_code == 2
    assert faults(result) == [
        f"{tmp_path}/run/fold-3: is missing; resume it with mlptrain fit CONFIG --folds 3 "
        f"--resume {tmp_path}/run"
    ]


def test_members_that_predict_other_things_have_no_average(bag, numbers, tmp_path):
    shutil.copytree(bag, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "fold-2")
    shutil.copytree(numbers / "fold-2", tmp_path / "run" / "fold-2")
    result = invoke("show", tmp_path / "run")
    assert result.exit_code == 5
    assert "its member 2 has other targets than the first" in faults(result)[0]


# --- one file ---


@pytest.fixture(scope="module")
def packed(bag) -> Path:
    out = bag.parent / "model.npz"
    assert invoke("pack", bag, "-o", out).exit_code == 0
    return out


def test_a_packed_model_says_what_the_directory_says(bag, packed, table):
    for words in (["eval"], ["eval", "--data", table], ["predict", table, "--proba"]):
        command, *rest = words
        first, second = (invoke(command, model, *rest).stdout for model in (bag, packed))
        if words == ["eval"]:
            first = re.sub("linear model: .*\n", "", first)  # folds.json has its figures
        assert first.replace(str(bag), "M") == second.replace(str(packed), "M") != ""
    assert (mlptrain.load(packed).scores(X) == mlptrain.load(bag).scores(X)).all()
    assert "fold 3" in invoke("show", packed).stdout
    assert not [name for name in np.load(packed) if "optimizer" in name]


def test_the_bytes_of_a_packed_model_are_a_function_of_its_members(bag, packed, tmp_path):
    invoke("pack", bag, "-o", tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == packed.read_bytes()


def test_a_packed_model_begins_no_run(bag, packed):
    result = invoke("fit", bag / "fold-1" / "config.yaml", "--init-from", packed)
    assert result.exit_code == 5
    assert "holds several members, which only predict" in faults(result)[0]


@pytest.mark.parametrize("place", [20, 0.3, 0.5, 0.8, -10])
def test_a_flipped_bit_of_a_packed_model_is_refused(packed, tmp_path, place):
    content = bytearray(packed.read_bytes())
    content[place if isinstance(place, int) else int(place * len(content))] ^= 4
    (tmp_path / "bad.npz").write_bytes(content)
    assert invoke("show", tmp_path / "bad.npz").exit_code == 5


def moved(arrays, document):
    arrays["member4/layer1.W"] = arrays.pop("member1/layer1.W")


@pytest.mark.parametrize(
    "mistake",
    [
        lambda arrays, document: document.update(members=2),
        lambda arrays, document: document.update(members=10**9),
        lambda arrays, document: document.update(members=True),
        lambda arrays, document: document.update(each=document["each"] * 2, members=6),
        lambda arrays, document: document.update(each=[7] * 3),
        lambda arrays, document: document.update(shared=None),
        lambda arrays, document: document.update(more=1),
        lambda arrays, document: document["each"][0].update(document["shared"]),
        lambda arrays, document: document["each"].reverse(),
        lambda arrays, document: arrays.update(stray=np.zeros(3)),
        moved,
    ],
)
def test_a_packed_model_that_is_sealed_but_wrong_is_refused(packed, tmp_path, mistake):
    arrays, document = read_archive(packed)
    mistake(arrays, document)
    write_archive(tmp_path / "bad.npz", arrays, document)
    result = invoke("predict", tmp_path / "bad.npz", "rows.csv")
    assert result.exit_code == 5
    assert len(faults(result)) == 1


def test_a_refit_learns_from_all_rows_as_long_as_the_folds_found_best(bag, tmp_path):
    best = [each["best_epoch"] for each in json.loads((bag / "folds.json").read_text())["runs"]]
    result = invoke("fit", "--refit", bag, "--out", tmp_path / "run", "--json")
    assert result.exit_code == 0, result.stderr
    assert f"all rows for {round(np.mean(best))} epoch" in result.stderr
    found = json.loads(invoke("eval", tmp_path / "run", "--json").stdout)
    assert (found["split"], found["rows"]) == ("train", len(ROWS))
    summary = json.loads(result.stdout)
    assert summary["best_epoch"] == summary["epochs"] == round(np.mean(best))


def test_a_refit_has_the_config_of_its_folds(bag):
    result = invoke("fit", bag / "fold-1" / "config.yaml", "--refit", bag)
    assert result.exit_code == 2
    assert faults(result)[0].startswith("--refit RUN has the config of its folds")
    result = invoke("fit", "--refit", bag / "fold-1")
    assert "is no directory of folds" in faults(result)[0]


def test_a_packed_model_of_an_early_version_says_what_it_said_then():
    model = mlptrain.load(Path(__file__).parent / "golden" / "packed-v1.npz")
    then = [[0.302379, 0.697621], [0.520803, 0.479197]]
    assert model.predict_proba([[0.0, 1.0], [1.0, -0.5]]) == pytest.approx(np.array(then), abs=2e-6)

"""Embeddings in a network: what the node does; a run keeps, resumes and hands on its tables."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from helpers import changed
from runs import THIRTY, finish, interrupted_at

import mlptrain
from mlptrain.config import load_config
from mlptrain.errors import CheckpointError
from mlptrain.nn.embedding import Embedding
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron
from mlptrain.runs.fit import prepare, start_from
from mlptrain.runs.run import begin

pytestmark = pytest.mark.usefixtures("one_thread")

CITIES = [f"c{i:02}" for i in range(12)]


@pytest.fixture
def config(tmp_path: Path) -> Any:
    """THIRTY on a table of a number and two categories, its columns and rows in any order."""
    rng = np.random.default_rng(0)
    rows = [
        {"x": round(float(rng.normal()), 3), "city": city, "kind": "uvw"[i % 3]}
        for i, city in enumerate(rng.permutation(CITIES * 8).tolist())
    ]

    def config(
        columns: str = "x city kind", cities: dict[str, str] | None = None, **changes: Any
    ) -> Any:
        names, path = columns.split(), tmp_path / f"{columns}{len(cities or {})}.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*names, "y"])
            for i, row in enumerate(rows):
                row = {**row, "city": (cities or {}).get(row["city"], row["city"])}
                writer.writerow([*(row[name] for name in names), "pq"[(i // 2 + len(row["kind"])) % 2]])
        embedded = {name: {"encode": "embedding"} for name in ("city", "kind")}
        data = {"train": str(path), "val": 0.2, "test": 0, "columns": embedded}
        return changed(THIRTY, {"data": data, **changes})

    return config


def test_the_gradient_reaches_the_rows_that_a_minibatch_reads() -> None:
    table, codes = np.arange(8.0).reshape(4, 2), np.array([[9, 3], [9, 1], [9, 3]], np.int32)
    out, into = np.empty((3, 2)), np.full((4, 2), np.nan)
    node, upstream = Embedding(1), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    node.forward((table, codes), out, ())
    node.backward(upstream, (table, codes), out, (), [into, None])
    assert out.tolist() == [[6, 7], [2, 3], [6, 7]]
    assert into.tolist() == [[0, 0], [3, 4], [0, 0], [6, 8]]


def test_an_embedding_is_a_linear_layer_on_one_hot_inputs() -> None:
    rng = np.random.default_rng(1)
    X, codes = rng.normal(size=(9, 2)), rng.integers(0, (4, 6), (9, 2)).astype(np.int32)
    network = Network(perceptron(2, 3, tables=[(4, 3), (6, 2)]), LOSSES["softmax"](), dtype=np.float64)
    parameters = network.parameters
    parameters.values[...] = rng.normal(size=parameters.values.shape)
    one_hot = [np.eye(size)[codes[:, k]] for k, size in enumerate((4, 6))]
    vectors = [one_hot[k] @ parameters[f"embedding{k + 1}.table"].value for k in range(2)]
    expected = np.hstack([X, *vectors]) @ parameters["layer1.W"].value + parameters["layer1.b"].value
    np.testing.assert_allclose(network.scores([X, codes]), expected, rtol=1e-12)


def test_tables_start_at_random_and_row_0_at_0(config: Any) -> None:
    _, experiment, _ = begin(load_config(config()))
    tables = experiment.network.parameters.of_kind("embedding")
    assert [table.value.shape for table in tables] == [(13, 6), (4, 2)]
    drawn = np.concatenate([table.value[1:].ravel() for table in tables])
    assert not any(table.value[0].any() for table in tables)
    assert len(np.unique(drawn)) == drawn.size
    assert 0.7 < drawn.std() < 1.3


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 10])
def test_a_run_with_embeddings_resumes_bit_for_bit(config: Any, tmp_path: Path, step: int) -> None:
    every_step = config(**{"train.checkpoint_every": {"steps": 1}})
    whole = finish(prepare(every_step, out=tmp_path / "whole"))
    assert finish(interrupted_at(prepare(every_step, out=tmp_path / "run"), step)) == whole


def test_rows_of_one_category_have_the_same_scores_and_of_another_others(
    config: Any, tmp_path: Path
) -> None:
    made = config()
    result = mlptrain.fit(made, out=tmp_path / "run")
    model = mlptrain.load(result.best)
    rows = {"x": [0.5, 0.5, 0.5], "city": ["c03", "c07", "c03"], "kind": ["u", "u", "u"]}
    first, second, third = model.scores(pl.DataFrame(rows))
    assert first.tolist() == third.tolist() != second.tolist()


@pytest.mark.parametrize("refit", [False, True])
def test_a_warm_start_finds_tables_and_their_rows_by_name(
    config: Any, tmp_path: Path, refit: bool
) -> None:
    source = mlptrain.fit(config(), out=tmp_path / "source").best
    before = mlptrain.load(source).network.parameters
    other = config("kind x city")
    key = start_from(source, refit_preprocessing=refit)
    _, experiment, _ = begin(load_config(other).model_copy(update={"init_from": key}))
    now, made = experiment.network.parameters, experiment.data.preprocessing
    if not refit:
        assert now.values.tolist() == before.values.tolist()
        return
    levels = {column.name: column.levels for column in made.columns if column.array == "codes"}
    assert list(levels) == ["kind", "city"]
    for place, city in enumerate(levels["city"], 1):
        row = before["embedding1.table"].value[1 + CITIES.index(city)]
        assert now["embedding2.table"].value[place].tolist() == row.tolist()
    old = ["x", *(f"city#{i}" for i in range(1, 7)), "kind#1", "kind#2"]
    assert sorted(old) == sorted(made.first_layer)
    for place, name in enumerate(made.first_layer):
        row = before["layer1.W"].value[old.index(name)]
        assert now["layer1.W"].value[place].tolist() == row.tolist()


def test_a_warm_start_on_a_category_without_a_row_is_refused(config: Any, tmp_path: Path) -> None:
    source = mlptrain.fit(config(cities={"c05": "c11"}), out=tmp_path / "source").best
    other = load_config(config("kind x city"))
    key = start_from(source, refit_preprocessing=True)
    with pytest.raises(CheckpointError, match="column 'city=c05' of the data is none of"):
        begin(other.model_copy(update={"init_from": key}))

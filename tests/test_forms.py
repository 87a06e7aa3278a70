"""The document of a checkpoint: every entry has its form, and what has another one is refused."""

import json

import numpy as np
import pytest
from helpers import changed
from runs import THIRTY, faults, finish, invoke

from mlptrain.errors import CheckpointError
from mlptrain.runs.fit import prepare
from mlptrain.runs.run import Run
from mlptrain.storage.archive import read_archive, write_archive
from mlptrain.storage.lock import is_held
from mlptrain.training.checkpoint_schema import FORMS, checked


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of a few steps, and what its last checkpoint holds."""
    out = tmp_path_factory.mktemp("forms") / "run"
    finish(prepare(changed(THIRTY, {"train.epochs": 1}), out=out))
    return out, *read_archive(out / "last.npz")


def test_every_entry_of_a_document_has_a_form(finished):
    optional = {"combination", "test"}  # of several members; of a model that a program was given
    assert set(FORMS) == set(finished[2]) | optional


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("architecture", "x"),
        ("architecture", {"inputs": "2", "outputs": 2}),
        ("architecture", {"inputs": 3, "outputs": 2}),
        ("architecture", {"inputs": 2, "outputs": 10**9}),
        ("class_weights", [1]),
        ("class_weights", ["a", "b"]),
        ("config", []),
        ("config", {"data": {"train": {"name": "moons"}}, "model": {"hidden": [10**7] * 3}}),
        ("config", {"data": {"train": {"name": "moons"}}, "loss": "mse"}),
        ("preprocessing", None),
        ("progress", {}),
    ],
    ids=repr,
)
def test_a_sealed_document_that_makes_no_sense_ends_with_5_and_one_line(finished, tmp_path, key, value):
    _, arrays, document = finished
    write_archive(tmp_path / "a.npz", arrays, {**document, key: value})
    result = invoke("show", tmp_path / "a.npz")

    assert result.exit_code == 5
    assert len(faults(result)) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("architecture", {"inputs": 2}),
        ("targets", [1]),
        ("metrics_bytes", -1),
        ("classes", [0, 1]),
        ("features", "x"),
        ("test", {"loss": "low"}),
    ],
    ids=repr,
)
def test_an_entry_of_another_form_is_refused_before_it_is_used(key, value):
    with pytest.raises(ValueError):
        checked(key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("updates", -1),
        ("updates", True),
        ("metrics_bytes", "0"),
        ("fingerprint", ["x"]),
        ("environment", "here"),
        ("record", {"epoch": "one"}),
        ("step", 2.5),
        ("rate_factor", None),
        ("poisoned", 3),
    ],
    ids=repr,
)
def test_a_run_is_not_resumed_from_such_a_document(finished, key, value):
    out, arrays, document = finished
    whole = (out / "last.npz").read_bytes()
    if key in document["progress"]:
        key, value = "progress", {**document["progress"], key: value}
    write_archive(out / "last.npz", arrays, {**document, key: value})
    result = invoke("fit", "--resume", out)
    with pytest.raises(CheckpointError) as refused:  # its traceback keeps alive what was opened
        Run.resumed(out)
    held = is_held(out)
    (out / "last.npz").write_bytes(whole)

    assert result.exit_code == 5
    assert len(faults(result)) == 1
    assert str(refused.value) == faults(result)[0]
    assert not held


def test_arrays_of_other_shapes_are_refused_before_a_network_is_made(finished, tmp_path, monkeypatch):
    _, arrays, document = finished
    write_archive(tmp_path / "a.npz", {**arrays, "layer1.W": arrays["layer1.W"][:1]}, document)
    monkeypatch.delattr("mlptrain.training.restore.network_for")
    result = invoke("show", tmp_path / "a.npz")

    assert result.exit_code == 5
    assert faults(result) == [f"{tmp_path}/a.npz: layer1.W is (1, 6), the model needs (2, 6)"]


def test_a_number_too_large_for_a_float_is_refused(finished, tmp_path):
    _, arrays, document = finished
    stored = document["preprocessing"]
    columns = [{**stored["columns"][0], "center": 10**400}, *stored["columns"][1:]]
    write_archive(
        tmp_path / "a.npz", arrays, {**document, "preprocessing": {**stored, "columns": columns}}
    )
    result = invoke("show", tmp_path / "a.npz")

    assert result.exit_code == 5
    assert len(faults(result)) == 1


def test_an_overflowing_network_is_evaluated_without_a_warning(finished, tmp_path):
    """Finite parameters, infinite scores: a null in the result, not words of NumPy on stderr."""
    _, arrays, document = finished
    huge = {
        name: np.full_like(each, 3e38) if name.endswith(".W") else each for name, each in arrays.items()
    }
    write_archive(tmp_path / "a.npz", huge, document)
    result = invoke("eval", tmp_path / "a.npz", "--json")

    assert result.exit_code == 0
    assert "Warning" not in result.stderr
    found = json.loads(result.stdout)
    assert found["loss"] is found["confusion_matrix"] is found["per_class"] is None

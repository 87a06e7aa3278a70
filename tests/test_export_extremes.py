"""Numbers that are not scaled make large scores: exported files are as near as rounding lets them."""

import shutil
import subprocess

import numpy as np
import pytest

import mlptrain
from mlptrain.export import onnx_file
from mlptrain.export.export import export

N = 60
SIZES = [float(1000 * (i * 37 % 11)) for i in range(N)]
KIND = ["abc"[i * 37 % 11 % 3] for i in range(N)]
SETTINGS = {"hidden": [], "epochs": 4, "learning_rate": 0.1, "data__scale": "none"}


def trained(out, **more):
    return mlptrain.fit({"size": SIZES}, KIND, out=out, **SETTINGS, **more)


@pytest.mark.parametrize("folds", [None, 2])
def test_a_probability_of_0_is_none_that_onnx_does_not_know(tmp_path, folds):
    """Its logarithm is not finite, in no part of an ensemble."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    model = trained(tmp_path / "run", folds=folds)
    p = model.predict_proba({"size": SIZES})
    assert (p == 0).any()
    told = export(tmp_path / "run", tmp_path / "m.onnx").agreement
    assert told.rows == 1000
    assert told.holds


def test_an_answer_that_is_no_number_is_a_difference(tmp_path, monkeypatch):
    pytest.importorskip("onnx")
    model = trained(tmp_path / "run")
    nothing = {"label": np.array([""] * 1000), "probabilities": np.full((1000, 3), np.nan)}
    monkeypatch.setattr(onnx_file, "run", lambda data, feed: nothing)
    _, told = onnx_file.onnx_file(model, tmp_path / "m.onnx")
    assert told.difference == np.inf


@pytest.mark.slow
def test_margins_of_any_size_are_compared_relative_to_themselves(tmp_path):
    node = shutil.which("node") or pytest.skip("no node")
    model = trained(tmp_path / "run", loss="hinge")
    assert np.abs(model.scores({"size": SIZES})).max() > 1000
    for name in ("m.py", "m.mjs"):
        export(tmp_path / "run", tmp_path / name)
    subprocess.run([node, tmp_path / "m.mjs"], check=True, timeout=60)

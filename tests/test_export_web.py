"""The snippet of docs/export.md for onnxruntime-web predicts as the model, where it is there."""

import os
import shutil
import subprocess

import pytest
from test_docs import ROOT, between

import mlptrain
from mlptrain.export.export import export

PACKAGES = os.environ.get("MLPTRAIN_NODE_MODULES", "")
"""A node_modules with onnxruntime-web."""
ROW = {"island": "Biscoe", "bill_length_mm": 46.1, "bill_depth_mm": 13.2}
REST = {"flipper_length_mm": 211, "body_mass_g": 4500, "sex": None}


@pytest.mark.slow
@pytest.mark.skipif(not PACKAGES, reason="no MLPTRAIN_NODE_MODULES with onnxruntime-web")
def test_the_snippet_for_the_browser_predicts_as_the_model(tmp_path):
    node = shutil.which("node") or pytest.skip("no node")
    changes = {"data.train": str(ROOT / "data" / "penguins.csv"), "train.epochs": 3}
    run = mlptrain.fit(ROOT / "configs" / "penguins.yaml", set=changes, out=tmp_path / "run")
    export(run.directory.path, tmp_path / "model.onnx")
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    (tmp_path / "web.mjs").write_text(between(ROOT / "docs" / "export.md", "web.mjs"))
    words = [node, "web.mjs"]
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120)
    label, *p = ran.stdout.split()
    model = mlptrain.load(run.best)
    assert label == model.predict([ROW | REST])[0]
    assert list(map(float, p)) == pytest.approx(model.predict_proba([ROW | REST])[0], abs=1e-5)

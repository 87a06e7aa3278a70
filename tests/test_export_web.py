"""The snippet of docs/export.md for onnxruntime-web predicts as the model, where it is there."""

import os
import re
import shutil
import subprocess

import pytest
from browser import browsing
from runs import invoke
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


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_page_tests_itself_and_predicts_the_row_that_is_typed(tmp_path):
    table = {"</script>": [1.0, 2.0, 8.0, 9.0] * 10, "where": ["<!--a", "b"] * 20}
    y = ["cat", "cat", "dog", "dog"] * 10
    model = mlptrain.fit(table, y, preset="fast", out=tmp_path / "run")
    told = invoke("export", tmp_path / "run", "-o", tmp_path / "pets.html")
    assert told.exit_code == 0, told.stderr
    typed = """(() => {
      const [size, where] = document.querySelectorAll("input");
      size.value = "%s"; where.value = "<!--a";
      size.dispatchEvent(new Event("input", {bubbles: true}));
      return document.getElementById("answer").textContent;
    })()"""
    with browsing(CHROMIUM, tmp_path / "profile") as page:
        page.show(tmp_path / "pets.html")
        said = page.ask("document.getElementById('test').textContent")
        assert re.fullmatch(
            r"20 rows: largest difference \S+; this page predicts as mlptrain does.", said
        )
        for size in (1.5, 8.5):
            expected = model.predict({"</script>": [size], "where": ["<!--a"]})[0]
            assert page.ask(typed % size) == expected
        assert page.ask(typed % "x") == 'row 1: </script>: "x" is no number'
        assert page.requests() == [(tmp_path / "pets.html").as_uri()]


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_the_first_row_of_a_page_is_written_as_in_the_table_and_predicted(tmp_path):
    rows = "".join(f"${i % 9 + 0.25:.2f},{'cat' if i % 9 < 5 else 'dog'}\n" for i in range(60))
    (tmp_path / "pets.csv").write_text(f"price,pet\n{rows}")
    mlptrain.fit(tmp_path / "pets.csv", "pet", preset="fast", out=tmp_path / "run")
    told = invoke("export", tmp_path / "run", "-o", tmp_path / "pets.html")
    assert told.exit_code == 0, told.stderr
    with browsing(CHROMIUM, tmp_path / "profile") as page:
        page.show(tmp_path / "pets.html")
        assert page.ask("document.querySelector('input').value").endswith(" $")
        assert page.ask("document.getElementById('answer').textContent") in ("cat", "dog")

"""Categories that are numbers in a declared notation: exported files read them as a table has them."""

import json
import shutil
import subprocess
from importlib.util import module_from_spec, spec_from_file_location

import pytest

import mlptrain
from mlptrain.errors import DataError
from mlptrain.export.export import export

NOTATIONS = {
    "decimal comma": ({"decimal": ","}, ("1,5", "2,0", "3,25"), "1.5"),
    "thousands": ({"thousands": ".", "decimal": ","}, ("1.234", "2.000", "12"), "1234.5"),
    "unit": ({"unit": "€"}, ("5 €", "10 €", "7.50 €"), "5 $"),
    "duration": ({"duration": "m:s"}, ("1:30", "2:00", "0:45"), "90"),
}


@pytest.fixture(params=NOTATIONS)
def priced(request, tmp_path):
    """A run on a column of categories in a notation, which decide the class; and texts of them."""
    declared, texts, other = NOTATIONS[request.param]
    lines = [f"{texts[i % 3]};{(i * 17 % 7) / 3};{'ab'[i % 3 == 1]}\n" for i in range(90)]
    (tmp_path / "rows.csv").write_text("size;v;kind\n" + "".join(lines))
    categories = {"encode": "one_hot", "columns": ["size"], "unseen": "zeros", "missing": "zeros"}
    settings = {"data.columns": {"size": declared}, "data.categorical": categories}
    out = tmp_path / "run"
    model = mlptrain.fit(tmp_path / "rows.csv", "kind", set=settings, epochs=5, hidden=[5], out=out)
    return model, [{"size": text, "v": 0.3} for text in (*texts, None)], {"size": other, "v": 0.3}


def test_the_python_file_reads_them(priced, tmp_path):
    model, rows, other = priced
    export(tmp_path / "run", tmp_path / "sizes.py")
    spec = spec_from_file_location("sizes", tmp_path / "sizes.py")
    sizes = module_from_spec(spec)
    spec.loader.exec_module(sizes)
    ours = model.predict_proba(rows)
    assert len({tuple(each) for each in ours.tolist()}) == 4
    assert sizes.predict_proba(rows) == pytest.approx(ours, abs=1e-6)
    with pytest.raises(DataError, match="is not written as declared"):
        model.predict([other])
    with pytest.raises(ValueError, match="is not written as declared"):
        sizes.predict([other])


@pytest.mark.slow
def test_the_javascript_module_reads_them(priced, tmp_path):
    node = shutil.which("node") or pytest.skip("no node")
    model, rows, other = priced
    module = tmp_path / "sizes.mjs"
    export(tmp_path / "run", module)
    subprocess.run([node, module], check=True, timeout=60)
    script = f"""import {{predictProba}} from {json.dumps(module.as_uri())};
      console.log(JSON.stringify(predictProba({json.dumps(rows)})));
      try {{ predictProba([{json.dumps(other)}]) }} catch (error) {{ console.log(error.message) }}"""
    asked = [node, "--input-type=module", "-e", script]
    ran = subprocess.run(asked, check=True, timeout=60, capture_output=True, text=True)
    found, refused = ran.stdout.splitlines()
    ours = model.predict_proba(rows)
    assert json.loads(found) == [pytest.approx(each, abs=1e-5) for each in ours.tolist()]
    assert refused == f'row 1: size: "{other["size"]}" is not written as declared'

"""The page about a run: what it holds, that nothing in it is foreign markup, how large it is."""

import base64
import hashlib
import json
import re
import shutil
import sys
import time
from html.parser import HTMLParser

import pytest
import yaml
from runs import ROOT, invoke, write_config

from mlptrain.system.installation import install_command

pytest.importorskip("matplotlib")

VOID = {"meta", "img", "br", "hr", "link", "input", "source", "col", "wbr"}
HOSTILE = "<script>alert(1)</script>"
BASE = {"seed": 1, "train": {"epochs": 3}, "model": {"hidden": [6]}}
DIGITS = {"train": str(ROOT / "data" / "digits.csv"), "target": "digit", "image_shape": [8, 8]}


class Page(HTMLParser):
    """The elements of a page, each with its attributes; what is opened must be closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.words = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def fitted(folder, name, data, **more):
    """A short run."""
    file = write_config(folder / f"{name}.yaml", {**BASE, "data": data, **more})
    result = invoke("fit", file, "--out", folder / name, "--quiet")
    assert result.exit_code == 0, result.stderr
    return folder / name


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return fitted(tmp_path_factory.mktemp("runs"), "digits", DIGITS)


@pytest.fixture(scope="module")
def seconds(run):
    """Of processor time that the page about digits takes, however busy the machine is."""
    start = time.process_time()
    assert invoke("report", run).exit_code == 0
    return time.process_time() - start


@pytest.fixture(scope="module")
def source(run, seconds):
    """The page about digits as it is written."""
    return (run / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(source):
    return Page(source)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A run on a few points, and its page: a tenth of the time."""
    moons = {"train": {"name": "moons", "points_per_class": 30}, "val": 0.2, "test": 0}
    run = fitted(tmp_path_factory.mktemp("small"), "moons", moons)
    assert invoke("report", run).exit_code == 0
    return run


@pytest.fixture(scope="module")
def small_source(small):
    return (small / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def small_page(small_source):
    return Page(small_source)


@pytest.mark.slow
def test_it_states_the_metrics_of_eval(run, page):
    expected = json.loads(invoke("eval", run, "--json").stdout)
    for name in ("loss", "accuracy", "f1_macro", "calibration_error"):
        assert f"{name} {expected[name]:.4g}" in page.text


@pytest.mark.slow
def test_it_has_the_precision_and_recall_of_every_class(run, page):
    expected = json.loads(invoke("eval", run, "--json").stdout)["per_class"]
    for name, values in expected.items():
        numbers = [values[key] for key in ("precision", "recall", "f1")]
        row = " ".join([name, *(f"{each:.4g}" for each in numbers), f"{values['support']:,}"])
        assert row in page.text


@pytest.mark.slow
def test_it_holds_the_whole_config(run, source):
    blocks = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", source, re.DOTALL)
    found = [yaml.safe_load(block.replace("&quot;", '"')) for block in blocks if "seed:" in block]
    assert found == [yaml.safe_load((run / "config.yaml").read_text("utf-8"))]


def test_it_says_how_to_run_it_again(small, small_page):
    assert f"mlptrain fit {small}/config.yaml" in small_page.text


def test_every_picture_has_words(small_page):
    images = small_page.all("img")
    assert len(images) > 4
    assert all(each["alt"].strip() for each in images)


@pytest.mark.slow
def test_recorded_histograms_are_among_the_pictures(tmp_path):
    moons = {"train": {"name": "moons", "points_per_class": 40}}
    logged = fitted(tmp_path, "logged", moons, train={"epochs": 2, "log_histograms": True})
    assert invoke("report", logged).exit_code == 0
    found = Page((logged / "report.html").read_text(encoding="utf-8"))
    assert any("update ratio" in each["alt"] for each in found.all("img"))


@pytest.mark.slow
def test_the_worst_mistakes_are_shown_as_pictures_of_their_rows(source):
    shown = re.findall(r"<strong>(\d for \d)</strong>", source)
    assert 0 < len(shown) <= 12
    assert all(wrong != true for wrong, _, true in (each.split() for each in shown))


def test_nothing_is_fetched_and_only_its_own_script_runs(small_source, small_page):
    (script,) = re.findall(r"<script>(.*?)</script>", small_source, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = (each["content"] for each in small_page.all("meta") if "http-equiv" in each)
    assert small_page.all("script") == [{}]
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    addresses = [
        attributes.get(name, "")
        for _, attributes in small_page.elements
        for name in ("src", "srcset", "href", "data", "action")
    ]
    assert [each for each in addresses if each and not each.startswith(("data:image/", "#"))] == []
    assert small_page.all("iframe") == small_page.all("object") == small_page.all("link") == []
    assert [key for _, each in small_page.elements for key in each if key.startswith("on")] == []


def test_its_style_fetches_nothing(small_source):
    (style,) = re.findall(r"<style>(.*?)</style>", small_source, re.DOTALL)
    assert "@import" not in style
    assert "url(" not in style
    assert "prefers-color-scheme: dark" in style
    assert "@media print" in style


def test_tables_have_headers_that_say_what_they_head(small_page):
    assert small_page.all("table")
    assert all(each.get("scope") in ("col", "row") for each in small_page.all("th"))


def test_it_has_a_language_and_one_main_part(small_page):
    assert small_page.all("html")[0]["lang"] == "en"
    assert len(small_page.all("main")) == len(small_page.all("h1")) == 1


@pytest.mark.slow
def test_it_is_small_and_fast(source, seconds):
    assert seconds < 15  # with the import of Matplotlib; 5 to 9, as fast as the processor is
    assert len(source) < 3_000_000


@pytest.mark.slow
def test_hostile_names_stay_text(tmp_path):
    names = [HOSTILE, '"><img src=x onerror=alert(2)>', "&amp;\x1b[31m"]
    table = tmp_path / "rows.csv"
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    rows = [f"{i % 7},{i % 5},{quoted[i % 3]}" for i in range(90)]
    table.write_text("\n".join([f'"{HOSTILE}",b,c', *rows]) + "\n", encoding="utf-8")
    run = fitted(tmp_path, "hostile", {"train": str(table), "target": "c"})
    assert invoke("report", run).exit_code == 0
    written = (run / "report.html").read_text(encoding="utf-8")
    found = Page(written)
    assert HOSTILE in found.text
    assert "\x1b" not in written
    assert found.all("script") == [{}]  # that of the page
    assert all(each.get("src", "").startswith("data:image/") for each in found.all("img"))


@pytest.mark.slow
def test_a_regression_shows_its_largest_errors(tmp_path):
    data = {"train": str(ROOT / "data" / "auto_mpg.csv"), "target": "mpg", "ignore": ["car_name"]}
    run = fitted(tmp_path, "cars", data, loss="mse")
    assert invoke("report", run).exit_code == 0
    found = Page((run / "report.html").read_text(encoding="utf-8"))
    expected = json.loads(invoke("eval", run, "--json").stdout)
    assert f"rmse {expected['rmse']:.4g}" in found.text
    assert "horsepower" in found.text


@pytest.mark.slow
def test_several_runs_are_rows_with_what_differs_and_the_best_first(run, tmp_path):
    other = fitted(tmp_path, "wider", DIGITS, model={"hidden": [12]})
    file = tmp_path / "both.html"
    assert invoke("report", run, other, "-o", file).exit_code == 0
    written = file.read_text(encoding="utf-8")
    best = {each: json.loads((each / "summary.json").read_text())["best"] for each in (run, other)}
    first, second = sorted(best, key=lambda each: best[each])
    rows = re.findall(r"<tr.*?</tr>", written, re.DOTALL)
    heads = [re.search(r'scope="row">(.*?)</th>', row)[1] for row in rows if 'scope="row"' in row]
    assert heads == [f"{first}, the best", str(second)]
    for each, hidden in ((run, "[6]"), (other, "[12]")):
        (row,) = (row for row in rows if str(each) in row)
        accuracy = json.loads(invoke("eval", each, "--json").stdout)["accuracy"]
        assert f"<td>{hidden}</td>" in row
        assert f">{accuracy:.4g}</td>" in row
        assert (' class="best"' in row) == (each == first)
    assert "batch_<wbr>size" not in written.partition("</thead>")[0]


@pytest.mark.slow
def test_any_number_of_runs_is_one_page_with_the_curves_of_the_best_ten(tmp_path):
    moons = {"train": {"name": "moons", "points_per_class": 20}, "val": 0.3, "test": 0}
    one = fitted(tmp_path, "one", moons)
    place = tmp_path / "many"
    for number in range(40):
        shutil.copytree(one, place / f"run-{number:02d}")
        file = place / f"run-{number:02d}" / "summary.json"
        summary = {**json.loads(file.read_text()), "best": (number * 7 % 40) / 40}
        file.write_text(json.dumps(summary))
    (place / "run-33" / "summary.json").write_text("{")
    start = time.process_time()
    assert invoke("report", place).exit_code == 0
    assert time.process_time() - start < 10
    written = (place / "report.html").read_text(encoding="utf-8")
    assert len(written) < 5_000_000
    page = Page(written)
    heads = re.findall(r'scope="row">[^<]*run-(\d\d)', written)
    assert [int(each) for each in heads[:5]] == [0, 23, 6, 29, 12]  # 7 x 23 = 161 = 1 mod 40
    assert len(heads) == 40
    assert heads[-1] == "33"
    assert "not a JSON object" in page.text
    (curves,) = (each["alt"] for each in page.all("img") if "Learning curves" in each["alt"])
    assert curves.count("Learning curves of") == 10
    assert "No setting differs" in page.text


def test_another_suffix_is_refused(small):
    result = invoke("report", small, "-o", "page.pdf")
    assert result.exit_code == 2
    assert "written as .html" in result.stderr


def test_without_matplotlib_the_command_to_install_it_is_told(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = invoke("report", small)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert install_command("plot") in result.stderr

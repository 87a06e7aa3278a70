"""The card of a model says how good it is on rows that it did not see, as the run measured it."""

import json
import re

import pytest
from exported import CASES, trained, write_table
from runs import faults, invoke

import mlptrain
from mlptrain.export.card import model_card
from mlptrain.export.description import describe
from mlptrain.export.held_out import held_out


@pytest.fixture(scope="module")
def folds(tmp_path_factory):
    """Where a run of folds with candidates is, and its model."""
    directory = tmp_path_factory.mktemp("card")
    return directory, trained(directory, **CASES["candidates, each with its weight"])


@pytest.mark.slow
def test_the_card_of_folds_has_the_figures_that_the_run_expects(folds):
    directory, model = folds
    said = json.loads((directory / "run" / "folds.json").read_text())["expected"]
    card = model_card(model, describe(model))
    assert "On 160 rows, each by the members that did not see it" in card
    for each in said:
        interval = f"{each['low']:.4g} to {each['high']:.4g}"
        assert f"| {each['metric']} | {each['value']:.4g} | {interval} |" in card
    rows = re.findall(r"^\| (\d+) \| 0\.\d+ \| [01]\.\d+ \| ", card, re.MULTILINE)
    assert sum(map(int, rows)) == 160


@pytest.mark.slow
def test_a_card_has_no_figures_of_rows_that_have_changed(folds):
    directory, model = folds
    assert held_out(model) is not None
    write_table(directory / "houses.csv", seed=9)
    assert held_out(model) is None
    card = model_card(model, describe(model))
    assert "On 160 rows" not in card
    assert "out_of_fold_log_loss" in card


def test_no_name_in_a_card_is_markup(tmp_path):
    table = {"<img src=x>": [1.0, 2.0, 8.0, 9.0] * 10, "a`<b>": ["<i>", "``<u>"] * 20}
    y = ["__a__", "__a__", "\x1b[2J<script>", "\x1b[2J<script>"] * 10
    model = mlptrain.fit(table, y, preset="fast", out=tmp_path / "run")
    document = describe(model)
    card = model_card(model, {**document, "policies": ["A blank in <b>\x1b is refused."]})
    assert "`__a__`" in card
    assert "- A blank in &lt;b>? is refused.\n" in card
    assert card.isascii()
    assert card.replace("\n", "").isprintable()
    about = card.partition("```yaml")[0]
    assert "<" not in re.sub(r"(`+) ?.*?[^`] ?\1(?!`)", "", about)


def test_files_of_one_model_share_its_card(tmp_path):
    trained(tmp_path)
    run, card = tmp_path / "run", tmp_path / "MODEL_CARD.md"
    for name in ("model.py", "model.js", "model.h"):
        assert invoke("export", run, "-o", tmp_path / name).exit_code == 0
    assert invoke("export", run, "-o", tmp_path / "model.js", "--force").exit_code == 0
    about, heading, lines = card.read_text().partition("## Files\n\n")
    named = re.findall(r"^- `(.+?)`, written by mlptrain ", lines, re.MULTILINE)
    assert named == ["model.js", "model.h", "model.py"]
    assert len(lines.splitlines()) == 3

    card.write_text(f"{about}{heading}I checked the figures myself.\n{lines}")
    assert invoke("export", run, "-o", tmp_path / "model.html").exit_code == 0
    assert "I checked the figures myself.\n" in card.read_text()
    card.write_text(card.read_text().replace("# ", "# My ", 1))
    (said,) = faults(invoke("export", run, "-o", tmp_path / "second.py"))
    assert said.startswith(f"{card}: already exists, and does not begin as the card of this model; ")
    assert not (tmp_path / "second.py").exists()

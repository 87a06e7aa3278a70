"""docs/python.md: every example runs and gives what the page shows."""

import doctest
import re
from pathlib import Path

import pytest

import mlptrain

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "python.md"


@pytest.mark.slow
def test_the_examples_of_the_page_run(tmp_path, monkeypatch):
    for name in ("data", "configs"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    examples = "\n".join(re.findall(r"```pycon\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {}, PAGE.name, str(PAGE), 0)
    said = []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    runner = doctest.DocTestRunner(optionflags=flags, verbose=False)
    assert runner.run(test, out=said.append).failed == 0, "".join(said)


@pytest.mark.parametrize("name", sorted(set(mlptrain.__all__) - {"__version__"}))
def test_every_public_name_is_on_the_page_and_shown_by_dir(name):
    assert f"mlptrain.{name}" in PAGE.read_text(encoding="utf-8")
    assert name in dir(mlptrain)

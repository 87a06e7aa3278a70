"""The command that adds an extra works for the installation at hand."""

import importlib
import importlib.metadata
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from runs import ROOT

from mlptrain.system import installation


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Make it look as if installed from a place, with the pip of this environment first in PATH."""
    own = tmp_path / "venv" / "bin"
    own.mkdir(parents=True)
    (own / "pip").write_text("#!/bin/sh\n")
    (own / "pip").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(own / "python"))
    monkeypatch.setenv("PATH", str(own))

    def install(recorded):
        text = None if recorded is None else json.dumps(recorded)
        found = SimpleNamespace(read_text=lambda name: text)
        monkeypatch.setattr(installation, "distribution", lambda name: found)

    return install


@pytest.mark.parametrize("recorded", [None, {"url": "file:///x.whl", "archive_info": {}}])
def test_a_package_gets_the_extra_by_its_name(installed, recorded):
    installed(recorded)
    assert installation.install_command("plot") == "pip install 'mlptrain[plot]'"


def test_a_clone_gets_it_from_where_it_is(installed, tmp_path, monkeypatch):
    installed({"url": ROOT.as_uri(), "dir_info": {"editable": True}})
    monkeypatch.chdir(tmp_path)

    assert installation.install_command("plot") == f"pip install -e '{ROOT}[plot]'"
    monkeypatch.chdir(ROOT)
    assert installation.install_command("plot") == "pip install -e '.[plot]'"


def test_the_pip_of_this_environment_is_named_where_the_shell_has_another(
    installed, tmp_path, monkeypatch
):
    installed(None)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(tmp_path)
    assert installation.install_command("plot") == "venv/bin/pip install 'mlptrain[plot]'"
    Path(sys.executable).with_name("pip").unlink()
    assert installation.install_command("plot").startswith(f"{sys.executable} -m pip install ")
    monkeypatch.setattr(installation, "find_spec", lambda name: None)  # uv makes such environments
    expected = f"uv pip install --python {sys.executable} 'mlptrain[plot]'"
    assert installation.install_command("plot") == expected


def test_every_extra_that_is_advised_exists():
    declared = importlib.metadata.metadata("mlptrain").get_all("Provides-Extra")
    assert {"plot", "tensorboard"} <= set(declared or ())


def test_no_hint_names_a_command_of_its_own():
    """`pip install 'mlptrain[mpi]'` cannot work in a clone."""
    sources = (ROOT / "mlptrain").rglob("*.py")
    assert [each.name for each in sources if "mlptrain[" in each.read_text("utf-8")] == [
        "installation.py"
    ]


def test_estimators_without_scikit_learn_say_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "mlptrain.sklearn", raising=False)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r"mlptrain\.sklearn needs scikit-learn; .*sklearn\]"):
        importlib.import_module("mlptrain.sklearn")

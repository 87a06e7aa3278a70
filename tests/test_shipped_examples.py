"""`init --example`: what configs/ and data/ hold, written where the user is; a wheel holds them too."""

import tomllib

import pytest
from runs import ROOT, faults, invoke

from mlptrain.config import load_config
from mlptrain.tools import examples

NAMES = sorted(path.stem for path in (ROOT / "configs").glob("*.yaml"))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_config_is_an_example_with_all_the_files_it_names(here):
    assert sorted(examples.examples()) == NAMES
    for name in NAMES:
        invoke("init", "--example", name)
        written, original = load_config(f"{name}.yaml"), load_config(ROOT / "configs" / f"{name}.yaml")
        assert written == original
        data = written.data.train
        if isinstance(data, str):
            assert (here / data).read_bytes() == (ROOT / data).read_bytes()
        assert f"mlptrain fit {name}.yaml " in f"{(here / f'{name}.yaml').read_text()} ".replace(
            "\n", " "
        )
    listed = invoke("init", "--examples").stdout.splitlines()[2:]
    assert sorted(line.split()[0] for line in listed) == NAMES


def test_an_example_replaces_nothing_unless_forced(here):
    (here / "data").mkdir()
    (here / "data" / "penguins.csv").write_text("mine")
    fault = "data/penguins.csv: already exists and differs; replace it with --force"
    assert faults(invoke("init", "--example", "penguins")) == [fault]
    assert not (here / "penguins.yaml").exists()
    assert invoke("init", "--example", "penguins", "--force").exit_code == 0
    assert invoke("init", "--example", "penguins").exit_code == 0  # all there, as it should be
    (here / "penguins.yaml").write_text("seed: 1\n")
    (fault,) = faults(invoke("init", "--example", "penguins"))
    assert fault.startswith("penguins.yaml: already exists and differs; name another file with -o, or ")
    assert invoke("init", "--example", "penguins", "-o", "two/p.yaml").exit_code == 0
    assert "mlptrain fit two/p.yaml " in (here / "two" / "p.yaml").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--example", "digit"], "no example 'digit'; did you mean 'digits'?"),
        (["--example", "digits", "-o", "-"], "writes files"),
        (["--example", "digits", "table.csv"], "leave out DATA and --target"),
        ([], "missing argument 'DATA'"),
        (["table.csv"], "missing option '--target'"),
    ],
)
def test_a_mistake_is_told_in_one_line(arguments, says):
    result = invoke("init", *arguments)
    assert result.exit_code == 2
    assert says in faults(result)[0]


def test_the_wheel_has_them_where_the_package_looks(monkeypatch, here):
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    assert wheel["sources"] == {each: f"mlptrain/examples/{each}" for each in ("configs", "data")}
    assert examples.home() == ROOT
    monkeypatch.setattr(examples, "PACKAGE", here)
    (here / "examples").mkdir()
    assert examples.home() == here / "examples"

"""What the examples in docstrings are given: `apply`, which runs a single node, and a folder."""

import pytest

from mlptrain.graph.apply import apply


@pytest.fixture(autouse=True)
def surroundings(request: pytest.FixtureRequest) -> None:
    """For an example alone; a test brings its own."""
    if isinstance(request.node, pytest.DoctestItem):
        request.getfixturevalue("doctest_namespace")["apply"] = apply
        request.getfixturevalue("monkeypatch").chdir(request.getfixturevalue("tmp_path"))

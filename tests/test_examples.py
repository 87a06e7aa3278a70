"""Every entry of a table and every public name has an example in its docstring, and pytest runs it."""

import doctest

import pytest

import mlptrain
from mlptrain.data.readers.toy import TOYS
from mlptrain.graph.gates import GATES
from mlptrain.metrics import CLASSIFICATION_METRICS, REGRESSION_METRICS
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.initializers import INITIALIZERS
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.regularizers import REGULARIZERS
from mlptrain.optim import OPTIMIZERS
from mlptrain.optim.schedules import SCHEDULES, warm_up
from mlptrain.tools.gradcheck.nodes import LAYERS

METRICS = {**CLASSIFICATION_METRICS, **REGRESSION_METRICS}
TABLES = {
    "activation": ACTIVATIONS,
    "gate": GATES,
    "initializer": INITIALIZERS,
    "layer": LAYERS,
    "loss": LOSSES,
    "metric": {name: metric.function for name, metric in METRICS.items()},
    "optimizer": OPTIMIZERS,
    "penalty": REGULARIZERS,
    "schedule": {**SCHEDULES, "warm_up": warm_up},
    "toy": TOYS,
    "mlptrain": {name: getattr(mlptrain, name) for name in mlptrain.__all__ if name != "__version__"},
}
ENTRIES = [
    pytest.param(entry, id=f"{kind}-{name}")
    for kind, table in TABLES.items()
    for name, entry in table.items()
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_shows_what_it_does_with_numbers(entry):
    examples = doctest.DocTestParser().get_examples(entry.__doc__ or "")

    assert examples, "give it an example: CONTRIBUTING.md, The docstring of a node"
    assert any(example.want for example in examples), "an example that expects nothing cannot fail"
    assert not any(doctest.SKIP in example.options for example in examples)

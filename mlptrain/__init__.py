"""mlptrain: multi-layer perceptrons from a YAML file, as a computational graph in NumPy.

    >>> import mlptrain
    >>> table = {"size": [1.0, 2.0, 8.0, 9.0] * 10, "kind": ["cat", "cat", "dog", "dog"] * 10}
    >>> model = mlptrain.fit(table, "kind", preset="fast")  # or a CSV file; a data frame; X, y
    >>> model.predict({"size": [1.5, 8.5]}).tolist()
    ['cat', 'dog']
    >>> xor = {"data": {"train": {"name": "xor", "points_per_class": 20}}}  # or the path of a YAML file
    >>> run = mlptrain.fit(xor, epochs=2)
    >>> mlptrain.load(run.best).predict([[1.0, 1.0], [1.0, -1.0]]).shape
    (2,)

The names below are imported when they are first used: `import mlptrain` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from mlptrain.version import __version__

_HOMES = {
    "fit": "mlptrain.program",
    "load": "mlptrain.inference.model",
    "Model": "mlptrain.inference.model",
    "Run": "mlptrain.runs.run",
    "Value": "mlptrain.graph.plan",
}

__all__ = ["Model", "Run", "Value", "__version__", "fit", "load"]

if TYPE_CHECKING:  # what __getattr__ delivers, for type checkers
    from mlptrain.graph.plan import Value
    from mlptrain.inference.model import Model, load
    from mlptrain.program import fit
    from mlptrain.runs.run import Run


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'mlptrain' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

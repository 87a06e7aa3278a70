"""mlptrain: multi-layer perceptrons from a YAML file, as a computational graph in NumPy.

    >>> import mlptrain
    >>> run = mlptrain.fit("configs/digits.yaml", set={"train.epochs": 5})  # doctest: +SKIP
    >>> model = mlptrain.load(run.best)  # doctest: +SKIP

The names below are imported when they are first used: `import mlptrain` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES = {
    "fit": "mlptrain.api.runs",
    "load": "mlptrain.api.models",
    "Model": "mlptrain.model",
    "Run": "mlptrain.run",
}

__all__ = ["Model", "Run", "fit", "load"]

if TYPE_CHECKING:  # what __getattr__ delivers, for type checkers
    from mlptrain.api.models import load
    from mlptrain.api.runs import fit
    from mlptrain.model import Model
    from mlptrain.run import Run


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'mlptrain' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

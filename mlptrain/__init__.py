"""mlptrain: multi-layer perceptrons from a YAML file, as a computational graph in NumPy.

    >>> import mlptrain
    >>> run = mlptrain.fit("configs/digits.yaml", set={"train.epochs": 5})  # doctest: +SKIP
    >>> model = mlptrain.load(run.best)  # doctest: +SKIP

The names below are imported when they are first used: `import mlptrain` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from mlptrain.version import __version__

_HOMES = {
    "fit": "mlptrain.runs.fit",
    "load": "mlptrain.inference.evaluation_report",
    "Model": "mlptrain.inference.model",
    "Run": "mlptrain.runs.run",
}

__all__ = ["Model", "Run", "__version__", "fit", "load"]

if TYPE_CHECKING:  # what __getattr__ delivers, for type checkers
    from mlptrain.inference.evaluation_report import load
    from mlptrain.inference.model import Model
    from mlptrain.runs.fit import fit
    from mlptrain.runs.run import Run


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'mlptrain' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

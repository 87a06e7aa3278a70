"""The parameters of an estimator: the keys of a config, each by its own word."""

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

from mlptrain.config.keys import keywords, setting_default

NO_PARAMETERS = {
    **dict.fromkeys(("data", "model", "regularization", "train"), "their keys are parameters"),
    "seed": "called random_state, as everywhere in scikit-learn",
    "target": "y of fit",
    "weight": "sample_weight of fit",
    **dict.fromkeys(("test", "fold"), "scikit-learn holds out rows to test by"),
    **dict.fromkeys(("cache", "checkpoint_every", "tensorboard"), "no files are written"),
    **dict.fromkeys(("log_histograms", "image_shape"), "for pictures of a run"),
    "transform": "an attribute of that name makes a transformer; put a step before",
    "alpha": "scikit-learn takes it for a penalty: activation={'name': 'elu', 'alpha': 1.0}",
    "init_from": "partial_fit goes on with a model",
}
"""Settings of the config that are no parameter of an estimator, and why."""


def parameters(**defaults: Any) -> dict[str, Any]:
    """The parameters with their defaults; None: what the config has, or the choice by name."""
    names = [word for word in keywords() if word not in NO_PARAMETERS]
    found = {name: setting_default(keywords()[name]) for name in names}
    return {**found, "val": None, **defaults, "random_state": 0}


def constructor(**defaults: Any) -> Callable[..., None]:
    """An __init__ that stores its keyword arguments, each of which its signature names."""
    known = parameters(**defaults)
    listed = [Parameter(name, Parameter.KEYWORD_ONLY, default=known[name]) for name in known]
    signature = Signature([Parameter("self", Parameter.POSITIONAL_OR_KEYWORD), *listed])

    def __init__(self: Any, **settings: Any) -> None:
        signature.bind(self, **settings)  # TypeError for a name that is no parameter
        for name, default in known.items():
            setattr(self, name, settings.get(name, default))

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    return __init__

"""A run of folds as one file that can be carried away."""

from pathlib import Path

from mlptrain.errors import ConfigError
from mlptrain.inference.model import Model


def pack(run: Path, out: Path, *, force: bool = False) -> Model:
    """Write the model of a run of folds into one file, and return it."""
    if out.suffix != ".npz":
        raise ConfigError(f"-o {out}: a packed model is written as .npz; choose this suffix")
    if out.exists() and not force:
        raise ConfigError(f"{out}: is there already; name another file, or replace it with --force")
    model = Model.load(run)
    if len(model.members) == 1:
        raise ConfigError(f"{model.path}: is one file already; pack takes the directory of folds")
    model.save(out)
    return model

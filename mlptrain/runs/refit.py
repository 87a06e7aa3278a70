"""One model on all rows, instead of the average of folds: smaller, and a little less good."""

from pathlib import Path
from typing import Any

from mlptrain.config import resolved
from mlptrain.config.load import Source
from mlptrain.errors import ConfigError
from mlptrain.inference.model import Model
from mlptrain.inference.out_of_fold import keeps_test
from mlptrain.messages import count
from mlptrain.storage.documents import read_document
from mlptrain.storage.fold_directory import SUMMARY

ALONE = "--refit RUN has the config of its folds: leave out CONFIG, --folds, --resume and --init-from"


def refitted(run: Path, *others: Any) -> tuple[Source, str]:
    """The config that trains on all rows as long as the folds found best, and what to expect of it.

    The epochs are the mean of the members' best epochs, over which the whole schedule goes. Nothing is
    held out, so it is evaluated once, at its end: the last parameters are the best. `others` are the
    options that exclude it. Of candidates that are averaged the one with the largest weight is meant.
    """
    if any(each is not None for each in others):
        raise ConfigError(ALONE)
    model = Model.load(run)
    if len(model.members) == 1:
        raise ConfigError(f"--refit {run}: is no directory of folds, which say how long to train")
    weights = [member.weight for member in model.members]
    first = weights.index(max(weights))
    meant = model.members[first : first + model.folds]
    best = [member.checkpoint.progress().best_epoch or 1 for member in meant]
    epochs = max(1, round(sum(best) / len(best)))
    config = resolved(meant[0].config)
    test = config["data"]["test"] if keeps_test(meant[0]) else None
    config["data"].update(val=None, test=test, fold=None)
    config.update(calibration="none", decision=None)  # there are no rows to fit them on
    config["train"].update(monitor="train_loss")
    config["train"].update(folds=None, early_stopping=None, epochs=epochs, eval_every=epochs)
    shown = ", ".join(map(str, best))
    learned = f"all rows{'' if test is None else ' but those of test'} for {count(epochs, 'epoch')}"
    return config, (
        f"{learned}, the mean of the best of the folds ({shown}); none of them is held out: "
        f"expect {_figures(run)}, where each row has one model that did not see it, and "
        "less than what the average of the folds gives"
    )


def _figures(run: Path) -> str:
    """What the rows say that the folds held out."""
    if not (run / SUMMARY).is_file():
        return f"what `mlptrain eval {run}` says"
    found = read_document(run / SUMMARY).get("expected", ())
    each = [
        f"{one['metric']} {one['value']:.4g} ({one['low']:.4g} to {one['high']:.4g})" for one in found
    ]
    return " and ".join(each) or f"what `mlptrain eval {run}` says"

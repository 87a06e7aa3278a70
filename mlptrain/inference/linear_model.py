"""The linear model that stands beside the figures of `eval`, from the training rows of the run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mlptrain.data.inputs import Inputs
from mlptrain.errors import MLPTrainError
from mlptrain.inference.average import averaged, stand_in, to_average
from mlptrain.inference.model import Model
from mlptrain.storage.documents import read_document
from mlptrain.storage.fold_directory import SUMMARY
from mlptrain.training.data_files import data_again
from mlptrain.training.evaluate import Evaluation
from mlptrain.training.linear_model import headline_figures, linear_network

NONE = "no linear model to compare with"
Figures = Mapping[str, float | None] | None


def linear_beside(
    model: Model, evaluation: Evaluation, inputs: Sequence[Inputs] = ()
) -> tuple[Figures, tuple[str, ...]]:
    """The figures on the rows of an evaluation, and a note where the training rows are not there.

    Of folds it is the average of a linear model for each, as the network is.

    inputs   the rows as each member reads them; empty for the test rows of its own data
    """
    each = []
    for place, member in enumerate(model.members[: model.folds]):  # candidates learn from the same rows
        try:
            data, changed = data_again(member.config, member.checkpoint, member.preprocessing)
        except MLPTrainError as error:
            return None, (f"{NONE}: {error.faults[0]}",)
        if changed:
            return None, (f"{NONE}: {changed[0]}",)
        if (network := linear_network(member.config, data)) is None:
            return None, ()
        rows = inputs[place] if inputs or data.test is None else data.test.inputs
        each.append(to_average(network, member.preprocessing, network.scores(rows.arrays)))
    weights = [1.0] * len(each)
    scores = averaged(each, model.network.loss, evaluation.preprocessing, weights)
    return headline_figures(replace(evaluation, network=stand_in(model.network), scores=scores)), ()


def linear_of_folds(path: Path) -> Figures:
    """Those that `fit` has kept of a linear model for each fold; none of a packed model."""
    file = path / SUMMARY
    return read_document(file).get("linear") if file.is_file() else None

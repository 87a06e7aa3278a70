"""A trained model: it predicts, and is evaluated, without its training data."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.arrays import Array
from mlptrain.config import load_config, resolved
from mlptrain.data.dataset import Rows
from mlptrain.data.inputs import Inputs
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.data.preprocessing.policies import Policies
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.errors import DataError
from mlptrain.inference.average import (
    averaged,
    check_alike,
    common_config,
    joint_preprocessing,
    mean_threshold,
    stand_in,
    to_average,
)
from mlptrain.inference.classes import Class, typed
from mlptrain.inference.handed_over import rows_of, with_targets
from mlptrain.inference.member import Member
from mlptrain.messages import some
from mlptrain.training.checkpoint import Checkpoint
from mlptrain.training.combination import Combination
from mlptrain.training.evaluate import Evaluation, predictions
from mlptrain.training.members import read_members


class Model:
    """The network of a checkpoint together with its preprocessing and class names.

    Of a run of folds there are several, its `members`: the model is the average of what they predict.
    The directory of all folds is its `path`, and else that of the checkpoint. `others` then holds what
    makes the inputs of each, and `preprocessing` what they know together. Of candidates `combination`
    says which predict, and with what weights.

    X is an array (N, D) whose columns are in the order of training, or a data frame (pandas, polars,
    Arrow), whose columns are found by name; others in it are left alone.

    Any number of threads may use one model. It keeps the memory of 1,024 rows (of as many as were asked
    for at once, if fewer) for each call that ran at the same time, whatever the sizes were. The same
    rows together give the same bits each time; in other company the scores of a row differ by rounding,
    since a matrix product sums in an order that depends on the number of rows.

    >>> from mlptrain import fit
    >>> clouds = {"data": {"train": {"name": "gaussians", "classes": 2}}, "train": {"epochs": 5}}
    >>> model = Model.load(fit(clouds, set={"optimizer.learning_rate": 0.1}).best)
    >>> model.predict([[3.0, 0.0], [-3.0, 0.0]])
    array([0, 1])
    >>> model.evaluate([[3.0, 0.0], [-3.0, 0.0]], [0, 1])["accuracy"]
    1.0
    """

    def __init__(
        self, path: Path, checkpoints: Sequence[Checkpoint], combination: Combination | None = None
    ) -> None:
        self.path, self.combination, count = path, combination, len(checkpoints)
        self.folds = count if combination is None else count // len(combination.used)
        weights = [1.0] * count if combination is None else combination.shares(self.folds)
        self.members = tuple(map(Member, checkpoints, weights))
        first = self.members[0]
        self.checkpoint, self.network, self.threshold = first.checkpoint, first.network, first.threshold
        if len(self.members) == 1:
            self.config, self.preprocessing = first.config, first.preprocessing
            self.others: tuple[Preprocessing, ...] = ()
        else:
            check_alike(path, self.members)
            self.network, self.threshold = stand_in(first.network), mean_threshold(self.members)
            self.config = common_config(self.members, self.folds)
            self.preprocessing = joint_preprocessing(self.members, self.config)
            self.others = tuple(member.preprocessing for member in self.members)

    @classmethod
    def load(cls, path: str | Path) -> "Model":
        """Read a checkpoint, the best one of a run directory, or the best one of each fold of a run."""
        checkpoints, combination = read_members(path)
        of_run = Path(path) if len(checkpoints) > 1 else checkpoints[0].path
        return cls(of_run, checkpoints, combination)

    def under(self, policies: Policies) -> "Model":
        """The same model, networks and all, with other policies for new rows."""
        other = object.__new__(Model)
        vars(other).update(vars(self), preprocessing=policies.applied(self.preprocessing))
        # What nobody knows is refused by what all know together.
        lenient = replace(policies, unseen="zeros") if policies.unseen == "error" else policies
        other.others = tuple(map(lenient.applied, self.others))
        return other

    def __reduce__(self) -> tuple[type["Model"], tuple[Any, ...]]:
        """A copy is built from the checkpoints: copied arrays would no longer share their memory."""
        checkpoints = tuple(member.checkpoint for member in self.members)
        return type(self), (self.path, checkpoints, self.combination)

    def __repr__(self) -> str:
        made, widths = self.preprocessing, self.network.architecture.widths()
        predicted = some(made.targets)
        if made.classes is not None:
            predicted += f" ({len(made.classes)} classes: {some(made.classes)})"
        sizes = "-".join(map(str, [widths[0], *self.config.model.hidden, widths[-1]]))
        networks = "network" if len(self.members) == 1 else f"{len(self.members)} networks"
        return f"<Model {self.path}: {some(made.inputs)} -> {predicted}; {networks} {sizes}>"

    @property
    def settings(self) -> dict[str, Any]:
        """The config that trains it, every default written out; of an average all candidates."""
        if self.combination is not None and len(self.combination.used) > 1:
            return resolved(load_config(self.combination.config))
        return resolved(self.config)

    @property
    def classes(self) -> tuple[Class, ...] | None:
        """The classes in the order of the columns of `predict_proba`; None for a regression.

        Numbers, or booleans, where all of them are; else text.
        """
        names = self.preprocessing.classes
        return None if names is None else typed(names)

    def scores_of(self, inputs: Inputs, others: Sequence[Inputs] = ()) -> Array:
        """Scores (N, C) of rows, given as `preprocessing` and as each of `others` makes them."""
        if len(self.members) == 1:
            return self.members[0].scores(inputs)
        each = zip(self.members, others, strict=True)
        return self.average_of([(member, member.scores(own)) for member, own in each])

    def average_of(self, each: Sequence[tuple[Member, Array]]) -> Array:
        """Scores (N, C) of the average of what these members predict, from the scores of each."""
        what = [to_average(member.network, member.preprocessing, scores) for member, scores in each]
        weights = [member.weight for member, _ in each]
        return averaged(what, self.network.loss, self.preprocessing, weights)

    def scores(self, X: object) -> Array:
        """Scores (N, C) of raw rows."""
        source = rows_of(X, self.preprocessing)
        rows, dtype = np.arange(len(source)), self.network.dtype
        inputs, _ = self.preprocessing.apply(source, rows, dtype)
        return self.scores_of(inputs, [made.apply(source, rows, dtype)[0] for made in self.others])

    def predict(self, X: object, *, decide: bool = False) -> NDArray[np.generic]:
        """The class of each row, as in `classes`; or (N,) or (N, K) numbers in the target's unit.

        Of targets that are each yes or no: their values, as numbers or booleans where they are. Of L
        quantiles: (N, K L), those of target 1 first.

        decide  by the threshold of `decision`, instead of the highest score; TypeError without one
        """
        scores = self.scores(X)
        if decide and self.threshold is None:
            raise TypeError("this model has no threshold: it was trained without `decision`")
        if self.classes is not None:
            return np.asarray(self.classes)[self.class_numbers(scores, decide=decide)]
        numbers = predictions(self.network, scores, self.preprocessing)
        if isinstance(self.preprocessing.target, FlagTarget):
            numbers = decided(self.preprocessing.target, numbers)
        return numbers[:, 0] if numbers.shape[1] == 1 else numbers

    def class_numbers(self, scores: Array, *, decide: bool = False) -> NDArray[np.intp]:
        """(N,) the class with the highest score, or that of the threshold."""
        if not decide or self.threshold is None:
            return scores.argmax(axis=1)
        return self.threshold.decided(predictions(self.network, scores, self.preprocessing))

    def predict_proba(self, X: object) -> NDArray[np.float64]:
        """(N, C) probabilities, or (N, K) of a yes; TypeError for a model whose loss gives none.

        They are without `class_weights`, which move only what `predict` says, and calibrated where
        the config asks for it.
        """
        of_flags = isinstance(self.preprocessing.target, FlagTarget)
        if not (of_flags or self.network.loss.gives_probabilities):
            raise TypeError(
                f"a model trained with the {self.config.loss.name} loss has no probabilities"
            )
        return predictions(self.network, self.scores(X), self.preprocessing)

    def evaluate(self, X: object, y: object) -> dict[str, float | None]:
        """Loss and all metrics on raw rows and what is true of them.

        y  (N,) classes as numbers, booleans or text, or target values; (N, K) values of several targets
           in the order of training, or a data frame that has them by name
        """
        made, dtype = self.preprocessing, self.network.dtype
        source = with_targets(rows_of(X, made), y, made)
        if not len(source):
            raise DataError("X has no rows: there is nothing to evaluate")
        rows = np.arange(len(source))
        inputs, encoded = made.apply(source, rows, dtype)[0], made.encode(source, rows, dtype)
        others = [other.apply(source, rows, dtype)[0] for other in self.others]
        given = Rows(inputs, encoded, truth=made.truth(source, rows))
        return self.evaluation(given, others).measured()

    def evaluation(self, rows: Rows, others: Sequence[Inputs] = ()) -> Evaluation:
        """The scores of rows that are preprocessed already, for whatever is to be measured.

        others   the inputs of the same rows as each of `others` makes them
        """
        scores = self.scores_of(rows.inputs, others)
        return Evaluation(self.network, rows.with_targets_in_memory(), scores, self.preprocessing)


def decided(target: FlagTarget, probabilities: Array) -> Array:
    """(N, K) the values that are the more probable ones, in one type for all columns."""
    pairs, yes = [np.array(typed(pair)) for pair in target.values], (probabilities > 0.5).astype(int)
    return np.stack([pair[yes[:, k]] for k, pair in enumerate(pairs)], axis=1)


def load(path: str | Path) -> Model:
    """The model of a checkpoint, of the best one of a run directory, or of those of all its folds.

    >>> from mlptrain import fit
    >>> xor = {"data": {"train": {"name": "xor", "points_per_class": 20}}, "train": {"epochs": 2}}
    >>> load(fit(xor).best).classes
    (0, 1)
    """
    return Model.load(path)

"""A trained model: it predicts, and is evaluated, without its training data."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlptrain.arrays import Array
from mlptrain.config import load_config, resolved
from mlptrain.data.dataset import Rows
from mlptrain.data.inputs import Inputs
from mlptrain.data.prepared import rows_of as prepared_rows
from mlptrain.data.preprocessing.class_target import ClassTarget
from mlptrain.data.preprocessing.flag_target import FlagTarget
from mlptrain.data.preprocessing.policies import Policies
from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.errors import DataError
from mlptrain.inference.average import (
    averaged,
    check_alike,
    common_config,
    joint_preprocessing,
    joint_threshold,
    stand_in,
    to_average,
)
from mlptrain.inference.classes import Class, decided, typed
from mlptrain.inference.explain.contributions import RowExplanation
from mlptrain.inference.explain.explanation import Explanation, explained, explained_row, measure_of
from mlptrain.inference.explain.subject import Part, Subject
from mlptrain.inference.handed_over import answered_rows, rows_of
from mlptrain.inference.member import Member
from mlptrain.inference.shown import as_html, facts
from mlptrain.storage.archive import write_archive
from mlptrain.training.evaluate import Evaluation, predictions
from mlptrain.training.members import Members, read_members
from mlptrain.training.pack import write_pack


class Model:
    """The network of a checkpoint together with its preprocessing and class names.

    Of a run of folds there are several, its `members`: the model is the average of what they predict.
    The directory of all folds is its `path`, and else that of the checkpoint. `others` then holds what
    makes the inputs of each, and `preprocessing` what they know together. Of candidates `combination`
    says which predict, and with what weights. Of one that `fit` has just made, `notes` are what it
    found in the rows: the columns that it left out, and why, and what it repaired.

    X is an array (N, D) whose columns are in the order of training, or a data frame (pandas, polars,
    Arrow), a dict of columns or a file, whose columns are found by name; others in it are left alone.

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

    def __init__(self, path: Path, given: Members) -> None:
        self.path, self.combination, count = path, given.combination, len(given.checkpoints)
        self._out_of_fold, self.notes = given.figures, given.notes()
        used = () if self.combination is None else self.combination.used
        self.folds = count // max(1, len(used))
        weights = self.combination.shares(self.folds) if self.combination else [1.0] * count
        self.members = tuple(map(Member, given.checkpoints, weights))
        first = self.members[0]
        self.checkpoint, self.network, self.threshold = first.checkpoint, first.network, first.threshold
        if len(self.members) == 1:
            self.config, self.preprocessing = first.config, first.preprocessing
            self.others: tuple[Preprocessing, ...] = ()
        else:
            check_alike(path, self.members)
            self.network = stand_in(first.network)
            self.threshold = joint_threshold(path, self.members, given.threshold)
            self.config = common_config(self.members, self.folds)
            self.preprocessing = joint_preprocessing(self.members, self.config)
            self.others = tuple(member.preprocessing for member in self.members)

    @classmethod
    def load(cls, path: str | Path) -> "Model":
        """Read a checkpoint, the best one of a run directory, or the best one of each fold of a run."""
        given = read_members(path)
        of_run = Path(path) if len(given.checkpoints) > 1 else given.checkpoints[0].path
        return cls(of_run, given)

    def under(self, policies: Policies) -> "Model":
        """The same model, networks and all, with other policies for new rows."""
        other = object.__new__(Model)
        vars(other).update(vars(self), preprocessing=policies.applied(self.preprocessing))
        # What nobody knows is refused by what all know together.
        lenient = replace(policies, unseen="zeros") if policies.unseen == "error" else policies
        other.others = tuple(map(lenient.applied, self.others))
        return other

    def __reduce__(self) -> tuple[type["Model"], tuple[Any, ...], dict[str, Any]]:
        """A copy is built from the checkpoints: copied arrays would no longer share their memory."""
        return type(self), (self.path, self._given()), {"notes": self.notes}

    def _given(self) -> Members:
        checkpoints = tuple(member.checkpoint for member in self.members)
        return Members(checkpoints, self.combination, self.threshold, self._out_of_fold)

    def __repr__(self) -> str:
        what = "; ".join(f"{name} {value}" if value else name for name, value in self._facts())
        return f"<Model {self.path}: {what}>"

    def _repr_html_(self) -> str:
        return as_html(f"Model {self.path}", self._facts())

    def _facts(self) -> Iterator[tuple[str, str]]:
        many, widths = len(self.members) > 1, self.network.architecture.widths()
        when = "out of fold" if many else f"epoch {self.checkpoint['progress'].best_epoch}"
        layers = [widths[0], *self.config.model.hidden, widths[-1]]
        figures = dict(self._out_of_fold or {}) if many else self.figures
        yield from facts(self.preprocessing, layers, len(self.members), when, figures)
        if self.notes:
            more = f"; and {len(self.notes) - 1} more in .notes" if len(self.notes) > 1 else ""
            yield "note:", f"{self.notes[0]}{more}"

    @property
    def figures(self) -> dict[str, float | None]:
        """Losses and metrics at the best epoch, of training, validation and (after `fit`) test rows.

        Of folds those on all rows held out: `out_of_fold_loss`, ...
        """
        if len(self.members) == 1:
            return self.members[0].figures
        found = sorted((self._out_of_fold or {}).items())
        return {f"out_of_fold_{name}": value for name, value in found if value is not None}

    def save(self, path: str | Path) -> Path:
        """Write one file, from which `mlptrain.load` and every command read the model; its path.

        It is a checkpoint, or of folds what `mlptrain pack` writes.
        """
        if len(self.members) > 1:
            write_pack(Path(path), *self._given())
        else:
            write_archive(path, self.checkpoint.arrays, self.checkpoint.document)
        return Path(path)

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
        target = self.preprocessing.target
        return typed(target.classes, target.label_type) if isinstance(target, ClassTarget) else None

    def scores_of(self, inputs: Inputs, others: Sequence[Inputs] = ()) -> Array:
        """Scores (N, C) of rows, given as `preprocessing` and as each of `others` makes them."""
        each = zip(self.members, others or [inputs], strict=True)
        return self.together([(member, member.scores(own)) for member, own in each])

    def together(self, each: Sequence[tuple[Member, Array]]) -> Array:
        """Scores (N, C) of the model, from those of some of its members: its only one's own."""
        return each[0][1] if len(self.members) == 1 else self.average_of(each)

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

    def evaluate(
        self, X: object, y: object = None, *, weight: object = None
    ) -> dict[str, float | None]:
        """Loss and all metrics on raw rows and what is true of them.

        y       (N,) classes as numbers, booleans or text, or target values; (N, K) values of several
                targets in the order of training, or a data frame that has them by name; None where they
                are columns of X
        weight  (N,) how much each row counts, or a column of X
        """
        source, made = answered_rows(X, y, weight, self.preprocessing, self.network.dtype)
        rows, dtype = np.arange(len(source)), self.network.dtype
        others = [other.apply(source, rows, dtype)[0] for other in self.others]
        return self.evaluation(prepared_rows(made, source, rows, dtype)[0], others).measured()

    def explain(
        self,
        X: object,
        y: object = None,
        *,
        weight: object = None,
        metric: str | None = None,
        rows: int | None = None,
    ) -> Explanation:
        """Which columns matter on raw rows that training did not see, and how: see `Explanation`.

        y, weight  as in `evaluate`
        metric     by which it is judged beside the loss; that of `train.monitor`, or the first of eval
        rows       so many are shuffled at most; 5,000, and fewer where there are many columns
        """
        subject = self.explained_rows(X, y, weight)
        if len(subject) < 2:
            raise DataError("X has fewer than two rows: there is nothing to shuffle")
        measure = measure_of(self.config, subject, metric)
        return explained(subject, "given", measure, self.config.seed, rows)

    def explained_rows(self, X: object, y: object = None, weight: object = None) -> Subject:
        """Raw rows with what is true of them, to be explained."""
        source, made = answered_rows(X, y, weight, self.preprocessing, self.network.dtype)
        part = Part(source, np.arange(len(source)), self.members)
        return replace(self.subject((part,)), preprocessing=made)

    def contributions(self, X: object) -> list[RowExplanation]:
        """What each column adds to the prediction of each raw row, over that of the mean row of X."""
        source = rows_of(X, self.preprocessing)
        part = Part(source, np.arange(len(source)), self.members)
        seed, of = self.config.seed, self.subject((part,))
        return [explained_row(of, part, place, positive=1, seed=seed) for place in range(len(source))]

    def subject(self, parts: tuple[Part, ...]) -> Subject:
        """This model and rows, to be explained."""
        return Subject(parts, self.network, self.preprocessing, self.together)

    def evaluation(self, rows: Rows, others: Sequence[Inputs] = ()) -> Evaluation:
        """The scores of rows that are preprocessed already; `others` are as each of ours makes them."""
        scores = self.scores_of(rows.inputs, others)
        return Evaluation(self.network, rows.with_targets_in_memory(), scores, self.preprocessing)


def load(path: str | Path) -> Model:
    """The model of a checkpoint, of the best one of a run directory, or of those of all its folds.

    >>> from mlptrain import fit
    >>> xor = {"data": {"train": {"name": "xor", "points_per_class": 20}}, "train": {"epochs": 2}}
    >>> load(fit(xor).best).classes
    (0, 1)
    """
    return Model.load(path)

"""What `eval` measures: a file, a part of a run's own data, or what its folds held out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mlptrain.data.load import load_rows_for
from mlptrain.data.preprocessing.policies import AS_IN_TRAINING, Policies
from mlptrain.data.preprocessing.repairs import RepairNote
from mlptrain.errors import ConfigError
from mlptrain.inference.evaluation_report import (
    OUT_OF_FOLD,
    EvaluationReport,
    Split,
    last_split,
    remarks_on_runs,
    splits,
)
from mlptrain.inference.linear_model import linear_beside, linear_of_folds
from mlptrain.inference.model import Model
from mlptrain.inference.out_of_fold import kept_for_the_end, out_of_fold
from mlptrain.inference.outside import Ranges
from mlptrain.metrics.decision import Criterion
from mlptrain.training.data_files import data_again
from mlptrain.training.linear_model import linear_figures


def evaluate(
    checkpoint: str | Path,
    *,
    data: str | None = None,
    split: Split | None = None,
    policies: Policies = AS_IN_TRAINING,
    cost: Criterion | None = None,
) -> EvaluationReport:
    """Loss and metrics of a checkpoint on a file, or on a split of its own data.

    That of folds are all rows of the file, each held out once. The policies are for the rows of a file.
    `cost` asks for what each threshold between two classes would cost.
    """
    model = Model.load(checkpoint)
    ended = remarks_on_runs(model)
    if data is not None:
        if split is not None:
            raise ConfigError("--data names the rows: leave out --split")
        return evaluate_file(model, data, policies, ended, cost)
    if policies != AS_IN_TRAINING:
        raise ConfigError(
            "--unseen, --missing and --out-of-range are for --data: a split has those of its training"
        )
    if len(model.members) > 1:
        return evaluate_folds(model, split, ended, cost)
    return evaluate_split(model, split, ended, cost)


def evaluate_file(
    model: Model, data: str, policies: Policies, ended: Sequence[str], cost: Criterion | None
) -> EvaluationReport:
    """The rows of a file, under policies for what training did not have."""
    model, dtype = model.under(policies), model.network.dtype
    rows, others, notes = load_rows_for(data, model.preprocessing, model.others, dtype=dtype)
    outside = Ranges(model.preprocessing, dtype).found(rows.inputs.numbers, policies.out_of_range)
    for made, inputs in zip(model.others, others, strict=True):
        Ranges(made, dtype).found(inputs.numbers, policies.out_of_range)
    notes += (f"{data}: {outside}",) * (outside.rows > 0)
    evaluation = model.evaluation(rows, others)
    linear, gone = linear_beside(model, evaluation, others or [rows.inputs])
    said = EvaluationReport.of(model, data, evaluation, (*ended, *notes, *gone), cost=cost)
    return replace(said, linear=linear)


def evaluate_split(
    model: Model, split: Split | None, ended: Sequence[str], cost: Criterion | None
) -> EvaluationReport:
    """One part of the data of a run: the test rows, else those of validation, else of training."""
    dataset, warnings = data_again(model.config, model.checkpoint, model.preprocessing)
    split = split or last_split(dataset)
    if split not in splits(dataset):
        raise ConfigError(
            f"--split {split}: the config has no {split} rows; choose another, or name --data"
        )
    of_others = [each for each in dataset.notes if isinstance(each, RepairNote) and each.rows != split]
    told = [*ended, *(each for each in dataset.notes if each not in of_others), *warnings]
    evaluation = model.evaluation(splits(dataset)[split])
    said = EvaluationReport.of(model, split, evaluation, told, "summary.json", cost)
    return replace(said, linear=linear_figures(model.config, dataset, splits(dataset)[split]))


def evaluate_folds(
    model: Model, split: Split | None, ended: Sequence[str], cost: Criterion | None
) -> EvaluationReport:
    """The rows kept for the end by all members; without any, each row by the one that held it out.

    The rows held out are what `val` means.
    """
    if split == "train":
        raise ConfigError(
            "--split train: each member learned from other rows; leave it out, or name one of the folds"
        )
    found, name = None if split == "val" else kept_for_the_end(model), "test"
    if split == "test" and found is None:
        raise ConfigError(
            "--split test: the folds held out every row once, and none is set aside for a final test; "
            "leave it out, or set data.test with data.val: 0"
        )
    if found is None:
        found, name = out_of_fold(model), OUT_OF_FOLD
        linear, gone = None if found.notes else linear_of_folds(model.path), tuple[str, ...]()
    else:
        linear, gone = linear_beside(model, found.evaluation)
    notes = [*ended, *found.notes, *gone]
    return replace(EvaluationReport.of(model, name, found.evaluation, notes, cost=cost), linear=linear)

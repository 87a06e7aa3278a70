"""Every key of a config, with its type, its bounds, its default and its meaning.

This is the one place that says so: validation, error messages, the JSON Schema for editors and the
reference in docs/config.md are all made from it. The choices by name (`loss`, `optimizer`, ...) take
their options from the signatures in the registries.
"""

from typing import Annotated, Literal

from annotated_types import Ge, Le, Len
from pydantic import ConfigDict, Field, Strict

from mlptrain.bounds import Count, Fraction, NonNegative, NonNegativeCount, Positive
from mlptrain.config.candidates import Candidate, Combine
from mlptrain.config.choices import Choice, Named, Option
from mlptrain.config.columns import Categorical, Column, Missing, Numeric
from mlptrain.config.decision import Decision
from mlptrain.config.kinds import Kinds, ShortFor
from mlptrain.config.model import Model
from mlptrain.config.section import Columns, Renamed, Section, Text, setting
from mlptrain.config.sweep import Searched
from mlptrain.config.train import Average, EarlyStopping, Interval
from mlptrain.data.readers.toy import TOYS
from mlptrain.nn.losses import LOSSES
from mlptrain.optim import OPTIMIZERS
from mlptrain.optim.schedules import SCHEDULES

Part = Annotated[Fraction | Text | None, Kinds("a fraction of the rows, a file or null")]

Toy = Annotated[Choice, Named("a toy set", TOYS)]
Loss = Annotated[Choice, Named("a loss", LOSSES, "softmax"), ShortFor("name")]
RateFactors = dict[Literal["weight", "bias", "scale", "embedding"], NonNegative]
Optimizer = Annotated[
    Choice,
    Named("an optimizer", OPTIMIZERS, "adam", common={"rate_factors": Option(RateFactors, {})}),
    ShortFor("name"),
]
Schedule = Annotated[
    Choice,
    Named("a schedule", SCHEDULES, "constant", common={"warmup": Option(NonNegativeCount, 0)}),
    ShortFor("name"),
]


class Fold(Section):
    """One fold of several. `mlptrain fit CONFIG --folds 5` writes this key; it is rarely typed."""

    number: Count = Field(description="which fold is held out, from 1 on")
    of: Annotated[int, Ge(2)] = Field(description="how many folds the rows are dealt out to")
    holds: Literal["test", "val"] = setting(
        "test", "what the fold is: the test rows, or the validation rows of those that do not test"
    )


class Data(Section):
    """What to learn from, and how it becomes numbers."""

    train: Annotated[Text | Toy, Kinds("a file, or a toy set such as {name: spiral}")] = Field(
        description="training data: a file (table, .npz, .npy, IDX, CIFAR, svmlight) or a toy set"
    )
    target: Annotated[
        Text | Annotated[Columns, Len(min_length=1)], Kinds("a column, or a list of columns")
    ] = setting(
        "y",
        "column to predict (tables; a list for several outputs), key of the labels (npz) or their file",
    )
    val: Part = setting(
        0.1, "validation rows: a fraction of train (0.1 to 0.2 is usual), or a file; 0 or null: none"
    )
    test: Part = setting(
        0.2, "rows held out for a final test: a fraction of train, or a file; 0 or null: none"
    )
    stratify: bool = setting(
        True, "keep the shares of the classes equal in all parts (classification only)"
    )
    group: Annotated[Text | None, Kinds("a column or null")] = setting(
        None,
        "column of groups (patient, household): all rows of one go to the same part, folds included; "
        "a feature only where `features` names it",
    )
    time: Annotated[Text | None, Kinds("a column or null")] = setting(
        None,
        "column of dates or numbers: train lies before val, val before test; folds train on all "
        "that is before",
    )
    split_column: Annotated[Text | None, Kinds("a column or null")] = setting(
        None, "column that says train, val or test for each row; with val: null and test: null"
    )
    fold: Annotated[Fold | None, Kinds("{number: 1, of: 5} or null")] = setting(
        None,
        "hold out a fold: as val rows where val is 0, of the rows that do not test; else as test rows, "
        "and val is a part of the others",
    )
    features: Annotated[
        Annotated[Columns, Len(min_length=1)] | None, Kinds("a list of columns or null")
    ] = setting(
        None, "columns to learn from; null: every one that is not named elsewhere; of arrays, X alone"
    )
    ignore: Annotated[tuple[str, ...], Strict(False)] = setting(
        [], 'columns to leave out: ids, free text, whatever leaks the answer; "" is one without a name'
    )
    weight: Annotated[Text | None, Kinds("a column or null")] = setting(
        None, "column of row weights (>= 0): how much each row counts in loss and metrics"
    )
    scale: Annotated[Literal["standard", "minmax", "smooth_clip", "log", "none"], Renamed] = setting(
        "standard",
        "number columns: mean 0 and deviation 1, range 0 to 1, median and quartiles with a soft limit "
        "of 3 (for outliers; robust is read as this), the logarithm (for long tails), or as they are",
    )
    scale_target: Literal["standard", "log", "log1p", "none"] = setting(
        "standard",
        "regression only: learn a target, or its logarithm, of mean 0 and deviation 1; predictions and "
        "metrics stay in its own unit",
    )
    clip_target: bool = setting(
        False, "regression only: keep predictions within the range of the training rows"
    )
    target_missing: Literal["error", "drop"] = setting(
        "error", "rows without a target: refuse them, or leave them out and count them"
    )
    missing: Annotated[Missing, ShortFor("policy")] = setting({}, "what to do about blanks")
    missing_values: Annotated[Columns | None, Kinds("a list of texts or null")] = setting(
        None, "texts that stand for a missing value, instead of NA, N/A, NaN, null and ?"
    )
    columns: dict[Text, Column] = setting(
        {},
        "what single columns are, how they are written and how they enter: "
        '{income: {decimal: ",", missing: [n/a, "-"], scale: log}, month: {kind: category}}',
    )
    numeric: Annotated[Numeric, ShortFor("encode")] = setting({}, "how number columns enter")
    categorical: Annotated[Categorical, ShortFor("encode")] = setting(
        {}, "what to do about text columns"
    )
    dates: Literal["refuse", "ignore", "number", "parts"] = setting(
        "refuse",
        "date columns: refuse, leave out, turn into days since 1970-01-01, or into these days and sine "
        "and cosine of month, weekday and hour, as far as they differ",
    )
    transform: Annotated[Literal["polar"] | None, Kinds("'polar' or null")] = setting(
        None, "polar: radius and angle instead of two coordinates, before scaling"
    )
    cache: Text = setting(
        "auto",
        "where tables are prepared that are too large for memory: auto (~/.cache/mlptrain), a "
        "directory (then always), or none (then everything is in memory)",
    )
    image_shape: Annotated[
        Annotated[tuple[Count, ...], Strict(False), Len(2, 3)] | None,
        Kinds("a list of 2 or 3 sizes, or null"),
    ] = setting(
        None, "how to draw a row or a first-layer weight: [height, width] or [height, width, 3]"
    )


class Regularization(Section):
    """The penalty on large weights; biases are exempt."""

    l2: NonNegative = setting(
        0.0, "l2 * sum of squared weights, added to the loss; 1e-5 to 1e-2 is usual"
    )
    l1: NonNegative = setting(
        0.0, "l1 * sum of absolute weights, added to the loss; drives weights to 0"
    )


class Train(Section):
    """The training loop."""

    epochs: Annotated[int, Ge(1), Le(1_000_000_000)] = setting(50, "passes over the training rows")
    batch_size: Annotated[int, Ge(1), Le(1_000_000_000)] = setting(
        64, "rows in a minibatch; 32 to 512 is usual"
    )
    accumulate: Annotated[int, Ge(1), Le(1_000_000)] = setting(
        1,
        "minibatches whose gradients add up to one step: a batch this many times as large, in the "
        "memory of one",
    )
    shards: Annotated[Annotated[int, Ge(1), Le(4096)] | None, Kinds("a number of shards, or null")] = (
        setting(
            None,
            "cut each minibatch into this many parts and add their gradients up in a fixed order: the "
            "same bits over any number of ranks up to it; null: as many as there are ranks",
        )
    )
    drop_last: bool = setting(
        False,
        "leave out the short batch at the end of an epoch; with batch norm, one of fewer than 8 rows "
        "joins the batch before",
    )
    clip_norm: Annotated[Positive | None, Kinds("a number > 0, or null")] = setting(
        None, "largest global norm of the gradient; 1.0 is usual where training jumps; null: no limit"
    )
    nonfinite: Literal["abort", "skip", "rollback"] = setting(
        "abort",
        "when loss or gradient is not finite: stop, drop the step, "
        "or go back to the last checkpoint at half the rate",
    )
    monitor: Text = setting(
        "val_loss",
        "the value that decides which epoch is best: train_ or val_, then loss or a metric; "
        "val_loss means train_loss where there are no validation rows",
    )
    early_stopping: Annotated[EarlyStopping | None, Kinds("{patience: n} or null")] = setting(
        None, "stop when `monitor` no longer improves; null: never"
    )
    average: Annotated[Average | None, Kinds("{ema: 0.99} or null")] = setting(
        None,
        "follow the average of the weights too, and keep it as the best where `monitor` is better "
        "with it; null: the weights alone",
    )
    max_minutes: Annotated[Positive | None, Kinds("a number > 0, or null")] = setting(
        None, "end the run after this many minutes, with an evaluation; null: no limit"
    )
    eval_every: Interval = setting(1, "epochs between evaluations, or {steps: n}")
    checkpoint_every: Interval = setting(1, "epochs between checkpoints, or {steps: n}")
    log_histograms: bool = setting(
        False, "keep histograms of activations and gradients at each evaluation, for `mlptrain plot`"
    )
    folds: Annotated[Annotated[int, Ge(2)] | None, Kinds("a number of folds, or null")] = setting(
        None, "train this many models, each with another part of the rows held out; they predict as one"
    )
    tensorboard: bool = setting(False, "also write event files for TensorBoard (extra `tensorboard`)")


class InitFrom(Section):
    """The checkpoint that a run begins with. `fit --init-from` writes this key; it is rarely typed."""

    checkpoint: Text = Field(description="a checkpoint, or a run directory for its best.npz")
    sha256: Annotated[Text | None, Kinds("a SHA-256 or null")] = setting(
        None, "the hash that the file must have; null: any"
    )
    preprocessing: Literal["keep", "refit"] = setting(
        "keep", "scaling, categories and order of the classes: those of the checkpoint, or learned anew"
    )
    head: Literal["keep", "new"] = setting(
        "keep", "the last layer: that of the checkpoint, or a new one for other classes or targets"
    )


class Config(Section):
    """The whole config. `data.train` is the only key that has no default."""

    model_config = ConfigDict(defer_build=False)

    seed: Annotated[int, Ge(0), Le(2**63 - 1)] = setting(
        0, "the seed of all randomness: split, weights, order, dropout"
    )
    data: Data = setting({}, "what to learn from, and how it is turned into numbers")
    model: Model = setting({}, "the network")
    loss: Loss = setting(
        "softmax", "measures how wrong the scores are, and decides the task: softmax and hinge classify"
    )
    regularization: Regularization = setting({}, "the penalty on large weights; biases are exempt")
    optimizer: Optimizer = setting(
        "adam",
        "the update rule, with its learning rate; every one takes rate_factors, factors on the rate by "
        "kind of parameter: {weight: 1, bias: 0.1, scale: 2, embedding: 1}",
    )
    schedule: Schedule = setting(
        "constant", "how the learning rate changes; every schedule takes warmup, in steps"
    )
    train: Train = setting({}, "the training loop")
    calibration: Literal["none", "temperature"] = setting(
        "none", "after training, divide all scores by one number: the best log-loss on the val rows"
    )
    decision: Annotated[Decision | None, Kinds("{metric: f1} or null")] = setting(
        None,
        "of two classes: the probability from which `predict --decide` names one, best on the val rows",
    )
    init_from: Annotated[InitFrom | None, Kinds("{checkpoint: RUN} or null")] = setting(
        None, "start with the weights of a checkpoint; null: with the initializer's"
    )
    candidates: Annotated[tuple[Candidate, ...], Strict(False)] = setting(
        [],
        "other settings to train on the same folds, each as its changes: "
        "[{name: wide, model: {hidden: [256]}}, {name: plain}]; needs train.folds",
    )
    combine: Combine = setting(
        "choose",
        "how candidates predict: the best by out-of-fold loss alone, or all of them with the "
        "weights that make this loss lowest",
    )
    sweep: Searched = setting(None, "what `mlptrain sweep` tries; `fit` ignores it")

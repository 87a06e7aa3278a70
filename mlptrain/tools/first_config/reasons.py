"""Why a preset sets what it sets: the comment of each key, and what was measured.

The one source of the comments in a written config, of `init --explain` and of the table in
docs/quality.md. The ratios are those of the mean of five networks without the part to that with it, on
the twelve tables on which the recipe was found: above 1 it is worse without. Differences below 1 % are
noise there.
"""

from collections.abc import Mapping
from typing import NamedTuple

from mlptrain.config.dump import inline

PAPER = "Holzmüller et al. 2024, tables B"
"""Better by default: strong pre-tuned MLPs, arXiv:2407.04491; classes, numbers."""


class Reason(NamedTuple):
    """What stands behind a key, and the measurement behind that; "" where a part was not tried alone.

    comment   with {names} of facts about the table; "" where the columns themselves are the reason
    """

    comment: str
    measured: str = ""


REASONS: Mapping[tuple[str, ...], Reason] = {
    ("data", "val"): Reason("{val}"),
    ("data", "test"): Reason("{test}"),
    ("data", "scale"): Reason(
        "by median and quartiles, with a soft limit for outliers",
        f"mean and deviation instead: log-loss x 1.01, RMSE x 1.00 beside bins; without bins errors "
        f"+2.1 %, RMSE +8.7 % ({PAPER})",
    ),
    ("data", "numeric"): Reason(
        "each number also enters in bins, so that steps and bends are easy to learn",
        "without bins: errors x 1.018, log-loss x 1.016, RMSE x 1.057",
    ),
    ("data", "missing", "indicator"): Reason(
        "", "a column that says where blanks are: nothing gained or lost on two tables with blanks"
    ),
    ("data", "categorical"): Reason(
        "", "learned embeddings above nine categories: 0.6 % worse on the one table that has them"
    ),
    ("model", "hidden"): Reason(
        "two small layers; larger ones gain nothing on tables",
        "[64, 64]: errors x 1.02, RMSE x 1.007; [256, 256]: x 1.01, x 1.001 in 1.7 times the time",
    ),
    ("model", "initializer"): Reason(
        "with parametrization ntk: every weight starts at N(0, 1) ...",
    ),
    ("model", "parametrization"): Reason(
        "... and a layer divides by the root of its inputs",
        f"without: errors +1.1 %, RMSE +1.3 % ({PAPER})",
    ),
    ("model", "input_scale"): Reason(
        "a learned factor for each input: how much it matters",
        "without: errors x 0.99, log-loss x 0.99, RMSE x 1.021",
    ),
    ("model", "last_layer"): Reason("the first prediction is the mean, or the same for all classes"),
    ("loss",): Reason("{loss}"),
    ("loss", "label_smoothing"): Reason(
        "fewer errors; calibration makes the probabilities right again",
        "without: errors x 1.017, log-loss x 0.995; errors x 1.09 with a table of pictures among them",
    ),
    ("optimizer", "learning_rate"): Reason(
        "high, because the NTK parametrization needs it",
        "half the rate: no difference beyond the noise",
    ),
    ("optimizer", "beta2"): Reason(
        "a short memory, because the rate changes a lot",
        f"0.999 instead: errors +2.0 %, RMSE +22.8 % ({PAPER})",
    ),
    ("optimizer", "rate_factors"): Reason(
        "biases learn slowly, the factors of the inputs fast",
        "one network, its inputs' factors at the rate of its weights: log-loss or RMSE x 1.005",
    ),
    ("schedule",): Reason(
        "the rate rises and falls to 0 four times, each time more slowly",
        "one cosine: errors x 0.99, RMSE x 1.007; a constant rate: errors +1.8 %, RMSE +13.4 % "
        f"({PAPER})",
    ),
    ("train", "epochs"): Reason(
        "passes over the rows, {steps} each; the schedule has to reach its end",
        "16: errors x 1.01, RMSE x 1.025; 64: x 1.00, x 0.997 in twice the time",
    ),
    ("train", "batch_size"): Reason(
        "",
        "256: RMSE x 1.053; from 8,000 rows on, 128 and layers of 64 take half the time for 1 %",
    ),
    ("train", "drop_last"): Reason("a short last batch would be a noisy step"),
    ("train", "monitor"): Reason(
        "chooses the epoch that is kept{lopsided}",
        "classes, by log-loss as it is: errors x 1.04 to 1.09, log-loss x 1.01 to 1.03; numbers, the "
        "last epoch: RMSE x 1.02 to 1.03",
    ),
    ("train", "folds"): Reason(
        "this many networks; the mean of their answers predicts",
        "one network: log-loss 1.02 for 0.86 of LightGBM's, RMSE 0.96 for 0.91 (27 other tables); "
        "ten or fifteen networks: at most 0.5 % better",
    ),
    ("calibration",): Reason(
        "makes the model as sure as it is right, on the {held}", "without: log-loss x 1.27 to 1.33"
    ),
    ("decision",): Reason(
        "the probability from which `predict --decide` names the rare class",
        "class weights instead, which init wrote before: errors 1.69 for 0.92 of LightGBM's",
    ),
    ("candidates",): Reason(
        "each as its changes; the best on the rows held out predicts",
        "bins alone: log-loss 0.76 of LightGBM's, RMSE 0.950; the best of bins and plain: 0.71, 0.949; "
        "of all three, the ensemble of eight: 0.70, 0.948",
    ),
    ("combine",): Reason("", "greedy, weights instead of a choice: log-loss 0.70 for 0.71, RMSE 0.951"),
    ("sweep",): Reason("what `mlptrain sweep CONFIG` tries; `fit` ignores it"),
}


class Why(NamedTuple):
    """A setting that is written, and what stands behind it."""

    key: str
    value: str
    comment: str
    measured: str


def value_at(config: Mapping[str, object], path: tuple[str, ...]) -> object:
    """The value of a key of a config; None where it is not written."""
    value: object = config
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def comments_on(
    config: Mapping[str, object], facts: Mapping[str, str]
) -> dict[tuple[str | int, ...], str]:
    """The comments of the keys that a config has.

    >>> comments_on({"model": {"last_layer": "zeros"}, "train": {"epochs": 9}}, {"steps": "5 steps"})
    ... # doctest: +NORMALIZE_WHITESPACE
    {('model', 'last_layer'): 'the first prediction is the mean, or the same for all classes',
     ('train', 'epochs'): 'passes over the rows, 5 steps each; the schedule has to reach its end'}
    """
    return {
        path: reason.comment.format_map(facts)
        for path, reason in REASONS.items()
        if reason.comment and value_at(config, path) is not None
    }


def explained(
    config: Mapping[str, object],
    ours: Mapping[tuple[str | int, ...], str],
    of_columns: Mapping[tuple[str | int, ...], str],
) -> tuple[Why, ...]:
    """Each setting of a preset: what it says in the config, and what was measured.

    Where the columns are the reason for a value, the measurement of the usual one says nothing.
    """
    found = []
    for path, reason in REASONS.items():
        value = value_at(config, path)
        if value is not None:
            comment = of_columns.get(path, ours.get(path, ""))
            usual = path not in of_columns or not reason.comment
            found.append(Why(".".join(path), inline(value), comment, reason.measured if usual else ""))
    return tuple(found)

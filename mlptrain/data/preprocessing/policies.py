"""What a trained model is told about one file: other policies than those it was trained with."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from mlptrain.data.preprocessing.preprocess import Preprocessing
from mlptrain.data.settings import UnseenPolicy
from mlptrain.errors import ConfigError

MissingAtPredict = Literal["error", "mean", "median"]
RangePolicy = Literal["warn", "clip"]
UNSEEN, MISSING, OUT_OF_RANGE = map(get_args, (UnseenPolicy, MissingAtPredict, RangePolicy))


@dataclass(frozen=True)
class Policies:
    """The options --unseen, --missing and --out-of-range; None leaves it to the model.

    A model keeps one number that fills a column: the median where it was trained with `missing:
    median`, else the mean. A text that is missing is treated as none under both.
    """

    unseen: UnseenPolicy | None = None
    missing: MissingAtPredict | None = None
    out_of_range: RangePolicy = "warn"

    def applied(self, made: Preprocessing) -> Preprocessing:
        """The preprocessing under these policies; ConfigError for a filling that it does not know."""
        kept = "median" if made.missing == "median" else "mean"
        if self.missing not in (None, "error", kept):
            raise ConfigError(
                f"--missing {self.missing}: a model trained with `missing: {made.missing}` knows the "
                f"{kept} of each column: write --missing {kept}"
            )
        blank: Literal["error", "zeros"] | None = None
        if self.missing is not None:
            blank = "error" if self.missing == "error" else "zeros"
        columns = tuple(column.under(self.unseen, blank) for column in made.columns)
        return replace(made, columns=columns, missing=self.missing or made.missing)


AS_IN_TRAINING = Policies()

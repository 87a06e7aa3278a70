"""What becomes of the columns of each kind: settings of the data, each with its reason."""

from collections.abc import Iterator
from typing import Any

from mlptrain.data.preprocessing.columns.number import are_times
from mlptrain.data.source import Source
from mlptrain.messages import some
from mlptrain.tools.first_config.declared import Comments
from mlptrain.tools.first_config.heading import FEW
from mlptrain.tools.first_config.presets import MOST_IN_BINS
from mlptrain.tools.first_config.roles import RARE, Roles, is_picture, picture_shape


def add_kinds(data: dict[str, Any], source: Source, roles: Roles, comments: Comments) -> None:
    """Numbers, blanks, categories and dates, as far as there are any."""
    _scale(data, source, roles, comments)
    _blanks(data, roles, comments)
    _categories(data, roles, comments)
    if roles.dates:
        data["dates"] = "parts"
        comments[("data", "dates")] = "; ".join(_dates(roles))


def _scale(data: dict[str, Any], source: Source, roles: Roles, comments: Comments) -> None:
    """By quartiles, and in bins; pixels, which share one unit, by their range."""
    numbers = [each for each in roles.numbers if each.kind == "number"]
    if is_picture(numbers):
        data["scale"] = "minmax"
        comments[("data", "scale")] = "numbers from 0 in one unit, as pixels are: 0 to 1 each"
        if shape := picture_shape(source, len(roles.features)):
            data["image_shape"] = list(shape)
            comments[("data", "image_shape")] = "how to draw a row, if it is a picture"
    elif len(numbers) > MOST_IN_BINS:
        data["scale"] = "smooth_clip"
        comments[("data", "scale")] = "by median and quartiles; bins would make 17 inputs of each"
    elif numbers:
        data |= {"scale": "smooth_clip", "numeric": {"encode": "piecewise"}}


def _blanks(data: dict[str, Any], roles: Roles, comments: Comments) -> None:
    with_blanks = [each.name for each in roles.numbers if each.blanks]
    if with_blanks:
        data["missing"] = {"policy": "median", "indicator": True}
        comments[("data", "missing")] = (
            f"blanks in {some(with_blanks, FEW)}: the median, and a column that says where"
        )
    elif roles.numbers:
        data["missing"] = "mean"
        comments[("data", "missing")] = "no blanks here; one in new data becomes the mean"


def _categories(data: dict[str, Any], roles: Roles, comments: Comments) -> None:
    if not roles.texts:
        return
    setting: dict[str, Any] = {"encode": "one_hot", "binary": "signed"}
    here: tuple[str, ...] = ("data", "categorical")
    setting |= {"unseen": "zeros", "missing": "zeros"}
    rare = [each.name for each in roles.texts if each.counts.min(initial=RARE) < RARE]
    blank = [each.name for each in roles.texts if each.blanks]
    comments[here] = f"a 0/1 column per category of {some([each.name for each in roles.texts], FEW)}"
    comments[(*here, "binary")] = "two categories are one column of -1 and +1"
    seldom = f"rare categories in {some(rare, FEW)}: " if rare else ""
    comments[(*here, "unseen")] = f"{seldom}a new one is treated as none, and counted"
    blanks = f"blanks in {some(blank, FEW)}" if blank else "no blanks here; one in new data"
    comments[(*here, "missing")] = f"{blanks}: treated as none"
    if roles.categories:
        setting["columns"] = list(roles.categories)
        comments[(*here, "columns")] = "codes, not quantities"
    data["categorical"] = setting


def _dates(roles: Roles) -> Iterator[str]:
    """What becomes of days, and of times of day."""
    for times, what in (
        (False, "days since 1970-01-01, with the time of year, week and day"),
        (True, "the part of the day that has passed, with its sine and cosine"),
    ):
        names = [each.name for each in roles.dates if are_times(each.low, each.high) == times]
        if names:
            yield f"{some(names, FEW)}: {what}"

"""Which columns to learn from; each column that is left out gets its reason."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mlptrain.data.index_names import is_index_name, is_time_name
from mlptrain.data.matrix import Matrix
from mlptrain.data.source import Source
from mlptrain.messages import count
from mlptrain.tools.first_config.profile import Profile

MOST_CATEGORIES = 500
"""More different texts than this are not turned into columns of 0 and 1."""
FEW = 20
"""So many different values are few in any table."""
SPARSE = 3
"""Numbers of which at least one in so many is there lie close together."""
MOST_CONSTANT = 2
"""More constant columns are not worth a line each: they are ignored."""
LEAST = 10
"""A column needs so many values to be learned from."""
LEAST_SQUARE = 64
"""A picture has so many pixels at least, if its numbers are not whole."""
RARE = 10
"""A category of fewer rows than this may be absent from the training rows."""

ID = re.compile(
    r"(^|[_\s.-])(ids?|uid|uuid|guid|oid|gid|fid|pk|key|index|idx|rowid|nr|no|number|seq|serial)\.?$|"
    r"^#$|^sno$|(?-i:[a-z]I[dD]$)|objectid$",
    re.I,
)
CODE = re.compile(
    r"(^|[_\s.-])(id|code|zip|zip ?code|post ?code|plz)$|(?-i:[a-z](?:I[dD]|Code|Zip)$)", re.I
)


@dataclass(frozen=True)
class Roles:
    """What becomes of the columns.

    ignored      name -> reason
    categories   number columns that are codes, to be treated as categories
    features     what is left, the categories among them
    usable       those of the ignored that can be used as they are
    codes        more of them, by name or by the target along them -> what speaks for it
    """

    ignored: dict[str, str]
    categories: list[str]
    features: list[Profile]
    usable: frozenset[str] = frozenset()
    codes: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def texts(self) -> list[Profile]:
        """The features that become one column per category."""
        codes = {*self.categories, *self.codes}
        return [each for each in self.features if each.kind == "text" or each.name in codes]

    @cached_property
    def numbers(self) -> list[Profile]:
        """The features that stay numbers."""
        texts = {each.name for each in self.texts}
        return [each for each in self.features if each.name not in texts]

    @property
    def dates(self) -> list[Profile]:
        """The numbers that are dates."""
        return [each for each in self.features if each.kind == "date"]


COUNTS = ("numbers the rows", "numbers the rows, in equal steps")


def choose_roles(
    profiles: Sequence[Profile],
    doubts: Mapping[str, str],
    codes: Mapping[str, str],
    asked_for: Collection[str] = (),
) -> Roles:
    """Decide about every column that is not a target; `doubts` are reasons to leave some out.

    `codes` are numbers to be taken as categories, and why. What is `asked_for` is left out only where
    `fit` would refuse it.
    """
    ignored, categories, features = dict[str, str](), list[str](), list[Profile]()
    usable, constant = set[str](), sum(each.different == 1 for each in profiles)
    for each in profiles:
        reason = doubts.get(each.name) or reason_to_ignore(each)
        if each.name in asked_for and each.name not in doubts and is_usable(each):
            reason = ""
        if not reason and each.different == 1 and constant <= MOST_CONSTANT and not is_flag(each):
            reason = "has one value only"
        if reason:
            ignored[each.name] = reason
            if is_usable(each):
                usable.add(each.name)
            continue
        features.append(each)
        if (is_code(each) and each.different <= few_for(each)) or each.looks_numeric or each.inexact:
            categories.append(each.name)
    if not features:  # a table of x and y: what counts is all there is
        features = [each for each in profiles if ignored.get(each.name, "") in COUNTS]
        ignored = {name: why for name, why in ignored.items() if why not in COUNTS}
    taken = {each.name for each in features} - {*categories}
    return Roles(
        ignored,
        categories,
        features,
        frozenset(usable),
        {name: why for name, why in codes.items() if name in taken},
    )


def is_flag(column: Profile) -> bool:
    """Whether a value stands in some rows and nothing in others, as Y or blank: that is two states."""
    return min(column.present, column.blanks) >= LEAST


def few_for(column: Profile) -> int:
    """So many different codes are few: the training rows must show each."""
    return max(FEW, min(MOST_CATEGORIES, column.present // 4))


def is_code(column: Profile) -> bool:
    """Whether whole numbers are codes, by their name or because a text of them is no number: 007."""
    return column.kind == "number" and column.whole and bool(column.code or CODE.search(column.name))


def is_usable(column: Profile) -> bool:
    """Whether `fit` takes the column of numbers as it is."""
    plain = column.kind == "number" and not column.blanks and not column.infinite
    return plain and not column.inexact and bool(column.name)


def reason_to_ignore(column: Profile) -> str:
    """Why the column is nothing to learn from, or the empty text."""
    if not column.name:
        return "has no name: such a column often numbers the rows"
    if column.kind == "other":
        return "holds lists, times or other unusual values"
    if not column.present:
        return "is empty"
    if column.present < min(LEAST, column.rows):
        return f"has {count(column.present, 'value')} in {count(column.rows, 'row')}"
    if column.infinite:
        return f"holds {count(column.infinite, 'infinite value')}: correct them to use it"
    if column.inexact and column.different > few_for(column):
        return "numbers with more digits than can be kept: an id?"
    if column.code and column.different > few_for(column):
        return f"codes, which a number does not keep ({column.code}): too many for categories"
    return _text(column) if column.kind == "text" else _number(column)


def _text(column: Profile) -> str:
    found = f"{count(column.different, 'different text')} in {count(column.present, 'row')}"
    most = max(FEW, min(MOST_CATEGORIES, column.present // 10))
    if column.form and column.different > (FEW if column.looks_numeric else most):
        return f"{column.form}: {column.advice}"
    if column.different == column.present and column.present > FEW:
        return "is different in every row: an id or free text"
    if column.different > most:
        return f"{found}: too many for categories"
    if column.present < column.rows / 20:
        return f"is blank in {count(column.blanks, 'row')} of {column.rows:,}"
    return ""


def _number(column: Profile) -> str:
    """Ids: every row its own whole number, by name or because they just count."""
    if column.kind != "number" or not column.whole:
        return ""
    if is_index_name(column.name) and 2 * column.different > column.present:
        return "numbers the rows, by its name"
    unique = column.different == column.present and column.present > FEW
    dense = column.high - column.low + 1 == column.present == column.rows
    counts = column.step == 1 and column.low in (0, 1)
    if (counts or (unique and dense)) and not is_time_name(column.name):
        return COUNTS[0]
    if ID.search(column.name) and (unique or column.different > max(FEW, column.present / 2)):
        return "looks like an id: nearly every row has its own"
    if unique and column.step and not is_time_name(column.name):
        return COUNTS[1]
    return ""


def may_be_an_index(column: Profile) -> bool:
    """Whole numbers, all different, that lie close together or rise: a sample of numbered rows."""
    if column.kind != "number" or not column.whole or is_time_name(column.name):
        return False
    unique = column.different == column.present and column.present > FEW
    return unique and (column.rising or column.high - column.low + 1 < SPARSE * column.present)


def picture_shape(source: Source, fields: int) -> tuple[int, ...]:
    """How to draw a row of so many fields: as the file has it, else as a square, else ()."""
    side = math.isqrt(fields)
    shape = (isinstance(source, Matrix) and source.picture) or (side, side)
    return shape if math.prod(shape) == fields else ()


def is_picture(numbers: Sequence[Profile]) -> bool:
    """Whether most columns are whole numbers from 0 in one unit, as pixels are.

    Or numbers from 0 to 1, where as many as a square has fields.
    """
    varied = [each for each in numbers if each.different > 1]
    if len(varied) < 16 or any(each.low < 0 for each in numbers):
        return False
    square = len(numbers) >= LEAST_SQUARE and math.isqrt(len(numbers)) ** 2 == len(numbers)
    shares = square and max(each.high for each in varied) <= 1
    if not shares and not all(each.whole for each in numbers):
        return False
    top = max(each.high for each in varied)
    return sum(each.high >= top / 2 for each in varied) > len(varied) / 2

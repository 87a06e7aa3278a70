"""Which columns to learn from; each column that is left out gets its reason."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mlptrain.data.index_names import is_index_name, is_time_name
from mlptrain.messages import count
from mlptrain.tools.first_config.profile import Profile

MOST_CATEGORIES = 500
"""More different texts than this are not turned into columns of 0 and 1."""
FEW = 20
"""So many different values are few in any table."""
SPARSE = 3
"""Numbers of which at least one in so many is there lie close together."""
MOST_CONSTANT = 2
"""More constant columns are not worth a line each: they become 0, which does no harm."""
LEAST = 10
"""A column needs so many values to be learned from."""
RARE = 10
"""A category of fewer rows than this may be absent from the training rows."""

ID = re.compile(
    r"(^|[_\s.-])(ids?|uuid|guid|key|index|idx|rowid|nr|no|number)$|^#$|(?-i:[a-z]I[dD]$)", re.I
)
CODE = re.compile(r"(^|[_\s.-])(id|code|zip|zipcode|postcode)$|(?-i:[a-z]I[dD]$)", re.I)


@dataclass(frozen=True)
class Roles:
    """What becomes of the columns.

    ignored      name -> reason
    categories   number columns that are codes, to be taken as categories
    features     what is left, the categories among them
    """

    ignored: dict[str, str]
    categories: list[str]
    features: list[Profile]

    @property
    def texts(self) -> list[Profile]:
        """The features that become one column per category."""
        return [each for each in self.features if each.kind == "text" or each.name in self.categories]

    @property
    def numbers(self) -> list[Profile]:
        """The features that stay numbers."""
        return [each for each in self.features if each not in self.texts]

    @property
    def dates(self) -> list[Profile]:
        """The numbers that are dates."""
        return [each for each in self.features if each.kind == "date"]


def choose_roles(profiles: Sequence[Profile]) -> Roles:
    """Decide about every column that is not a target."""
    ignored, categories, features = dict[str, str](), list[str](), list[Profile]()
    constant = [each.name for each in profiles if each.different == 1]
    for each in profiles:
        reason = reason_to_ignore(each)
        if not reason and each.name in constant and len(constant) <= MOST_CONSTANT:
            reason = "has one value only"
        if reason:
            ignored[each.name] = reason
            continue
        features.append(each)
        code = each.kind == "number" and each.whole and CODE.search(each.name)
        few = max(FEW, min(MOST_CATEGORIES, each.present // 4))  # the training rows must show each
        if (code and each.different <= few) or each.looks_numeric:
            categories.append(each.name)
    return Roles(ignored, categories, features)


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
    return _text(column) if column.kind == "text" else _number(column)


def _text(column: Profile) -> str:
    found = f"{count(column.different, 'different text')} in {count(column.present, 'row')}"
    most = max(FEW, min(MOST_CATEGORIES, column.present // 10))
    if column.looks_numeric and column.different > FEW:
        return "holds numbers and text: correct the text, or leave it empty, to use it"
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
    if (column.counts_up or (unique and dense)) and not is_time_name(column.name):
        return "numbers the rows"
    if ID.search(column.name) and (unique or column.different > max(FEW, column.present / 2)):
        return "looks like an id: nearly every row has its own"
    return ""


def may_be_an_index(column: Profile) -> bool:
    """Whole numbers that are all different and lie close together: a sample of numbered rows."""
    if column.kind != "number" or not column.whole or is_time_name(column.name):
        return False
    unique = column.different == column.present and column.present > FEW
    return unique and column.high - column.low + 1 < SPARSE * column.present


def is_picture(numbers: Sequence[Profile]) -> bool:
    """Whether most columns are whole numbers from 0 in one unit, as pixels are."""
    varied = [each for each in numbers if each.different > 1]
    if len(varied) < 16 or any(each.low < 0 or not each.whole for each in numbers):
        return False
    top = max(each.high for each in varied)
    return sum(each.high >= top / 2 for each in varied) > len(varied) / 2

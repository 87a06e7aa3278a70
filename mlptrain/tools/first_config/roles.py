"""Which columns to learn from; each column that is left out gets its reason."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mlptrain.messages import count
from mlptrain.tools.first_config.profile import Profile

MOST_CATEGORIES = 500
"""More different texts than this are not turned into columns of 0 and 1."""
FEW = 20
"""So many different values are few in any table."""
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
TIME = re.compile(r"year|month|week|day|date|time|hour|age", re.I)


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
    unique = column.different == column.present and column.present > FEW
    counts_up = column.high - column.low + 1 == column.present == column.rows
    if unique and counts_up and not TIME.search(column.name):
        return "numbers the rows"
    if ID.search(column.name) and (unique or column.different > max(FEW, column.present / 2)):
        return "looks like an id: nearly every row has its own"
    return ""

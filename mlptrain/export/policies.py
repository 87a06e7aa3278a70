"""What a model does with values that training did not have, in words: each export says it of itself."""

from collections.abc import Callable, Iterator, Sequence

from mlptrain.data.preprocessing.checks import REFUSES
from mlptrain.data.preprocessing.columns.category import Category
from mlptrain.data.preprocessing.columns.number import Number
from mlptrain.data.preprocessing.number_target import NumberTarget
from mlptrain.inference.model import Model
from mlptrain.messages import some


def policies_of(model: Model) -> list[str]:
    """A sentence for each kind of value; "refused" is as each form of export has it."""
    made = model.preprocessing
    texts = [column for column in made.columns if isinstance(column, Category)]
    numbers = [column for column in made.columns if isinstance(column, Number)]
    found = list[str]()
    if numbers or made.transform == "polar":
        refused = made.missing in REFUSES or made.transform == "polar"
        outcome = "refused" if refused else f"filled in, with the {made.missing} of the training rows"
        found.append(f"A missing number is {outcome}.")
        found.append("An infinite number is refused.")
        found.append(f"A number outside the range of training is {_outside(numbers)}.")
    found += _by_outcome("A missing category", texts, _missing)
    found += _by_outcome("A new category", texts, _unseen)
    targets = [each.preprocessing.target for each in model.members]
    if all(isinstance(target, NumberTarget) and target.low for target in targets):
        found.append("What is predicted stays within the range of the training rows.")
    return found


def _outside(numbers: Sequence[Number]) -> str:
    limited = [each.name for each in numbers if each.squash]
    if limited and len(limited) == len(numbers):
        return "taken as it is, and counts less and less the farther out it lies"
    if limited:
        return f"taken as it is; the farther out, the less it counts in {some(limited)}"
    return "taken as it is"


def _missing(column: Category) -> str:
    return "is refused" if column.missing == "error" else f"becomes {column.outcome}"


def _unseen(column: Category) -> str:
    outcomes = {"error": "is refused", "mode": "counts as the most frequent one"}
    return outcomes.get(column.unseen, f"becomes {column.outcome}")


def _by_outcome(
    what: str, texts: Sequence[Category], outcome: Callable[[Category], str]
) -> Iterator[str]:
    """One sentence where all columns are alike, else one for each outcome with its columns."""
    names = dict[str, list[str]]()
    for column in texts:
        names.setdefault(outcome(column), []).append(column.name)
    for said, columns in names.items():
        yield f"{what} {said}{f' in {some(columns)}' if len(names) > 1 else ''}."

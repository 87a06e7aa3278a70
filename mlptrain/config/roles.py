"""What `data.columns` says a column is, against itself and against the other keys of `data`."""

from collections.abc import Iterator
from typing import get_args

from mlptrain.config.faults import Fault, shown
from mlptrain.config.schema import Data
from mlptrain.data.settings import NumberEncoding, Role, of_fields


def role_faults(data: Data) -> Iterator[Fault]:
    """Every fault of every column."""
    for name, column in data.columns.items():
        role = of_fields(Role, column.model_dump())
        for key, what in _within(role):
            yield Fault(("data", "columns", name, key), what)
        given = [key for key in ("kind", "encode", "scale", "dates") if getattr(role, key) is not None]
        other = _elsewhere(data, name, role) if given else ""
        if other:
            what = f"the column {shown(name)} is already in data.{other}"
            yield Fault(("data", "columns", name, given[0]), what, (("data", *other.split(".")),))


def _within(role: Role) -> Iterator[tuple[str, str]]:
    """What does not go together in one column: the key, and why."""
    said = role.kind or (None if role.dates is None else "date")
    if role.encode is not None:
        of_numbers = role.encode in get_args(NumberEncoding)
        if said not in (None, *(("number", "date") if of_numbers else ("category",))):
            kind = "number or date" if of_numbers else "category"
            yield "encode", f"{role.encode} is an encoding of kind {kind}, and this is kind {said}"
    if role.dates is not None and said != "date":
        yield "dates", f"{role.dates} is for kind date, and this is kind {role.kind}"
    if role.scale is not None and role.implied in ("category", "ignore"):
        yield "scale", f"only numbers have a scale, and this is kind {role.implied}"


def _elsewhere(data: Data, name: str, role: Role) -> str:
    """The key that says otherwise of the column; "" where none does."""
    targets = (data.target,) if isinstance(data.target, str) else data.target
    weight = () if data.weight is None else (data.weight,)
    columns = {"target": targets, "weight": weight, "ignore": data.ignore}
    if role.implied in ("number", "date"):
        columns["categorical.columns"] = data.categorical.columns
    if role.implied == "ignore":
        columns["features"] = data.features or ()
    return next((key for key, names in columns.items() if name in names), "")

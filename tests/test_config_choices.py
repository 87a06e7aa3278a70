"""A choice by name takes its options from the signature of the entry: a stand-in registry shows it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from mlptrain.bounds import (
    Count,
    Fraction,
    NonNegativeCount,
    Positive,
)
from mlptrain.config.choices import (
    Choice,
    Named,
    Option,
    first_sentence,
    options_of,
)
from mlptrain.config.kinds import ShortFor


class Roast:
    """Heat of `degrees` for a while.   local: brown.

    More about it.
    """

    def __init__(self, *, degrees: Positive = 200.0, turns: Sequence[Count] = (1, 2)) -> None:
        pass


class Raw:
    """Nothing."""


def boil(water, *, minutes: Count, salt: Fraction | None = None, lid: Literal["on", "ajar"] = "on"):
    """Boil it."""


def spice(*, amounts: Literal["balanced"] | Mapping[str, Positive] | None = None):
    """Spice it."""


DISHES = {"roast": Roast, "raw": Raw, "boil": boil, "spice": spice}
Dish = TypeAdapter(Annotated[Choice, Named("a dish", DISHES, "roast"), ShortFor("name")])
Served = TypeAdapter(
    Annotated[Choice, Named("a dish", DISHES, common={"guests": Option(NonNegativeCount, 0)})]
)


def errors(data):
    with pytest.raises(ValidationError) as error:
        Dish.validate_python(data)
    return [(one["type"], one["loc"][1:]) for one in error.value.errors()]


def test_a_name_alone_has_all_the_defaults_of_the_signature():
    choice = Dish.validate_python("roast")

    assert (choice.name, choice.options()) == ("roast", {"degrees": 200.0, "turns": (1, 2)})


def test_an_option_overrides_its_default():
    assert Dish.validate_python({"name": "roast", "degrees": 180}).options()["degrees"] == 180.0


def test_a_mapping_without_a_name_means_the_default_entry():
    assert Dish.validate_python({"degrees": 180}).name == "roast"


def test_an_entry_without_options_has_none():
    assert Dish.validate_python("raw").options() == {}


def test_a_positional_parameter_is_no_option():
    assert list(options_of(boil)) == ["minutes", "salt", "lid"]


def test_a_parameter_without_default_is_required():
    assert errors("boil") == [("missing", ("minutes",))]


def test_an_unknown_option_is_refused():
    assert errors({"name": "raw", "degrees": 3}) == [("extra_forbidden", ("degrees",))]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"degrees": -1}, "greater_than"),
        ({"degrees": "200"}, "float_type"),
        ({"degrees": True}, "float_type"),
        ({"degrees": float("nan")}, "finite_number"),
        ({"degrees": float("inf")}, "finite_number"),
        ({"turns": 3}, "tuple_type"),
        ({"name": "boil", "minutes": 1.5}, "int_type"),
        ({"name": "boil", "minutes": True}, "int_type"),
        ({"name": "boil", "minutes": 1, "lid": "off"}, "literal_error"),
        ({"name": "steam"}, "no_choice"),
        (3, "no_choice"),
    ],
)
def test_types_and_bounds_are_those_of_the_annotations(data, kind):
    assert errors(data)[0][0] == kind


def test_a_bad_item_of_a_list_is_one_fault():
    assert errors({"turns": [1, 0]}) == [("greater_than_equal", ("turns", 1))]


@pytest.mark.parametrize("salt", [1.5, -0.5, "much", True, [0.5]])
def test_a_bad_value_of_an_optional_option_is_one_fault(salt):
    assert len(errors({"name": "boil", "minutes": 1, "salt": salt})) == 1


@pytest.mark.parametrize("amounts", ["balanced", {"pepper": 2.0}, None])
def test_each_member_of_a_union_is_taken_as_it_is(amounts):
    assert Dish.validate_python({"name": "spice", "amounts": amounts}).options()["amounts"] == amounts


def test_a_bad_value_below_a_union_is_one_fault():
    assert len(errors({"name": "spice", "amounts": {"pepper": -1}})) == 1


def test_common_options_belong_to_every_entry():
    choice = Served.validate_python({"name": "raw", "guests": 4})

    assert choice.options() == {"guests": 4}


def test_a_default_outside_its_own_bounds_is_refused():
    def burn(*, degrees: Positive = -1.0):
        """Burn it."""

    table = TypeAdapter(Annotated[Choice, Named("a dish", {"burn": burn})])

    with pytest.raises(ValidationError, match="greater than 0"):
        table.validate_python({"name": "burn"})


def test_the_description_is_the_first_line_without_the_local_gradient():
    assert first_sentence(Roast) == "Heat of `degrees` for a while."


def test_the_json_schema_has_both_forms():
    short, long = Dish.json_schema()["anyOf"]

    assert short == {"enum": ["roast", "raw", "spice"]}  # boil has a required option
    assert [form["title"] for form in long["oneOf"]] == ["roast", "raw", "boil", "spice"]


def test_the_json_schema_has_defaults_and_bounds():
    roast = Dish.json_schema()["anyOf"][1]["oneOf"][0]

    assert roast["properties"]["degrees"]["default"] == 200.0
    assert roast["properties"]["degrees"]["exclusiveMinimum"] == 0
    assert roast["additionalProperties"] is False


def test_the_json_schema_asks_for_the_name_where_there_is_no_default():
    forms = Dish.json_schema()["anyOf"][1]["oneOf"]

    assert "required" not in forms[0]
    assert forms[2]["required"] == ["name", "minutes"]

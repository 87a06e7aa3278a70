"""Looking up by name, and what a wrong name is answered with."""

import pytest

from mlptrain.messages import advice, nearest

OPTIMIZERS = {"sgd": 1, "adam": 2, "adamw": 3, "rmsprop": 4}


def test_an_unknown_name_is_answered_with_the_nearest():
    assert advice("rmspro", OPTIMIZERS) == "did you mean 'rmsprop'?"


def test_a_name_near_nothing_is_answered_with_all_of_them():
    assert advice("lbfgs", OPTIMIZERS) == "choose from sgd, adam, adamw, rmsprop"


def test_a_long_list_of_names_is_cut():
    words = [f"column{number}" for number in range(30)]

    assert advice("zzz", words).endswith("column23 and 6 more")


def test_an_empty_table_has_nothing_to_choose_from():
    assert advice("adam", {}) == "there are none to choose from"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("lerning_rate", "learning_rate"),  # a letter missing
        ("learnning_rate", "learning_rate"),  # a letter twice
        ("laerning_rate", "learning_rate"),  # two swapped
        ("Learning-Rate", "learning_rate"),  # another spelling
        ("learn", "learning_rate"),  # the beginning
        ("momentun", "momentum"),
        ("xyzzy", ""),
        ("", ""),
    ],
)
def test_nearest_finds_what_a_slip_of_the_fingers_meant(word, meant):
    assert nearest(word, ["learning_rate", "momentum"]) == meant


def test_a_beginning_of_two_words_stands_for_neither():
    assert nearest("ex", ["exponential_rate", "experimental_rate"]) == ""

"""The table of mutants still fits the sources. `make mutants` tries them; here each is only applied."""

from mutation import ROOT, mutants

MUTANTS = mutants()


def test_every_mutant_is_one_mistake_in_a_place_that_is_there_once():
    misfits = []
    for mutant in MUTANTS:
        try:
            mutant.applied((ROOT / mutant.file).read_text("utf-8"))
        except (OSError, ValueError) as error:
            misfits.append(str(error))

    assert misfits == []


def test_the_tests_of_every_mutant_are_there():
    assert [test for mutant in MUTANTS for test in mutant.tests if not (ROOT / test).is_file()] == []

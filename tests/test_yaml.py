"""YAML comes in by the rules of 1.2, whatever PyYAML thinks, and goes out so that all agree."""

import json
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlptrain.config import yaml as reader
from mlptrain.config.dump import dump, inline
from mlptrain.config.yaml import UNPRINTABLE, parse, read
from mlptrain.errors import ConfigError, StorageError

INFINITY = float("inf")


def value(text):
    return parse(f"key: {text}\n", "t").data["key"]


def fault(text):
    with pytest.raises(ConfigError) as error:
        parse(text, "a.yaml")
    (line,) = error.value.faults
    return line


# The table of what PyYAML reads otherwise, row by row: YAML 1.2, section 10.3.2 (core schema).


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e-3", 0.001),
        ("-1e-3", -0.001),
        ("1e3", 1000.0),
        ("1e+3", 1000.0),
        ("1.0e3", 1000.0),
        ("1e400", INFINITY),
        ("1.0e-3", 0.001),
        ("1.e-3", 0.001),
        (".5e-3", 0.0005),
        ("1.0e+3", 1000.0),
        ("5.", 5.0),
        ("+.5", 0.5),
        (".inf", INFINITY),
        ("-.INF", -INFINITY),
    ],
)
def test_a_float_is_a_float(text, number):
    assert value(text) == number
    assert isinstance(value(text), float)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number_is_a_float(text):
    assert math.isnan(value(text))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("010", 10),
        ("-7", -7),
        ("+12", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_a_whole_number_is_one(text, number):
    assert value(text) == number
    assert isinstance(value(text), int)


@pytest.mark.parametrize(
    "text",
    [
        *("no", "yes", "on", "off", "NO", "y", "1:30", "12:30:45", "1_000", "2024-01-01"),
        *("nan", "inf", "NaN", "0b1", "-0x1F", "1e", "e5", ".", "=", "<<", "None", "tRue"),
    ],
)
def test_all_other_words_are_text(text):
    assert value(text) == text


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("Null", None),
    ],
)
def test_truth_values_and_null_have_three_spellings(text, meaning):
    assert value(text) is meaning


@pytest.mark.parametrize("text", ['"1e-3"', "'1e-3'", "|-\n  1e-3"])
def test_what_is_quoted_is_text(text):
    assert value(text) == "1e-3"


def test_pyyaml_itself_is_left_alone():
    parse("a: 1e-3", "t")

    assert yaml.safe_load("1e-3") == "1e-3"


# What a config does not need.


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lr: 1\nseed: 2\nlr: 3\n", "a.yaml:3: the key 'lr' is already on line 1; delete one of them"),
        ("a: {b: 1, b: 2}", "a.yaml:1: the key 'b' is already on line 1; delete one of them"),
        ("a: 1\nb: &x 2\n", "a.yaml:2: anchors (&x) are not supported; delete it, or quote the text"),
        ("&x a: 1\n", "a.yaml:1: anchors (&x) are not supported; delete it, or quote the text"),
        (
            "a: *x\n",
            "a.yaml:1: aliases (*x) are not supported; repeat the value, or quote the text",
        ),
        ("a: !!str 1\n", "a.yaml:1: tags (!...) are not supported; delete it, or quote the text"),
        ("a: ! 1\n", "a.yaml:1: tags (!...) are not supported; delete it, or quote the text"),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            "a.yaml:1: tags (!...) are not supported; delete it, or quote the text",
        ),
        ("<<: {a: 1}\n", "a.yaml:1: merge keys (<<) are not supported; write the keys out"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2: a second document begins here; a config is one document"),
        (
            "%YAML 1.1\n---\na: 1\n",
            "a.yaml:1: directives (%YAML, %TAG) are not supported; delete the line",
        ),
        ("a: 1\n3: x\n", 'a.yaml:2: a key must be text; write "3" in quotes if you mean it'),
        ("true: x\n", 'a.yaml:1: a key must be text; write "true" in quotes if you mean it'),
        ("[a]: x\n", "a.yaml:1: a key must be text, not a list or a mapping"),
    ],
)
def test_it_is_refused_with_its_line(text, message):
    assert fault(text) == message


# Broken and hostile files.


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        ("a:\n\tb: 1\n", "a.yaml:2: not valid YAML: a tab cannot indent; use spaces"),
        ("a: b: c\n", "a.yaml:1: not valid YAML: a second ':' in one line, or wrong indentation"),
        ("a: @x\n", "a.yaml:1: not valid YAML: '@' cannot begin a value; quote the text"),
        ("a: [1, 2\n", "a.yaml:1: not valid YAML:"),
        ('a: "x\n', "a.yaml:1: not valid YAML:"),
        ("a: 1\nb: '\n\n\n", "a.yaml:4: not valid YAML:"),
        ('a: "\\q"\n', "a.yaml:1: not valid YAML:"),
        ("a: 1\nb: \x00\n", "a.yaml:2: control character 0x0; delete it"),
        ("a: \x1b[31m\n", "a.yaml:1: control character 0x1b; delete it"),
        ("a: \ud800\n", "a.yaml:1: control character 0xd800; delete it"),
        ('a: 1\nb: "\\0"\n', "a.yaml:2: a control character in the text; delete it"),
        ("a: " + "9" * 5000, "a.yaml:1: a whole number has at most 18 digits; quote it if it is text"),
        ("a: 9223372036854775808", "a.yaml:1: a whole number has at most 18 digits"),
        ("[" * 1000, "a.yaml:1: nested more than 50 levels deep"),
        ("{a: " * 1000, "a.yaml:1: nested more than 50 levels deep"),
        ("- 1\n" * 100_001, "a.yaml:100000: more than 100,000 values"),
        ("#" * 1_000_001, "a.yaml:1: more than 1,000,000 characters"),
    ],
)
def test_it_ends_in_one_line(text, beginning):
    assert fault(text).startswith(beginning)


def test_fifty_levels_are_read():
    assert parse("[" * 50 + "]" * 50, "t").data


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor():
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"

    assert fault(bomb) == "a.yaml:1: anchors (&a) are not supported; delete it, or quote the text"


@given(st.text(alphabet="ab:- \n\t[]{}#&*!|>'\"%@`,?0.e\\", max_size=60))
def test_whatever_comes_in_it_is_data_or_one_config_error(text):
    # Any other exception would fail the test by itself.
    assert all(line.startswith("a.yaml:") for line in refusals(text))


def refusals(text):
    """The lines that a text is refused with; none where it is data."""
    try:
        parse(text, "a.yaml")
    except ConfigError as error:
        return error.faults
    return ()


def test_the_slower_parser_of_pyyaml_gives_the_same(monkeypatch):
    text = "a: {b: [1e-3, no, '1']}\n"
    fast = parse(text, "t")
    monkeypatch.setattr(reader, "LOADER", yaml.SafeLoader)

    assert parse(text, "t") == fast


# Lines.


def test_each_key_knows_its_line():
    document = parse("# first\nmodel:\n  hidden:\n  - 1\n  - 2\ntrain: {lr: 1,\n  epochs: 2}\n", "t")

    assert document.line(("model",)) == 2
    assert document.line(("model", "hidden", 1)) == 5
    assert document.line(("train", "epochs")) == 7


def test_a_key_that_is_not_there_has_the_line_of_the_one_above_it():
    assert parse("a: 1\nmodel:\n  hidden: []\n", "t").line(("model", "depth", "x")) == 2


# Files.


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xa9\r\n")

    assert read(path).data == {"a": "é"}


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: 1\nb: \xe9\n")

    with pytest.raises(ConfigError) as error:
        read(path)

    assert str(error.value) == f"{path}:2: not UTF-8 text; save the file as UTF-8"


def test_a_missing_file_is_answered_with_its_neighbour(tmp_path):
    (tmp_path / "digits.yaml").touch()

    with pytest.raises(ConfigError) as error:
        read(tmp_path / "digit.yaml")

    assert str(error.value) == (
        f"{tmp_path}/digit.yaml: no such file; did you mean '{tmp_path}/digits.yaml'?"
    )


def test_a_directory_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="this is a directory; name a YAML file in it"):
        read(tmp_path)


def test_a_file_of_more_than_a_megabyte_is_refused(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"#" * 1_000_001)

    with pytest.raises(ConfigError, match="more than 1,000,000 bytes"):
        read(path)


def test_a_file_that_the_system_refuses_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="cannot be read"):
        read(tmp_path / ("x" * 300))


# Writing.


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (0.001, "0.001"),
        (1e-5, "1.0e-05"),
        (1.5e-7, "1.5e-07"),
        (1e16, "1.0e+16"),
        (1.0, "1.0"),
        (INFINITY, ".inf"),
        (None, "null"),
        (True, "true"),
        ([100, 10], "[100, 10]"),
        ("data/digits.csv", "data/digits.csv"),
        ("one hot", "one hot"),
        ("none", "none"),
    ],
)
def test_values_are_written_plainly(item, text):
    assert inline(item) == text


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "Yes",
        "on",
        "y",
        "1e-3",
        "010",
        "1:30",
        "2024-01-01",
        "",
        "~",
        "null",
        "True",
        ".inf",
        "<<",
    ],
)
def test_text_that_some_reader_takes_for_something_else_is_quoted(text):
    assert inline(text) == f'"{text}"'


def test_what_fits_stays_on_a_line_and_the_rest_is_indented():
    columns = [f"a_rather_long_column_name_{number}" for number in range(3)]

    assert dump({"model": {"hidden": [100, 10]}, "data": {"train": "x.csv", "ignore": columns}}) == (
        "model: {hidden: [100, 10]}\n"
        "data:\n"
        "  train: x.csv\n"
        "  ignore:\n"
        "    - a_rather_long_column_name_0\n"
        "    - a_rather_long_column_name_1\n"
        "    - a_rather_long_column_name_2\n"
    )


def test_comments_stand_below_each_other_behind_their_keys():
    comments = {("train",): "the loop", ("train", "epochs"): "passes over\nthe rows"}

    assert dump({"seed": 0, "train": {"epochs": 5}}, comments) == (
        "seed: 0\n"
        "train:                              # the loop\n"
        "  epochs: 5                         # passes over the rows\n"
    )


def test_an_item_of_a_list_may_have_a_comment_of_its_own():
    assert dump({"ignore": ["id", "name"]}, {("ignore", 1): "free text"}) == (
        "ignore:\n  - id\n  - name                            # free text\n"
    )


def test_nothing_is_an_empty_mapping():
    assert dump({}) == "{}\n"


def test_what_yaml_has_no_form_for_is_our_own_mistake():
    with pytest.raises(TypeError, match="YAML has no form for set"):
        dump({"a": {1, 2}})


words = st.text(max_size=20) | st.from_regex(r"[0-9eE.+:_xoT-]{1,8}", fullmatch=True)
leaves = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | words
trees = st.recursive(
    leaves,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(words, below, max_size=4),
    max_leaves=15,
)


@pytest.mark.slow
@given(st.dictionaries(words, trees, max_size=4))
def test_what_is_written_is_read_back_alike_by_yaml_1_1(data):
    assert yaml.safe_load(dump(data)) == data


@pytest.mark.slow
@given(st.dictionaries(words, trees, max_size=4))
def test_what_is_written_is_read_back_alike_by_our_reader(data):
    if not any(UNPRINTABLE.search(word) for word in _texts(data)):
        assert parse(dump(data), "t").data == data


def _texts(tree):
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for key, item in tree.items():
            yield key
            yield from _texts(item)
    elif isinstance(tree, list):
        for item in tree:
            yield from _texts(item)


def test_json_may_write_one_character_as_two_escapes():
    text = json.dumps({"ignore": ["😀 col", "\\\\ud83d"], "y": "é"})
    assert "\\ud83d\\ude00" in text
    assert parse(text, "c.json").data == json.loads(text)


def test_half_a_character_is_refused_in_json_as_well():
    assert "invalid Unicode" in fault('{"y": "\\ud83d"}')

"""Small files that hold a thousand times their size: one line, and no memory spent on them.

The limit that any file may unpack to is lowered here, so that the tests are quick.
"""

import gzip
import io
import time
import tracemalloc
import zipfile

import numpy as np
import polars as pl
import pytest
from helpers import load_data
from runs import faults, invoke, mlptrain, write_config

from mlptrain.data.readers import arrays, packed
from mlptrain.data.readers.tables import column_files, heads, pieces
from mlptrain.data.readers.tables.pieces import table_pieces
from mlptrain.errors import ConfigError, DataError

TEN_MB = 10 << 20


@pytest.fixture(autouse=True)
def low_limit(monkeypatch):
    monkeypatch.setattr(packed, "FREE", 1 << 20)
    monkeypatch.setattr(arrays, "FREE", 1 << 21)


def bomb(beginning: bytes, line: bytes = b"0,0\n") -> bytes:
    return gzip.compress(beginning + line * (TEN_MB // len(line)), mtime=0)


BOMBS = {
    "t.csv.gz": bomb(b"a,y\n"),
    "t.csv": bomb(b"a,y\n"),  # what it is counts, not what it is called
    "t.jsonl.gz": bomb(b"", b'{"a": 0, "y": 0}\n'),
    "train-images-idx3-ubyte.gz": bomb(b"\0\0\x08\x03", b"\0" * 64),
    "t.svm.gz": bomb(b"", b"0 1:1\n"),
    "data.bin": bomb(b"", b"\0" * 3073),
    "one-line.csv.gz": bomb(b"a,y\n", b"0" * 64),
}


def read(path):
    return load_data(str(path))


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_unpacks_to_a_thousand_times_its_size_is_one_line(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(BOMBS[name])
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(BOMBS[name])
    tracemalloc.start()
    with pytest.raises(DataError) as error:
        load_data(str(path), target=str(path) if "ubyte" in name else "y")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert str(error.value).startswith(f"{path}: unpacks to more than 200 times its size")
    assert most < TEN_MB, "less than what it would have unpacked to"


def test_reading_in_pieces_has_the_same_limit(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(BOMBS["t.csv.gz"])
    with pytest.raises(DataError, match="unpacks to more than 200 times its size"):
        for _ in table_pieces(str(path)):
            pass


def test_an_array_packed_a_thousand_times_is_one_line(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", X=np.zeros((1 << 17, 8)), y=np.zeros(1 << 17))
    with pytest.raises(DataError, match="X unpacks to more than 200 times its size"):
        read(tmp_path / "a.npz")


def test_an_array_that_only_claims_to_be_large_is_one_line(tmp_path):
    """The header asks for 8 TB, of which the file has 8 bytes."""
    header = io.BytesIO()
    shape = {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", header.getvalue() + b"\0" * 8)
    with pytest.raises(DataError, match="its header and its size disagree"):
        read(tmp_path / "a.npz")


@pytest.mark.slow
def test_what_packs_well_for_an_honest_reason_is_read(tmp_path, rng):
    """Forty columns of which one in five hundred values is not zero."""
    values = np.zeros((1 << 15, 40), np.uint8)
    values[rng.random(values.shape) < 0.002] = 7
    names = ",".join(f"x{column}" for column in range(40))
    lines = (",".join(map(str, row)) + f",{number % 2}\n" for number, row in enumerate(values.tolist()))
    text = f"{names},y\n" + "".join(lines)
    content = gzip.compress(text.encode())
    (tmp_path / "t.csv.gz").write_bytes(content)

    assert len(text) > packed.FREE
    assert len(text) > 30 * len(content)
    assert len(read(tmp_path / "t.csv.gz").train) == len(values)


def test_a_file_larger_than_memory_that_is_read_whole_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "memory_limit", lambda: 1 << 20)
    (tmp_path / "t.svm").write_bytes(b"0 1:1\n" * 200_000)
    with pytest.raises(DataError, match="half of the memory"):
        read(tmp_path / "t.svm")


def test_a_bomb_on_the_command_line_ends_with_3(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(BOMBS["t.csv.gz"])
    config = write_config(tmp_path / "t.yaml", {"data": {"train": str(tmp_path / "t.csv.gz")}})
    result = invoke("fit", config, "--out", tmp_path / "run")

    assert result.exit_code == 3
    assert len(faults(result)) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting",
    [
        "model.hidden=[10000000, 10000000]",
        "data.train={name: moons, points_per_class: 100000000000}",
        "data.train={name: random, rows: 1000000, features: 1000000}",
    ],
)
def test_a_config_that_asks_for_more_than_the_memory_ends_with_2(tmp_path, setting):
    config = write_config(tmp_path / "t.yaml", {"data": {"train": {"name": "moons"}}})
    done = mlptrain("fit", config, "--set", setting, "--out", tmp_path / "run")

    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_showing_a_config_with_a_huge_batch_takes_no_memory(tmp_path):
    config = write_config(
        tmp_path / "t.yaml", {"data": {"train": {"name": "moons"}}, "train": {"batch_size": 10**9}}
    )
    result = invoke("show", config)

    assert result.exit_code == 0
    assert "TiB" in result.stdout


def test_one_index_does_not_make_a_matrix_of_gigabytes(tmp_path):
    (tmp_path / "t.svm").write_text("1 1:1\n0 100000000:1\n")
    with pytest.raises(DataError, match="2 rows of 100,000,000 features do not fit a full matrix"):
        read(tmp_path / "t.svm")


def test_a_row_of_millions_of_features_is_one_line(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", X=np.zeros((2, 900_000), np.uint8), y=np.arange(2))
    with pytest.raises(DataError, match="X has 900,000 features: 500,000 at most"):
        read(tmp_path / "a.npz")


def test_rows_of_one_field_under_many_names_are_refused_before_they_are_filled_up(
    tmp_path, monkeypatch
):
    """170 kB that would be 400 million cells: they never come to polars, whose memory nobody traces."""
    monkeypatch.delattr("mlptrain.data.readers.tables.frames.parse_text")
    (tmp_path / "t.csv").write_text(",".join(f"x{j}" for j in range(20_000)) + ",y\n" + "1\n" * 20_000)
    tracemalloc.start()
    with pytest.raises(DataError, match="1 field where the header names 20001"):
        read(tmp_path / "t.csv")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < TEN_MB


def test_a_key_for_each_line_is_refused_before_each_is_a_column(tmp_path):
    (tmp_path / "t.jsonl").write_text("".join(f'{{"k{line}": 1}}\n' for line in range(10_000)))
    with pytest.raises(DataError, match="has 10,000 different keys in 10,000 lines"):
        read(tmp_path / "t.jsonl")


def test_a_header_of_too_many_columns_is_refused_with_their_number(tmp_path):
    (tmp_path / "t.csv").write_text("," * 600_000 + "\n1\n")
    with pytest.raises(DataError, match="names 600,001 columns: 524,288 at most"):
        read(tmp_path / "t.csv")


@pytest.mark.parametrize("begin", ["", "a,y\n1,2\n"])
@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.svm"])
def test_a_line_without_an_end_is_one_line(tmp_path, monkeypatch, name, begin):
    """What is left of a file after a power cut may be zeros, as many as you like: a sparse file."""
    for module in (packed, heads, pieces):
        monkeypatch.setattr(module, "LONGEST", 1 << 16)
    path = tmp_path / name
    path.write_text(begin)
    with path.open("r+b") as file:
        file.truncate(1 << 33)
    for reading in (read, lambda path: list(table_pieces(str(path)))):
        if name != "t.svm" or reading is read:
            with pytest.raises(DataError, match=r"a line of more than|begins with zero bytes"):
                reading(path)


def test_a_quoted_header_of_many_lines_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text('"' + "a\n" * 100_000 + '",y\n1,2\n')
    with pytest.raises(DataError, match="no header within 65,536 lines: is a quote left open"):
        read(tmp_path / "t.csv")


def test_a_file_packed_twice_is_named_so(tmp_path):
    for name in ("t.csv.gz", "t.svm.gz", "t.jsonl.gz"):
        (tmp_path / name).write_bytes(gzip.compress(gzip.compress(b"a,y\n1,2\n")))
        with pytest.raises(DataError, match="is packed twice: unpack it once"):
            read(tmp_path / name)


@pytest.mark.slow
def test_a_column_file_that_unpacks_to_a_thousand_times_its_size_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(column_files, "FREE", 1 << 20)
    pl.DataFrame({"a": np.zeros(1 << 20), "y": np.zeros(1 << 20)}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="unpacks to more than 200 times its size"):
        read(tmp_path / "t.parquet")


def test_a_table_larger_than_memory_is_refused_with_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "memory_limit", lambda: 1 << 20)
    (tmp_path / "t.csv").write_text("a,b,y\n" + "1,2,3\n" * 30_000)
    with pytest.raises(
        DataError, match=r"30,000 rows of 3 columns take 0.0 GB, and half of the memory"
    ):
        read(tmp_path / "t.csv")


def test_an_npy_of_an_impossible_shape_says_nothing_but_its_line(tmp_path, recwarn):
    header = io.BytesIO()
    shape = {"descr": "<f8", "fortran_order": False, "shape": (1 << 62, 8)}
    np.lib.format.write_array_header_1_0(header, shape)
    (tmp_path / "X.npy").write_bytes(header.getvalue() + b"\0" * 64)
    np.save(tmp_path / "y.npy", np.zeros(8))
    with pytest.raises(DataError, match="its header and its size disagree"):
        load_data(str(tmp_path / "X.npy"), target=str(tmp_path / "y.npy"))
    assert not recwarn.list


def test_a_toy_set_that_overflows_says_nothing_but_its_line(recwarn):
    with pytest.raises(ConfigError, match="toy set 'spiral' overflows with these options"):
        load_data({"name": "spiral", "noise": 1e308})
    assert not recwarn.list


@pytest.mark.parametrize(
    "line",
    [
        b"1 1:" + b"9" * 350,
        b"1 1:1e999",
        b"1 " + b"9" * 5000 + b":1",
        b"9" * 350 + b" 1:1",
        b"1e999 1:1",
    ],
)
def test_a_number_of_svmlight_however_long_is_one_line(tmp_path, line):
    (tmp_path / "t.svm").write_bytes(b"0 1:1\n" + line + b"\n")
    with pytest.raises(DataError, match=r"t.svm:2: .* is not (a label|index:value)"):
        read(tmp_path / "t.svm")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"a": 1, "a": 2, "y": 0}', "the key 'a' stands twice in an object"),
        ('{"a": {"b": 1, "b": 2}, "y": 0}', "the key 'b' stands twice in an object"),
        ("[1, 2]", 'is not an object {"name": value, ...}'),
    ],
)
def test_a_line_of_json_that_means_two_things_is_named(tmp_path, line, fault):
    (tmp_path / "t.jsonl").write_text('{"a": 1, "y": 0}\n' + line + "\n")
    with pytest.raises(DataError) as error:
        read(tmp_path / "t.jsonl")

    assert error.value.faults[0] == f"{tmp_path / 't.jsonl'}:2: {fault}"


@pytest.mark.slow
def test_time_grows_with_the_columns_and_not_with_their_square(tmp_path):
    """Eight times the columns: 8 times the time and some room, where the square would be 64 times."""
    seconds = []
    for columns in (2_000, 16_000):
        lines = [",".join([*(f"x{j}" for j in range(columns)), "y"])]
        lines += [
            ",".join(f"{(row * j) % 97}.5" for j in range(columns)) + f",{row % 2}" for row in range(10)
        ]
        (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
        start = time.process_time()
        assert len(read(tmp_path / "t.csv").features) == columns
        seconds.append(time.process_time() - start)

    assert seconds[1] < 20 * seconds[0]

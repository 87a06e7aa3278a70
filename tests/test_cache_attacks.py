"""A cache that somebody else has filled: nothing in it does more than cost time."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from cache_files import Place, bits, by_hand, unsealed
from runs import invoke, write_config

from mlptrain.data.cache import cache as cache_module
from mlptrain.data.cache import secret
from mlptrain.data.cache.file_array import FileArray, OpenFile
from mlptrain.errors import StorageError


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("filled"))


@pytest.fixture
def place(filled: Place) -> Place:
    filled.spoil(filled.good)
    return filled


def heals(place: Place) -> None:
    """The right rows are found, and then stand in the cache again."""
    data = place.load()
    assert "kept in" in data.notes[0]
    assert bits(data) == place.expected
    assert place.rows.read_bytes() == place.good


def test_rows_made_by_hand_are_made_anew_with_the_right_seal_and_without(place: Place) -> None:
    for content in [*by_hand(place), *unsealed(place)]:
        place.spoil(content)
        assert place.found() is None
    heals(place)


def test_objects_are_never_made_of_bytes(place: Place) -> None:
    file = OpenFile(place.rows, os.open(place.rows, os.O_RDONLY))
    with pytest.raises(ValueError, match="never taken for objects"):
        FileArray(file, 0, (2,), "O")


def test_rows_that_others_can_write_are_made_anew(place: Place) -> None:
    place.rows.chmod(0o666)
    heals(place)


@pytest.mark.parametrize("suffix", [".rows", ".building"])
@pytest.mark.parametrize("kind", ["link", "hanging link", "pipe"])
def test_what_is_no_file_makes_way_and_where_it_leads_nothing_changes(
    place: Place, suffix: str, kind: str
) -> None:
    victim = place.directory / "victim"
    victim.write_bytes(place.good)
    planted = place.rows.with_suffix(suffix)
    place.rows.unlink()
    if kind == "pipe":
        os.mkfifo(planted)
    else:
        planted.symlink_to(victim if kind == "link" else place.directory / "nowhere")
    heals(place)
    assert victim.read_bytes() == place.good
    assert not (place.directory / "nowhere").exists()
    assert [each.name for each in place.cache.iterdir()] == [place.rows.name]
    assert stat.S_IMODE(place.rows.stat().st_mode) == 0o600


@pytest.mark.parametrize("suffix", [".rows", ".building"])
def test_a_directory_in_the_way_costs_the_rows_their_name_and_no_more(
    place: Place, suffix: str
) -> None:
    planted = place.rows.with_suffix(suffix)
    place.rows.unlink()
    planted.mkdir()
    data = place.load()
    planted.rmdir()
    assert data.notes[0] == (
        f"prepared rows kept for this run alone: {planted} is a directory; remove it"
    )
    assert bits(data) == place.expected


def test_files_of_other_names_are_never_removed(place: Place) -> None:
    others = ["house.building", "mine.rows", f"{'A' * 32}-{'b' * 32}.building", ".cache.key.tmp"]
    for name in others:
        (place.cache / name).write_text("mine")
    (place.cache / f"{'a' * 32}-{'b' * 32}.building").write_text("half")
    place.load()
    assert {each.name for each in place.cache.iterdir()} == {place.rows.name, *others}
    for name in others:
        (place.cache / name).unlink()


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775])
def test_a_directory_that_others_can_write_into_is_one_line(tmp_path: Path, mode: int) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(mode)
    data = {"train": str(tmp_path / "t.csv"), "cache": str(shared)}
    (tmp_path / "t.csv").write_text("a,y\n1,p\n2,q\n3,p\n4,q\n")
    result = invoke("show", write_config(tmp_path / "c.yaml", {"data": data}))
    assert result.exit_code == 6
    assert result.stderr == (
        f"error: {shared}: others can write into it, and so replace what is read; chmod go-w {shared}, "
        "or name another directory with `data.cache`, or do without by `data.cache: none`\n"
    )
    assert list(shared.iterdir()) == []


def test_rows_of_another_user_are_not_looked_at(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(StorageError, match="belongs to another user"):
        place.load()


# --- the key ---


def test_the_key_is_private_and_stays_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    first = secret.own_secret()
    path = tmp_path / "mlptrain" / "cache.key"
    assert len(first) == 32
    assert secret.own_secret() == first == path.read_bytes()
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o600, 0o700]
    assert os.listdir(path.parent) == ["cache.key"]


def test_rows_under_another_key_are_made_anew(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    data = place.load()
    assert "kept in" in data.notes[0]
    assert bits(data) == place.expected


def spoil_key(path: Path, how: str) -> None:
    path.parent.mkdir(mode=0o700)
    if how == "pipe":
        os.mkfifo(path)
    elif how == "link":
        (path.parent / "other").write_bytes(bytes(32))
        path.symlink_to(path.parent / "other")
    else:
        path.write_bytes(bytes(5 if how == "short" else 32))
        path.chmod(0o640 if how == "open" else 0o600)


@pytest.mark.parametrize("how", ["pipe", "link", "short", "open"])
def test_without_a_key_the_rows_are_kept_for_one_run_and_a_note_says_why(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = tmp_path / "mlptrain" / "cache.key"
    spoil_key(path, how)
    data = place.load()
    assert data.notes[0] == (
        f"prepared rows kept for this run alone: {path}: "
        "not a private file of 32 bytes of yours; remove it"
    )
    assert isinstance(data.train.inputs.numbers, FileArray)
    assert bits(data) == place.expected


def test_without_a_home_nothing_is_kept(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    data = place.load()
    assert "kept for this run alone" in data.notes[0]
    assert "check the path" in data.notes[0]


# --- somebody else at work ---


def test_a_file_that_is_deleted_while_it_is_written_costs_its_name(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.rows.unlink()
    make_room = cache_module.Cache.make_room

    def and_delete(cache: Any) -> None:
        make_room(cache)
        place.rows.with_suffix(".building").unlink()

    monkeypatch.setattr(cache_module.Cache, "make_room", and_delete)
    assert bits(place.load()) == place.expected
    assert list(place.cache.iterdir()) == []

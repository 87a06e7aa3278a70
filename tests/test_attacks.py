"""Checkpoints made by hand to do harm: each ends in one line, at once, and nothing else happens."""

import hashlib
import io
import json
import os
import pickle
import struct
import sys
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mlptrain.errors import CheckpointError
from mlptrain.storage.archive import read_archive, write_archive
from mlptrain.storage.npz import Member, assemble

HONEST = {"layer1.W": np.ones((2, 3), np.float32), "mask": np.array([True, False])}
SEEN: list[str] = []  # what the audit hook saw while a file was being read
watching = False


def watch(event, arguments):
    """Notes each class that a pickle looks up, each file opened to write, each process begun."""
    if not watching:
        return
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_ACCMODE
    if writes or event in ("pickle.find_class", "os.system", "subprocess.Popen", "exec", "os.mkdir"):
        SEEN.append(f"{event} {arguments[0]!r}")


sys.addaudithook(watch)  # stays until the process ends, hence the switch


class Payload:
    """Makes a directory when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("harm",)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def honest():
    """The arrays of an honest file as its manifest, members and data."""
    manifest, members, data = {}, [], []
    for name, array in HONEST.items():
        digest = sha256(array.tobytes())
        manifest[name] = {"dtype": array.dtype.str, "shape": list(array.shape), "sha256": digest}
        members.append(Member(name, array.dtype.str, array.shape, digest))
        data.append(memoryview(array.tobytes()))
    return manifest, members, data


def spelled(manifest, **changes):
    """The text of a document, spelled as it should be."""
    whole = {"format": "mlptrain checkpoint", "version": 1, "manifest": manifest, "document": {}}
    return json.dumps(whole | changes, sort_keys=True, separators=(",", ":")).encode()


def sealed(text, members, data):
    """A file with the right layout and the right digests around any text."""
    document = Member("document", "|u1", (len(text),), sha256(text))
    return b"".join(assemble([document, *members], [memoryview(text), *data]))


def with_entry(name="layer1.W", **changes):
    """An honest file, but for one entry of its manifest."""
    manifest, members, data = honest()
    entry = manifest.pop("layer1.W") | changes
    return sealed(spelled({name: entry} | manifest), members, data)


def good():
    manifest, members, data = honest()
    return sealed(spelled(manifest), members, data)


def with_text(change):
    """An honest file whose document was rewritten, digest and all."""
    manifest, members, data = honest()
    return sealed(change(spelled(manifest)), members, data)


def with_array(member, data):
    """A file with one array, its manifest telling the truth about it."""
    entry = {"dtype": member.dtype, "shape": list(member.shape), "sha256": member.sha256}
    return sealed(spelled({member.name: entry}), [member], [memoryview(data)])


def zipped(compression=zipfile.ZIP_STORED, extra=()):
    """The members of an honest file packed by another program, and more."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(io.BytesIO(good())) as source:
        warnings.simplefilter("ignore", UserWarning)  # duplicate names
        with zipfile.ZipFile(buffer, "w", compression) as target:
            for item in source.infolist():
                target.writestr(item.filename, source.read(item))
            for name, content in extra:
                target.writestr(name, content)
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def overlapping():
    """A directory whose last entry leads to the data of the entry before it."""
    data = good()
    start = data.index(b"PK\3\4", 1)  # of layer1.W
    last = data.index(b"PK\3\4", start + 1)  # of mask
    return data.replace(struct.pack("<Q", last) + b"PK\6\6", struct.pack("<Q", start) + b"PK\6\6")


def with_members(*more):
    """An honest file, but for members that its manifest does not have."""
    manifest, members, data = honest()
    return sealed(
        spelled(manifest), members + [members[k] for k in more], data + [data[k] for k in more]
    )


def encrypted():
    return good().replace(b"PK\3\4\x2d\0\0\0", b"PK\3\4\x2d\0\1\0")


def huge_header():
    """An `.npy` of format 2.0 that claims a header of 4 GB."""
    return zipped(extra=[("a.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", 0xFFFFFFFF) + b"{")])


def link_member():
    """A member that an unpacking program would turn into a symbolic link."""
    item = zipfile.ZipInfo("link.npy")
    item.external_attr = 0o120777 << 16
    return zipped(extra=[(item, "/etc/passwd")])


def swapped():
    """Two arrays of equal size under each other's names; every header is right."""
    _, members, data = honest()
    a = members[0]._replace(name="a")
    b = members[0]._replace(name="b", sha256=sha256(bytes(24)))
    entries = {m.name: {"dtype": m.dtype, "shape": [2, 3], "sha256": m.sha256} for m in (a, b)}
    return sealed(spelled(entries), [a, b], [memoryview(bytes(24)), data[0]])


FILES = {
    "a pickle": lambda: pickle.dumps(Payload()),
    "a pickle in an npy": lambda: npy(np.array([Payload()])),
    "a pickle in an npz": lambda: zipped(extra=[("a.npy", npy(np.array([Payload()])))]),
    "a pickle as the document": lambda: with_text(lambda text: pickle.dumps(Payload())),
    "dtype object": lambda: with_entry(dtype="|O"),
    "dtype with fields": lambda: with_entry(dtype=[["x", "<f4"]]),
    "dtype of the other byte order": lambda: with_entry(dtype=">f4"),
    "dtype text to be evaluated": lambda: with_entry(dtype="__import__('os').mkdir('harm')"),
    "deflate bomb": lambda: zipped(
        zipfile.ZIP_DEFLATED, [("bomb.npy", npy(np.zeros(20_000_000, np.uint8)))]
    ),
    "overlapping members": overlapping,
    "encrypted": encrypted,
    "two members of one name": lambda: with_members(0),
    "compressed by another program": lambda: zipped(zipfile.ZIP_DEFLATED),
    "stored by another program": zipped,
    "a member that is not in the manifest": lambda: zipped(extra=[("a.npy", npy(np.zeros(1)))]),
    "two manifest entries of one name": lambda: with_text(
        lambda text: text.replace(b'"mask":', b'"layer1.W":')
    ),
    "shape of 8 TB": lambda: with_entry(shape=[1 << 40]),
    "negative shape": lambda: with_entry(shape=[-2, -3]),
    "overflowing shape": lambda: with_entry(shape=[1 << 32, 1 << 32, 6]),
    "overflowing shape of no elements": lambda: with_entry(shape=[0, 1 << 62, 1 << 62]),
    "shape of truth values": lambda: with_entry(shape=[True, 6]),
    "shape of fractions": lambda: with_entry(shape=[2.0, 3.0]),
    "shape of a thousand dimensions": lambda: with_entry(shape=[1] * 1000),
    "shape with 5000 digits": lambda: with_text(
        lambda text: text.replace(b"[2,3]", b"[" + b"9" * 5000 + b"]")
    ),
    "header of 4 GB": huge_header,
    "name ../": lambda: with_entry("../harm"),
    "name /tmp": lambda: with_entry("/tmp/harm"),
    "name with a line break": lambda: with_entry("a\nmlptrain: all is well"),
    "name with an escape sequence": lambda: with_entry("\x1b[2J"),
    "a link as a member": link_member,
    "bytes before the archive": lambda: b"#!/bin/sh\n" + good(),
    "bytes after the archive": lambda: good() + b"<script>",
    "document nested 100,000 deep": lambda: with_text(
        lambda text: text.replace(b'"document":{}', b'"document":' + b"[" * 100_000)
    ),
    "document of a million lists": lambda: with_text(
        lambda text: text.replace(b'"document":{}', b'"document":[' + b"[]," * 1_000_000 + b"0]")
    ),
    "document with NaN": lambda: with_text(
        lambda text: text.replace(b'"document":{}', b'"document":{"x":NaN}')
    ),
    "document that is not text": lambda: with_text(lambda text: b"\xff\xfe" + text),
    "document that claims 4 EB": lambda: good().replace(good()[46:54], struct.pack("<Q", 1 << 62), 1),
    "version as text": lambda: with_text(lambda text: text.replace(b":1}", b':"1"}')),
    "arrays swapped": swapped,
    "a truth value of 2": lambda: with_array(Member("mask", "|b1", (2,), sha256(b"\1\2")), b"\1\2"),
}


def make_fifo(path):
    os.mkfifo(path)


def make_zeros(path):
    path.symlink_to("/dev/zero")


def make_loop(path):
    path.symlink_to(path.name)


PLACES = {
    "a pipe": make_fifo,
    "a device": make_zeros,
    "a loop of links": make_loop,
    "a directory": Path.mkdir,
}


def read_watched(path):
    """The error of reading `path`, after checking that it came at once and nothing else happened."""
    global watching
    before = sorted(os.listdir())
    start = time.perf_counter()
    watching = True
    try:
        with pytest.raises(CheckpointError) as error:
            read_archive(path)
    finally:
        watching = False

    assert time.perf_counter() - start < 1
    assert SEEN == []
    assert sorted(os.listdir()) == before
    return error.value


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_in_one_line(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = Path("a.npz")
    path.write_bytes(FILES[name]())
    error = read_watched(path)

    assert error.exit_code == 5
    assert str(error).startswith("a.npz: not a valid checkpoint: ")
    assert str(error).isprintable()
    assert len(str(error)) < 300


@pytest.mark.parametrize("name", PLACES)
def test_what_is_not_a_file_is_refused_at_once(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = Path("a.npz")
    PLACES[name](path)
    error = read_watched(path)

    assert error.exit_code == 5
    assert str(error).isprintable()


def test_the_honest_file_is_read(tmp_path):
    """Otherwise every refusal above could be for a mistake of this test."""
    (tmp_path / "a.npz").write_bytes(good())
    arrays, _ = read_archive(tmp_path / "a.npz")
    write_archive(tmp_path / "b.npz", HONEST, {})

    assert {name: array.tolist() for name, array in arrays.items()} == {
        "layer1.W": [[1, 1, 1], [1, 1, 1]],
        "mask": [True, False],
    }
    assert (tmp_path / "b.npz").read_bytes() == good()


def test_an_entry_that_is_only_another_honest_one_is_read(tmp_path):
    """The helper that forges entries makes sound files where it changes nothing."""
    (tmp_path / "a.npz").write_bytes(with_entry())

    assert set(read_archive(tmp_path / "a.npz")[0]) == set(HONEST)


def test_the_audit_hook_sees_an_unpickling(tmp_path, monkeypatch):
    global watching
    monkeypatch.chdir(tmp_path)
    watching = True
    try:
        pickle.loads(pickle.dumps(Payload()))  # noqa: S301 - the harm itself, to be seen
    finally:
        watching = False
    seen = SEEN.copy()
    SEEN.clear()

    assert any(event.startswith("pickle.find_class") for event in seen)
    assert (tmp_path / "harm").is_dir()
